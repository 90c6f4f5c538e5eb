//! The clock, its calibration, the timer of each CPU, and the PIT.

pub mod alarm;
mod apic_frequency;
pub mod calibration;
pub mod clock;
pub mod periodic;
pub(in crate::arch) mod pit;
pub mod rate;
pub mod timer;
pub(in crate::arch) mod tsc;
pub mod witness;
