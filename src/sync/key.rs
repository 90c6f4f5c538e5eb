//! Proof that a lock is held.

use core::marker::PhantomData;

/// Proof that a lock is held, for as long as its guard is borrowed. It stays on the CPU that holds
/// the lock.
#[derive(Clone, Copy)]
pub struct Key<'a> {
    lock: *const (),
    guard: PhantomData<&'a ()>,
}

impl<'a> Key<'a> {
    /// Makes the proof that `lock` is held. Only guards call it, for as long as they are borrowed.
    #[inline]
    pub(super) fn new<L>(lock: &'a L) -> Self {
        Self { lock: core::ptr::from_ref(lock).cast(), guard: PhantomData }
    }

    /// Returns the address of the lock.
    #[inline]
    pub(super) fn address(self) -> *const () {
        self.lock
    }

    /// Returns whether this proves that the lock at `address` is held.
    #[inline]
    pub(super) fn is_for(self, address: *const ()) -> bool {
        core::ptr::eq(self.lock, address)
    }
}
