//! The clock, the timer of each CPU, and the chip that both fall back to.

pub mod clock;
pub(in crate::arch) mod pit;
pub mod timer;
