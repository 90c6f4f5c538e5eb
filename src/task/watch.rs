//! What the watchdog has seen of a CPU.

use core::sync::atomic::{AtomicBool, AtomicU64};

/// What was seen last, and when it was seen to change.
pub(super) struct Watch {
    pub(super) life: AtomicU64,
    pub(super) switches: AtomicU64,
    pub(super) alive_ns: AtomicU64,
    pub(super) switched_ns: AtomicU64,
    pub(super) is_told: AtomicBool,
}

impl Watch {
    pub(super) const fn new() -> Self {
        Self {
            life: AtomicU64::new(u64::MAX),
            switches: AtomicU64::new(0),
            alive_ns: AtomicU64::new(0),
            switched_ns: AtomicU64::new(0),
            is_told: AtomicBool::new(false),
        }
    }
}
