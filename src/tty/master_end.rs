//! The state of the two ends of a pseudo-terminal.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use spin::Once;

use crate::fs::error::FsError;

/// The state of a pseudo-terminal's master, and of the open files of its slave.
pub(super) struct MasterEnd {
    /// Set once, when the terminal is numbered.
    number: Once<u32>,
    is_open: AtomicBool,
    /// Whether opening the slave is forbidden: TIOCSPTLCK.
    is_locked: AtomicBool,
    slaves: AtomicU32,
    /// Whether the slave was open before, and no longer is.
    is_slave_closed: AtomicBool,
}

impl MasterEnd {
    /// Makes the state of an open master whose slave is locked.
    pub(super) const fn new() -> Self {
        Self {
            number: Once::new(),
            is_open: AtomicBool::new(true),
            is_locked: AtomicBool::new(true),
            slaves: AtomicU32::new(0),
            is_slave_closed: AtomicBool::new(false),
        }
    }

    pub(super) fn set_number(&self, number: u32) {
        self.number.call_once(|| number);
    }

    pub(super) fn number(&self) -> u32 {
        self.number.get().copied().unwrap_or(u32::MAX)
    }

    pub(super) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Acquire)
    }

    /// Adds an open file of the slave.
    ///
    /// # Errors
    /// [`FsError::Io`] if the master is closed or the slave is locked.
    pub(super) fn add_slave(&self) -> Result<(), FsError> {
        if !self.is_open() || self.is_locked() {
            return Err(FsError::Io);
        }
        self.slaves.fetch_add(1, Ordering::Relaxed);
        self.is_slave_closed.store(false, Ordering::Release);
        Ok(())
    }

    /// Removes an open file of the slave.
    pub(super) fn remove_slave(&self) {
        if self.slaves.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.is_slave_closed.store(true, Ordering::Release);
        }
    }

    pub(super) fn is_slave_closed(&self) -> bool {
        self.is_slave_closed.load(Ordering::Acquire)
    }

    pub(super) fn is_locked(&self) -> bool {
        self.is_locked.load(Ordering::Relaxed)
    }

    pub(super) fn set_locked(&self, is_locked: bool) {
        self.is_locked.store(is_locked, Ordering::Relaxed);
    }

    /// Records that the master is closed.
    pub(super) fn close(&self) {
        self.is_open.store(false, Ordering::Release);
    }
}
