//! The interrupt descriptor table: one for all CPUs.
//!
//! All gates are interrupt gates: handlers run with interrupts off. Reserved vectors (15, 22 to 27,
//! 31) have no gate; their use raises a segment-not-present exception whose error code names the
//! gate.

use lazy_static::lazy_static;
use x86_64::PrivilegeLevel;
use x86_64::structures::idt::{EntryOptions, InterruptDescriptorTable};

use crate::arch::boot_stage::{self, Stage};
use crate::arch::cpu::gdt::{self, Ist};
use crate::arch::init_order::{Gdt, Idt};
use crate::arch::trap::{entry, exception_table};
use crate::arch::user::system_call;

/// Fills the gates of consecutive vectors.
macro_rules! interrupt_gates {
    ($idt:ident: $($vector:literal)*) => {
        $( $idt[$vector].set_handler_fn(entry::entry::<$vector>); )*
    };
}

lazy_static! {
    static ref IDT: InterruptDescriptorTable = make();
}

/// Loads the table on this CPU.
pub fn start(_gdt: Gdt) -> Idt {
    boot_stage::mark(Stage::Idt);
    exception_table::sort();
    load();
    log::info!("24 exceptions, 224 interrupts");
    Idt(())
}

/// Loads the table on this CPU, whose GDT is loaded, and sets the entry of SYSCALL.
pub(in crate::arch) fn load() {
    IDT.load();
    system_call::start_here(gdt::current());
}

/// Sets the stack that a gate switches to.
fn switch_stack(gate: &mut EntryOptions, ist: Ist) {
    // SAFETY: the TSS has this stack, and no two gates share one.
    unsafe { gate.set_stack_index(ist as u16) };
}

fn make() -> InterruptDescriptorTable {
    let mut idt = InterruptDescriptorTable::new();
    idt.divide_error.set_handler_fn(entry::entry::<0>);
    switch_stack(idt.debug.set_handler_fn(entry::entry_ist::<1>), Ist::Debug);
    switch_stack(idt.non_maskable_interrupt.set_handler_fn(entry::entry_ist::<2>), Ist::Nmi);
    // Programs may use INT3 and INTO, too: debuggers set breakpoints with INT3.
    idt.breakpoint.set_handler_fn(entry::entry::<3>).set_privilege_level(PrivilegeLevel::Ring3);
    idt.overflow.set_handler_fn(entry::entry::<4>).set_privilege_level(PrivilegeLevel::Ring3);
    idt.bound_range_exceeded.set_handler_fn(entry::entry::<5>);
    idt.invalid_opcode.set_handler_fn(entry::entry::<6>);
    idt.device_not_available.set_handler_fn(entry::entry::<7>);
    let double_fault = idt.double_fault.set_handler_fn(entry::entry_ist_code_diverging::<8>);
    switch_stack(double_fault, Ist::DoubleFault);
    idt[9].set_handler_fn(entry::entry::<9>);
    idt.invalid_tss.set_handler_fn(entry::entry_with_code::<10>);
    idt.segment_not_present.set_handler_fn(entry::entry_with_code::<11>);
    idt.stack_segment_fault.set_handler_fn(entry::entry_with_code::<12>);
    idt.general_protection_fault.set_handler_fn(entry::entry_with_code::<13>);
    idt.page_fault.set_handler_fn(entry::entry_page_fault::<14>);
    idt.x87_floating_point.set_handler_fn(entry::entry::<16>);
    idt.alignment_check.set_handler_fn(entry::entry_with_code::<17>);
    let machine_check = idt.machine_check.set_handler_fn(entry::entry_ist_diverging::<18>);
    switch_stack(machine_check, Ist::MachineCheck);
    idt.simd_floating_point.set_handler_fn(entry::entry::<19>);
    idt.virtualization.set_handler_fn(entry::entry::<20>);
    idt.cp_protection_exception.set_handler_fn(entry::entry_with_code::<21>);
    idt.hv_injection_exception.set_handler_fn(entry::entry::<28>);
    idt.vmm_communication_exception.set_handler_fn(entry::entry_with_code::<29>);
    idt.security_exception.set_handler_fn(entry::entry_with_code::<30>);

    interrupt_gates!(idt: 0x20 0x21 0x22 0x23 0x24 0x25 0x26 0x27 0x28 0x29 0x2A 0x2B 0x2C 0x2D 0x2E 0x2F);
    interrupt_gates!(idt: 0x30 0x31 0x32 0x33 0x34 0x35 0x36 0x37 0x38 0x39 0x3A 0x3B 0x3C 0x3D 0x3E 0x3F);
    interrupt_gates!(idt: 0x40 0x41 0x42 0x43 0x44 0x45 0x46 0x47 0x48 0x49 0x4A 0x4B 0x4C 0x4D 0x4E 0x4F);
    interrupt_gates!(idt: 0x50 0x51 0x52 0x53 0x54 0x55 0x56 0x57 0x58 0x59 0x5A 0x5B 0x5C 0x5D 0x5E 0x5F);
    interrupt_gates!(idt: 0x60 0x61 0x62 0x63 0x64 0x65 0x66 0x67 0x68 0x69 0x6A 0x6B 0x6C 0x6D 0x6E 0x6F);
    interrupt_gates!(idt: 0x70 0x71 0x72 0x73 0x74 0x75 0x76 0x77 0x78 0x79 0x7A 0x7B 0x7C 0x7D 0x7E 0x7F);
    interrupt_gates!(idt: 0x80 0x81 0x82 0x83 0x84 0x85 0x86 0x87 0x88 0x89 0x8A 0x8B 0x8C 0x8D 0x8E 0x8F);
    interrupt_gates!(idt: 0x90 0x91 0x92 0x93 0x94 0x95 0x96 0x97 0x98 0x99 0x9A 0x9B 0x9C 0x9D 0x9E 0x9F);
    interrupt_gates!(idt: 0xA0 0xA1 0xA2 0xA3 0xA4 0xA5 0xA6 0xA7 0xA8 0xA9 0xAA 0xAB 0xAC 0xAD 0xAE 0xAF);
    interrupt_gates!(idt: 0xB0 0xB1 0xB2 0xB3 0xB4 0xB5 0xB6 0xB7 0xB8 0xB9 0xBA 0xBB 0xBC 0xBD 0xBE 0xBF);
    interrupt_gates!(idt: 0xC0 0xC1 0xC2 0xC3 0xC4 0xC5 0xC6 0xC7 0xC8 0xC9 0xCA 0xCB 0xCC 0xCD 0xCE 0xCF);
    interrupt_gates!(idt: 0xD0 0xD1 0xD2 0xD3 0xD4 0xD5 0xD6 0xD7 0xD8 0xD9 0xDA 0xDB 0xDC 0xDD 0xDE 0xDF);
    interrupt_gates!(idt: 0xE0 0xE1 0xE2 0xE3 0xE4 0xE5 0xE6 0xE7 0xE8 0xE9 0xEA 0xEB 0xEC 0xED 0xEE 0xEF);
    interrupt_gates!(idt: 0xF0 0xF1 0xF2 0xF3 0xF4 0xF5 0xF6 0xF7 0xF8 0xF9 0xFA 0xFB 0xFC 0xFD 0xFE 0xFF);
    idt
}
