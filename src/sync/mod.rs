//! Locks that know about interrupts and rank.

#![forbid(unsafe_code)]

mod irq_mutex;
mod rank;

pub use irq_mutex::{IrqMutex, IrqMutexGuard};
pub use rank::Rank;
