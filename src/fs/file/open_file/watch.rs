//! The readiness of an open file, and the observers that watch it.

use alloc::sync::Arc;

use super::{Contents, OpenFile};
use crate::fs::error::FsError;
use crate::fs::file::readiness::{Observer, PollQueue, Readiness};

impl OpenFile {
    /// Returns the operations that are possible without waiting.
    pub fn readiness(&self) -> Readiness {
        match &self.contents {
            Contents::Special(ops) => ops.readiness(),
            Contents::Pages | Contents::Directory => Readiness::IN | Readiness::OUT,
            Contents::Place => Readiness::INVALID,
        }
    }

    /// Returns the queue that is notified when the readiness changes; `None` if it never does.
    pub fn poll_queue(&self) -> Option<&PollQueue> {
        self.special().and_then(|ops| ops.poll_queue())
    }

    /// Adds an observer, which is removed when the file is closed. The caller has to check the
    /// readiness afterwards, because a change before the call may not be notified.
    ///
    /// # Errors
    /// [`FsError::NotPermitted`] if its readiness never changes; [`FsError::NoMemory`].
    pub fn watch(&self, observer: &Arc<dyn Observer>) -> Result<(), FsError> {
        let queue = self.poll_queue().ok_or(FsError::NotPermitted)?;
        {
            let mut observers = self.observers.lock();
            observers.try_reserve(1)?;
            observers.push(observer.clone());
        }
        queue.watch(observer).inspect_err(|_| self.forget(observer))
    }

    /// Returns the number of these observers.
    pub fn observer_count(&self) -> usize {
        self.observers.lock().len()
    }

    /// Removes an observer.
    pub fn unwatch(&self, observer: &Arc<dyn Observer>) {
        if let Some(queue) = self.poll_queue() {
            queue.unwatch(observer);
        }
        self.forget(observer);
    }

    fn forget(&self, observer: &Arc<dyn Observer>) {
        let removed = {
            let mut observers = self.observers.lock();
            let index = observers.iter().position(|other| Arc::ptr_eq(other, observer));
            index.map(|index| observers.swap_remove(index))
        };
        drop(removed);
    }
}
