//! The I/O APICs, which send the interrupts of devices to a CPU and a vector.
//!
//! The inputs of all I/O APICs have consecutive numbers, as in ACPI ("global system
//! interrupts").
//!
//! Source: Intel 82093AA datasheet, "Register Description".

use heapless::Vec;
use spin::{Mutex, Once};
use x86_64::VirtAddr;

use crate::arch::irq::interrupt_flag::InterruptsOff;

/// The size of the registers, in bytes.
pub const REGISTERS_BYTES: u64 = 0x20;

/// The most I/O APICs that are used.
pub const IO_APICS_MAX: usize = 32;

/// Offsets of the two registers in memory: the number of the selected register, and its
/// value.
const SELECT: u64 = 0x00;
const WINDOW: u64 = 0x10;

const VERSION: u8 = 0x01;
/// The first register of the inputs' entries; an entry has two registers.
const REDIRECTION: u8 = 0x10;

const ACTIVE_LOW: u32 = 1 << 13;
const LEVEL: u32 = 1 << 15;
const MASKED: u32 = 1 << 16;

/// How an input signals an interrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal {
    /// Active low: a low level or a falling edge.
    pub is_active_low: bool,
    /// Level-triggered: pending as long as the level is active.
    pub is_level: bool,
}

impl Signal {
    /// As on the ISA bus.
    pub const ISA: Self = Self { is_active_low: false, is_level: false };
}

/// An I/O APIC.
#[derive(Clone, Copy, Debug)]
pub struct IoApic {
    registers: VirtAddr,
    /// The number of its first input.
    pub first_input: u32,
    /// The number of its inputs.
    pub inputs: u32,
}

static ALL: Once<Vec<IoApic, IO_APICS_MAX>> = Once::new();
/// Makes the two accesses (selecting a register, and its value) one operation. Taken with
/// interrupts off; not by interrupt handlers.
static ACCESS: Mutex<()> = Mutex::new(());

impl IoApic {
    /// Initializes the I/O APIC whose registers are mapped at `registers`: masks all of its inputs.
    ///
    /// # Safety
    /// An I/O APIC is mapped there for ever.
    pub unsafe fn new(registers: VirtAddr, first_input: u32) -> Self {
        let mut io_apic = Self { registers, first_input, inputs: 0 };
        io_apic.inputs = (io_apic.read(VERSION) >> 16 & 0xFF) + 1;
        for input in 0..io_apic.inputs {
            io_apic.write(entry(input), MASKED);
        }
        io_apic
    }

    /// Selects a register; returns the address of its value.
    fn select(&self, register: u8) -> *mut u32 {
        let select: *mut u32 = (self.registers + SELECT).as_mut_ptr();
        // SAFETY: the caller of `new` promised that the registers are mapped there for ever.
        unsafe { select.write_volatile(register.into()) };
        (self.registers + WINDOW).as_mut_ptr()
    }

    fn read(&self, register: u8) -> u32 {
        // SAFETY: the caller of `new` promised that the registers are mapped there for ever.
        unsafe { self.select(register).read_volatile() }
    }

    fn write(&self, register: u8, value: u32) {
        // SAFETY: as above; the write changes no memory.
        unsafe { self.select(register).write_volatile(value) };
    }
}

/// Returns the register with the lower half of `input`'s entry.
fn entry(input: u32) -> u8 {
    REDIRECTION + (2 * input) as u8
}

/// Registers the I/O APICs of the machine.
pub fn start(io_apics: Vec<IoApic, IO_APICS_MAX>) {
    ALL.call_once(|| io_apics);
}

/// Returns the I/O APICs in use.
pub fn all() -> &'static [IoApic] {
    ALL.get().map_or(&[], |all| all.as_slice())
}

/// Runs `action` with the I/O APIC that has `input`, and the input's index in that I/O APIC.
fn with<R>(input: u32, action: impl FnOnce(&IoApic, u32) -> R) -> Option<R> {
    let io_apic = all().iter().find(|io_apic| {
        input.checked_sub(io_apic.first_input).is_some_and(|own| own < io_apic.inputs)
    })?;
    let _interrupts_off = InterruptsOff::new();
    let _access = ACCESS.lock();
    Some(action(io_apic, input - io_apic.first_input))
}

/// Sends the interrupts of `input` to `vector` of the CPU with the APIC ID `apic_id`.
/// Returns whether there is such an input.
pub fn connect(input: u32, signal: Signal, vector: u8, apic_id: u8) -> bool {
    let mut low = u32::from(vector);
    low |= if signal.is_active_low { ACTIVE_LOW } else { 0 };
    low |= if signal.is_level { LEVEL } else { 0 };
    let connected = with(input, |io_apic, own| {
        io_apic.write(entry(own) + 1, u32::from(apic_id) << 24);
        io_apic.write(entry(own), low);
    });
    connected.is_some()
}

/// Masks `input`, if it exists.
pub(in crate::arch) fn mask(input: u32) {
    with(input, |io_apic, own| io_apic.write(entry(own), MASKED));
}

/// Returns whether `input` is masked or doesn't exist.
pub fn is_masked(input: u32) -> bool {
    with(input, |io_apic, own| io_apic.read(entry(own)) & MASKED != 0).unwrap_or(true)
}

/// Returns both halves of the entry of `input`; `None` if there is no such input.
pub fn entry_of(input: u32) -> Option<u64> {
    with(input, |io_apic, own| {
        let [low, high] = [entry(own), entry(own) + 1].map(|register| io_apic.read(register));
        u64::from(high) << 32 | u64::from(low)
    })
}
