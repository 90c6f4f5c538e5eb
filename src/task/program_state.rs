//! The registers of a program that are not in a trap frame.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::fpu_state::{self, NoFpu};
use super::table;
use super::thread::Thread;
use crate::arch::cpu::fpu::Chunk;
use crate::arch::user::user_state::{BadBase, Base, UserState};
use crate::mm::user::address_space::AddressSpace;

/// The registers of a program that are not in a trap frame: floating point and vectors, and the
/// bases of FS and GS.
pub struct ProgramState {
    fpu: Vec<Chunk>,
    user_state: UserState,
}

impl ProgramState {
    /// Sets the base of FS.
    ///
    /// # Errors
    /// [`BadBase`] if programs have no such address.
    pub fn set_fs_base(&self, address: u64) -> Result<(), BadBase> {
        self.user_state.prepare_base(Base::Fs, address)
    }

    /// Returns the registers of a program at its start.
    ///
    /// # Errors
    /// See [`NoFpu`].
    pub fn try_new() -> Result<Self, NoFpu> {
        Ok(Self { fpu: fpu_state::new_area()?, user_state: UserState::new() })
    }

    /// Returns a copy of the registers of the running thread.
    ///
    /// # Errors
    /// See [`NoFpu`].
    pub fn try_of_current() -> Result<Self, NoFpu> {
        let thread = table::current();
        let user_state = UserState::new();
        let own = &thread.address_space.user_state;
        own.refresh();
        user_state.copy_from(own);
        Ok(Self { fpu: thread.fpu_state.copy()?, user_state })
    }
}

/// Prepares a thread that hasn't begun.
pub(super) fn prepare(
    thread: &'static Thread,
    space: Option<Arc<AddressSpace>>,
    state: Option<ProgramState>,
) {
    match state {
        Some(state) => {
            thread.address_space.set(space, &state.user_state);
            thread.fpu_state.set(state.fpu);
        }
        None => thread.address_space.set(space, &UserState::new()),
    }
}
