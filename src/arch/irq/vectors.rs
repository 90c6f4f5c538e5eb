//! The use of each vector of the IDT.
//!
//! | vectors | for |
//! | --- | --- |
//! | 0 … 0x1F | exceptions |
//! | [`FIRST_LINE_VECTOR`] … | IRQ 0 to 15, from the PICs or an I/O APIC |
//! | [`FIRST_DEVICE_VECTOR`] … | messages of devices, allocated for each CPU |
//! | [`TIMER_VECTOR`] … | the local APIC's timer, and IPIs |
//! | [`APIC_SPURIOUS_VECTOR`] | an interrupt that was withdrawn before the CPU took it |

/// The vector of IRQ 0.
pub const FIRST_LINE_VECTOR: u8 = 0x20;

/// The number of lines of the two PICs.
pub const LINES: u8 = 16;

/// The first vector for messages of devices.
pub const FIRST_DEVICE_VECTOR: u8 = FIRST_LINE_VECTOR + LINES;

/// The number of a CPU's vectors for messages of devices.
pub const DEVICE_VECTORS: u8 = TIMER_VECTOR - FIRST_DEVICE_VECTOR;

/// The local APIC's timer. A higher vector has a higher priority.
pub const TIMER_VECTOR: u8 = 0xE0;

/// Reschedule: another CPU has made a thread runnable on this one.
pub const RESCHEDULE_VECTOR: u8 = 0xE1;

/// Another CPU requests a heartbeat, or the call of a function.
pub const CALL_VECTOR: u8 = 0xE2;

/// TLB shoot-down: another CPU has changed pages that this one's TLB may hold.
pub const SHOOTDOWN_VECTOR: u8 = 0xE3;

/// The local APIC reports an error.
pub const APIC_ERROR_VECTOR: u8 = 0xFE;

/// The local APIC's spurious interrupt: the interrupt was withdrawn before the CPU took it. Its
/// lower four bits have to be set on old CPUs.
pub const APIC_SPURIOUS_VECTOR: u8 = 0xFF;
