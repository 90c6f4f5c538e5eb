//! Seals of a file: operations that are forbidden for ever.

use bitflags::bitflags;

use super::error::FsError;
use crate::sync::{Rank, SpinMutex};

bitflags! {
    /// The forbidden operations, with Linux's values.
    ///
    /// Source: Linux, include/uapi/linux/fcntl.h.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Seals: u32 {
        /// No further seals can be added: F_SEAL_SEAL.
        const SEAL = 1;
        /// The size can't decrease: F_SEAL_SHRINK.
        const SHRINK = 2;
        /// The size can't increase: F_SEAL_GROW.
        const GROW = 4;
        /// The file can't be written: F_SEAL_WRITE.
        const WRITE = 8;
        /// The file can't be written, except by existing mappings: F_SEAL_FUTURE_WRITE.
        const FUTURE_WRITE = 0x10;
    }
}

impl Seals {
    /// The seals that forbid writes by calls.
    pub const NO_WRITES: Self = Self::WRITE.union(Self::FUTURE_WRITE);
}

struct State {
    seals: Seals,
    /// The number of mappings by which the file may be written.
    writable_mappings: usize,
}

/// The seals of a file.
pub struct Sealing {
    /// Protects the seals, and the number of mappings; held for a check or a change.
    state: SpinMutex<State>,
}

impl Sealing {
    /// Makes the seals of a file that can't be sealed.
    pub(super) const fn new() -> Self {
        let state = State { seals: Seals::SEAL, writable_mappings: 0 };
        Self { state: SpinMutex::new(Rank::Files, state) }
    }

    /// Allows seals for the file, which isn't used yet.
    pub(super) fn allow(&self) {
        self.state.lock().seals = Seals::empty();
    }

    /// Returns the seals.
    pub fn seals(&self) -> Seals {
        self.state.lock().seals
    }

    /// Adds seals.
    ///
    /// # Errors
    /// [`FsError::NotPermitted`] if seals can't be added; [`FsError::Busy`] if writes are to be
    /// forbidden and a mapping may write the file.
    pub fn add(&self, seals: Seals) -> Result<(), FsError> {
        let mut state = self.state.lock();
        if state.seals.contains(Seals::SEAL) {
            return Err(FsError::NotPermitted);
        }
        let stops_writes = seals.contains(Seals::WRITE) && !state.seals.contains(Seals::WRITE);
        if stops_writes && state.writable_mappings > 0 {
            return Err(FsError::Busy);
        }
        state.seals |= seals;
        Ok(())
    }

    /// Adds a mapping by which the file may be written.
    ///
    /// # Errors
    /// [`FsError::NotPermitted`].
    pub(super) fn begin_mapping(&self) -> Result<(), FsError> {
        let mut state = self.state.lock();
        if state.seals.contains(Seals::WRITE) {
            return Err(FsError::NotPermitted);
        }
        state.writable_mappings += 1;
        Ok(())
    }

    /// Removes such a mapping.
    pub(super) fn end_mapping(&self) {
        self.state.lock().writable_mappings -= 1;
    }

    /// Checks that the size of a file may be changed from `size_bytes` to `new_bytes`.
    ///
    /// # Errors
    /// [`FsError::NotPermitted`].
    pub(super) fn check_size(&self, size_bytes: u64, new_bytes: u64) -> Result<(), FsError> {
        let seals = self.seals();
        let is_sealed = new_bytes < size_bytes && seals.contains(Seals::SHRINK)
            || new_bytes > size_bytes && seals.contains(Seals::GROW);
        if is_sealed { Err(FsError::NotPermitted) } else { Ok(()) }
    }

    /// Checks that the file may be written by calls.
    ///
    /// # Errors
    /// [`FsError::NotPermitted`].
    pub(super) fn check_write(&self) -> Result<(), FsError> {
        match self.seals().intersects(Seals::NO_WRITES) {
            true => Err(FsError::NotPermitted),
            false => Ok(()),
        }
    }
}
