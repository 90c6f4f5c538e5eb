//! Segments, the task state segment and the interrupt stacks.
//!
//! The segments are in the order that SYSCALL and SYSRET require (Intel SDM volume 2, "SYSRET"):
//! kernel code, kernel data; user data, user code. Their selectors are the same as on Linux,
//! because programs can see them. The entries of Linux's segments for 32-bit code are unused here.

use core::arch::asm;
use core::cell::UnsafeCell;
use core::mem::offset_of;

use spin::Once;
use x86_64::VirtAddr;
use x86_64::instructions::segmentation::{CS, SS, Segment};
use x86_64::instructions::tables::load_tss;
use x86_64::registers::model_specific::GsBase;
use x86_64::structures::gdt::{Descriptor, GlobalDescriptorTable, SegmentSelector};
use x86_64::structures::tss::TaskStateSegment;

use crate::arch::boot_stage::{self, Stage};
use crate::arch::cpu::percpu::{self, Cpu};
use crate::arch::init_order;
use crate::per_cpu;

/// A task state segment.
pub type Tss = TaskStateSegment;

/// The selector of the code segment of programs.
pub(in crate::arch) const USER_CODE: u16 = 6 << 3 | 3;

/// The selector of a segment whose limit is the number of the CPU, which programs read by LSL. The
/// same as on Linux.
pub(in crate::arch) const CPU_NUMBER: u16 = 15 << 3 | 3;

/// The selector of the data and stack segment of programs.
pub(in crate::arch) const USER_DATA: u16 = 5 << 3 | 3;

/// The entry of the TSS's interrupt stack table that a handler uses. The IDT counts the entries
/// from 1; here, as in the x86_64 crate, they are counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Ist {
    /// A double fault may be caused by a broken stack, so its handler needs another stack.
    DoubleFault = 0,
    /// A non-maskable interrupt can come at any instruction.
    Nmi = 1,
    /// A machine check can come at any instruction, too.
    MachineCheck = 2,
    /// A debug exception can come at the first instruction of the kernel's entry, before the switch
    /// to a kernel stack.
    Debug = 3,
}

impl Ist {
    /// All entries.
    pub const ALL: [Self; 4] = [Self::DoubleFault, Self::Nmi, Self::MachineCheck, Self::Debug];
}

/// The tops of a CPU's stacks: the addresses after their highest bytes.
#[derive(Clone, Copy, Debug)]
pub struct StackTops {
    /// The stack that the CPU starts on.
    pub kernel: VirtAddr,
    /// The stacks of the interrupt stack table, in the order of [`Ist::ALL`].
    pub ist: [VirtAddr; Ist::ALL.len()],
}

/// The part of each stack of the interrupt stack table that is reserved for the CPU's GS base, in
/// bytes: a multiple of 16, so that the stack stays aligned.
const GS_BASE_BYTES: u64 = 16;

/// A loaded GDT with its selectors.
pub struct Gdt {
    table: GlobalDescriptorTable<16>,
    /// 64-bit code, ring 0.
    pub kernel_code: SegmentSelector,
    /// Data, ring 0.
    pub kernel_data: SegmentSelector,
    /// Data, ring 3.
    pub user_data: SegmentSelector,
    /// 64-bit code, ring 3.
    pub user_code: SegmentSelector,
    /// The task state segment.
    pub tss: SegmentSelector,
    /// Data that is marked as not present, for provoked exceptions.
    pub(in crate::arch) not_present: SegmentSelector,
    /// A task state segment whose limit excludes its interrupt stack table, for provoked
    /// exceptions.
    pub(in crate::arch) short_tss: SegmentSelector,
}

/// A CPU's TSS. Only that CPU writes it: the whole TSS before it is loaded, afterwards only the
/// stack pointer for entries from ring 3.
struct OwnTss(UnsafeCell<Tss>);

// SAFETY: one CPU accesses it, and nothing holds a reference to its content.
unsafe impl Sync for OwnTss {}

per_cpu! {
    /// This CPU's GDT; empty until it is loaded.
    static GDT: Once<Gdt> = Once::new();
    /// This CPU's TSS.
    static TSS: OwnTss = OwnTss(UnsafeCell::new(Tss::new()));
}

/// Returns the GDT of this CPU.
///
/// # Panics
/// If it isn't loaded.
pub(in crate::arch) fn current() -> &'static Gdt {
    GDT.here().get().expect("the GDT is loaded early")
}

/// Fills the boot CPU's tables and loads them on it.
pub fn start(_cpu: &Cpu, stacks: StackTops) -> init_order::Gdt {
    boot_stage::mark(Stage::Gdt);
    let gdt = load(stacks);
    log::info!(
        "code {:#x}, user code {:#x}, TSS {:#x}; {} IST stacks",
        gdt.kernel_code.0,
        gdt.user_code.0,
        gdt.tss.0,
        Ist::ALL.len()
    );
    init_order::Gdt(())
}

/// Fills this CPU's tables and loads them.
pub(in crate::arch) fn load(stacks: StackTops) -> &'static Gdt {
    let tss = TSS.here().0.get();
    // SAFETY: it isn't loaded yet, and only this CPU accesses it.
    unsafe { tss.write(make_tss(stacks)) };
    let gdt = GDT.here().call_once(|| make_gdt(tss));
    gdt.table.load();
    // SAFETY: the selector is that of a 64-bit code segment of ring 0.
    unsafe { CS::set_reg(gdt.kernel_code) };
    // SAFETY: the selector is that of a writable data segment of ring 0.
    unsafe { SS::set_reg(gdt.kernel_data) };
    // SAFETY: the selector is that of a TSS that lives for ever.
    unsafe { load_tss(gdt.tss) };
    gdt
}

/// Sets the stack for entries from ring 3 on this CPU. Interrupts are off.
#[inline]
pub(in crate::arch) fn set_entry_stack(top: u64) {
    // SAFETY: the GS base points to this CPU's area (invariant 1 of `arch`), which has the TSS; an
    // entry from ring 3 reads the field on this CPU only.
    unsafe {
        asm!("mov gs:[{tss} + {rsp0}], {top}", tss = sym TSS,
            rsp0 = const offset_of!(Tss, privilege_stack_table), top = in(reg) top,
            options(nostack, preserves_flags));
    }
}

fn make_tss(stacks: StackTops) -> Tss {
    // RSP0 is set at each switch to a thread of a program (`set_entry_stack`).
    let mut tss = Tss::new();
    for (ist, top) in Ist::ALL.into_iter().zip(stacks.ist) {
        tss.interrupt_stack_table[ist as usize] = with_gs_base(top);
    }
    tss
}

/// Stores this CPU's GS base at the top of a stack of the interrupt stack table, where the entries
/// find it ([`entry`](crate::arch::trap::entry)); returns the top of the rest.
fn with_gs_base(top: VirtAddr) -> VirtAddr {
    let top = top - GS_BASE_BYTES;
    let place: *mut VirtAddr = top.as_mut_ptr();
    // SAFETY: it is the top of a stack that belongs to the gate, and no interrupt uses it yet.
    unsafe { place.write(GsBase::read()) };
    top
}

fn make_gdt(tss: *const Tss) -> Gdt {
    const PRESENT: u64 = 1 << 47;
    let Descriptor::UserSegment(data) = Descriptor::kernel_data_segment() else {
        unreachable!("data segments have one word");
    };
    // SAFETY: the TSS lives for ever.
    let tss = unsafe { Descriptor::tss_segment_unchecked(tss) };
    let Descriptor::SystemSegment(tss_low, tss_high) = tss else {
        unreachable!("task state segments have two words");
    };
    // The last readable offset: the last byte of RSP2.
    let short_tss_low = tss_low & !0xFFFF | 0x1B;

    const UNUSED: Descriptor = Descriptor::UserSegment(0);
    let mut table = GlobalDescriptorTable::empty();
    table.append(UNUSED);
    Gdt {
        kernel_code: table.append(Descriptor::kernel_code_segment()),
        kernel_data: table.append(Descriptor::kernel_data_segment()),
        user_data: {
            table.append(UNUSED);
            table.append(Descriptor::user_data_segment())
        },
        user_code: table.append(Descriptor::user_code_segment()),
        tss: table.append(tss),
        not_present: table.append(Descriptor::UserSegment(data & !PRESENT)),
        short_tss: table.append(Descriptor::SystemSegment(short_tss_low, tss_high)),
        table: {
            for _ in 0..3 {
                table.append(UNUSED);
            }
            table.append(cpu_number_segment());
            table
        },
    }
}

/// Returns a read-only data segment of programs whose limit is the number of this CPU.
///
/// Source: Intel SDM volume 3A, "Segment Descriptors"; volume 2, "LSL".
fn cpu_number_segment() -> Descriptor {
    /// Present, for ring 3, data, read-only, accessed.
    const RIGHTS: u64 = 0xF1 << 40;
    let number = percpu::current().id().number() as u64;
    Descriptor::UserSegment(RIGHTS | number & 0xFFFF)
}

#[cfg(test)]
mod tests {
    use super::*;
    use x86_64::instructions::tables::sgdt;
    use x86_64::registers::segmentation::DS;

    #[test_case]
    fn segments_are_in_the_order_of_syscall_and_sysret() {
        let gdt = current();
        assert_eq!(gdt.kernel_data.0, gdt.kernel_code.0 + 8);
        assert_eq!((gdt.user_data.0, gdt.user_code.0), (USER_DATA, USER_CODE));
        assert_eq!(CS::get_reg(), gdt.kernel_code);
        assert_eq!(DS::get_reg().0, 0);
        let loaded = sgdt().base;
        assert_eq!(loaded, VirtAddr::from_ptr(&gdt.table));
    }
}
