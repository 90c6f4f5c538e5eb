//! Threads that run a program in ring 3.

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::program_state::ProgramState;
use super::spawn::{Builder, SpawnError};
use super::table;
use super::thread::Job;
use super::thread_ref::ThreadRef;
use crate::arch::trap::frame::TrapFrame;
use crate::arch::user::user_state::{BadBase, Base};
use crate::arch::user::user_thread::UserThread;
use crate::mm::user::address_space::AddressSpace;

/// How a thread of a program begins.
pub struct ProgramStart {
    /// The object that handles its system calls and exceptions.
    pub thread: Arc<dyn UserThread>,
    /// Its registers.
    pub registers: TrapFrame,
    /// Its registers that aren't in a trap frame.
    pub state: ProgramState,
}

impl Builder<'_> {
    /// Starts a thread that runs a program, in the address space that was set. Calls `prepared`
    /// with a hold of it before it can run.
    ///
    /// # Errors
    /// See [`SpawnError`].
    pub fn spawn_program(
        self,
        start: ProgramStart,
        prepared: impl FnOnce(ThreadRef),
    ) -> Result<(), SpawnError> {
        let ProgramStart { thread, registers, state } = start;
        let start = Box::try_new((thread, registers)).map_err(|_| SpawnError::NoMemory)?;
        let prepared = |thread| prepared(ThreadRef::of_holder(thread));
        self.place(Job::Program(start), Some(state), 1, prepared).map(drop)
    }
}

/// Moves the running thread to another program: to `space`, with registers outside of the trap
/// frame as they are at a start. Returns the address space that it was in.
pub fn exec(space: Arc<AddressSpace>) -> Option<Arc<AddressSpace>> {
    let thread = table::current();
    thread.fpu_state.clear();
    thread.address_space.replace(space)
}

/// Returns the base of a segment of the running thread's program.
pub fn segment_base(base: Base) -> u64 {
    table::current().address_space.user_state.base(base)
}

/// Sets the base of a segment of the running thread's program.
///
/// # Errors
/// [`BadBase`] if programs have no such address.
pub fn set_segment_base(base: Base, address: u64) -> Result<(), BadBase> {
    table::current().address_space.user_state.set_base(base, address)
}
