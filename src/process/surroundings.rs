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

impl Surroundings {
    /// Returns those of a process that has ended.
    #[cold]
    fn none() -> Self {
        Self { root: fs::root().clone(), directory: fs::root().clone(), mask: 0 }
    }
}

/// The surroundings of one process, or of several.
struct Shared {
    /// Protects the directories; held to copy or to replace them. `None` after their last use.
    surroundings: SpinMutex<Option<Surroundings>>,
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
        let surroundings = SpinMutex::new(Rank::Process, Some(surroundings));
        let shared = Arc::try_new(Shared { surroundings, users: AtomicUsize::new(1) });
        Some(Self { shared: shared.ok()?, is_released: AtomicBool::new(false) })
    }

    /// Makes another process's use of the same surroundings. The process of this use has not ended.
    pub(super) fn share(&self) -> Self {
        self.shared.users.fetch_add(1, Ordering::Relaxed);
        Self { shared: self.shared.clone(), is_released: AtomicBool::new(false) }
    }

    /// Returns the surroundings; after their last use, the root.
    #[inline]
    pub(super) fn get(&self) -> Surroundings {
        let found = self.shared.surroundings.lock().clone();
        found.unwrap_or_else(Surroundings::none)
    }

    /// Changes the surroundings. The previous ones are dropped without the lock.
    pub(super) fn change(&self, change: impl FnOnce(&mut Surroundings)) {
        let mut changed = self.get();
        change(&mut changed);
        let before = self.shared.surroundings.lock().replace(changed);
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
        let before = self.shared.surroundings.lock().take();
        drop(before);
    }
}

impl Drop for SurroundingsShare {
    fn drop(&mut self) {
        self.release();
    }
}
