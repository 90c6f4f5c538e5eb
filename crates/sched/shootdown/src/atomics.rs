//! The atomics of the stations: those of `core`, or in tests those of loom, which runs a
//! model in every order that its threads can take.

#[cfg(not(test))]
pub(crate) use core::sync::atomic::{AtomicU64, Ordering};

#[cfg(test)]
pub(crate) use loom::sync::atomic::{AtomicU64, Ordering};
