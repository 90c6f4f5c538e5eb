//! The directories at which the paths of a process start, which processes may share: clone(2) with
//! CLONE_FS.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::fs;
use crate::fs::namespace::path::Path;
use crate::sync::{Rank, SpinMutex};

/// The directories at which paths start, and the mode bits that are cleared in new files.
#[derive(Clone)]
pub struct Surroundings {
    /// The directory at which absolute paths start.
    pub root: Path,
    /// The directory at which other paths start.
    pub directory: Path,
    /// The mode bits that are cleared in new files: umask(2).
    pub mask: u16,
}

/// The surroundings of one process, or of several.
struct Shared {
    /// Protects the directories; held to copy or to replace them.
    surroundings: SpinMutex<Surroundings>,
    /// The processes that use them, and have not ended.
    users: AtomicUsize,
}

/// A process's use of its surroundings, until it ends.
pub(super) struct SurroundingsShare {
    shared: Arc<Shared>,
    is_released: AtomicBool,
}

impl SurroundingsShare {
    /// Makes a process's use of surroundings of its own; `None` if there is no memory.
    pub(super) fn try_new(surroundings: Surroundings) -> Option<Self> {
        let surroundings = SpinMutex::new(Rank::Process, surroundings);
        let shared = Arc::try_new(Shared { surroundings, users: AtomicUsize::new(1) });
        Some(Self { shared: shared.ok()?, is_released: AtomicBool::new(false) })
    }

    /// Makes another process's use of the same surroundings. The process of this use has not ended.
    pub(super) fn share(&self) -> Self {
        self.shared.users.fetch_add(1, Ordering::Relaxed);
        Self { shared: self.shared.clone(), is_released: AtomicBool::new(false) }
    }

    /// Returns the surroundings.
    #[inline]
    pub(super) fn get(&self) -> Surroundings {
        self.shared.surroundings.lock().clone()
    }

    /// Changes the surroundings. The previous ones are dropped without the lock.
    pub(super) fn change(&self, change: impl FnOnce(&mut Surroundings)) {
        let mut changed = self.get();
        change(&mut changed);
        let before = core::mem::replace(&mut *self.shared.surroundings.lock(), changed);
        drop(before);
    }

    /// Ends the use. After the last one, the directories are no longer in use: their file systems can be
    /// unmounted, even if the parent of the process doesn't wait for it.
    pub(super) fn release(&self) {
        if self.is_released.swap(true, Ordering::AcqRel)
            || self.shared.users.fetch_sub(1, Ordering::AcqRel) > 1
        {
            return;
        }
        self.change(|surroundings| {
            surroundings.root = fs::root().clone();
            surroundings.directory = fs::root().clone();
        });
    }
}

impl Drop for SurroundingsShare {
    fn drop(&mut self) {
        self.release();
    }
}
