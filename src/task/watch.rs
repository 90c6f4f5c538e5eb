//! The observations of a CPU by the watchdog.

use core::sync::atomic::{AtomicBool, AtomicU64};

/// The last counts, and when they changed.
pub(super) struct Watch {
    pub(super) life: AtomicU64,
    pub(super) switches: AtomicU64,
    pub(super) alive_ns: AtomicU64,
    pub(super) switched_ns: AtomicU64,
    pub(super) is_reported: AtomicBool,
}

impl Watch {
    pub(super) const fn new() -> Self {
        Self {
            life: AtomicU64::new(u64::MAX),
            switches: AtomicU64::new(0),
            alive_ns: AtomicU64::new(0),
            switched_ns: AtomicU64::new(0),
            is_reported: AtomicBool::new(false),
        }
    }
}
