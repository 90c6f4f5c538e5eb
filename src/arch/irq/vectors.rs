//! Which vector of the IDT is for what.
//!
//! | vectors | for |
//! | --- | --- |
//! | 0 … 0x1F | exceptions |
//! | [`FIRST_LINE_VECTOR`] … | IRQ 0 to 15, from the PICs or an I/O APIC |
//! | [`FIRST_DEVICE_VECTOR`] … | messages of devices, given out CPU by CPU |
//! | [`TIMER_VECTOR`] … | what a local APIC and other processors send |
//! | [`APIC_SPURIOUS_VECTOR`] | an interrupt that went away before it was taken |

/// The vector of IRQ 0.
pub const FIRST_LINE_VECTOR: u8 = 0x20;

/// How many lines the interrupt controllers have that a PC has always had.
pub const LINES: u8 = 16;

/// The first vector for messages of devices.
pub const FIRST_DEVICE_VECTOR: u8 = FIRST_LINE_VECTOR + LINES;

/// How many vectors a CPU has for messages of devices.
pub const DEVICE_VECTORS: u8 = TIMER_VECTOR - FIRST_DEVICE_VECTOR;

/// The local APIC's timer. The higher a vector, the more urgent it is.
pub const TIMER_VECTOR: u8 = 0xE0;

/// Another processor has work for this one's scheduler.
pub const RESCHEDULE_VECTOR: u8 = 0xE1;

/// Another processor asks for a sign of life, or for a function to be called.
pub const CALL_VECTOR: u8 = 0xE2;

/// Another processor has changed pages that this one may remember.
pub const SHOOTDOWN_VECTOR: u8 = 0xE3;

/// The local APIC has seen an error.
pub const APIC_ERROR_VECTOR: u8 = 0xFE;

/// The local APIC's way to say that an interrupt isn't there any more. Its lower four
/// bits have to be set on old processors.
pub const APIC_SPURIOUS_VECTOR: u8 = 0xFF;
