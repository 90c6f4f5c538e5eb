//! The start of a thread: in the same process (clone(2) with CLONE_THREAD), or as the first thread
//! of a child.

use alloc::sync::Arc;

use capabilities::Capability;
use signals::ThreadSignals;
use x86_64::VirtAddr;

use super::descriptors::DescriptorError;
use super::identity::Identity;
use super::limits::{Resource, UNLIMITED};
use super::pid::Pid;
use super::process::Process;
use super::table::{self, Entry, NoPid};
use super::thread::ProcessThread;
use super::thread_handle::ThreadHandle;
use super::threads::AddError;
use crate::arch::trap::frame::TrapFrame;
use crate::mm::kernel::frames;
use crate::mm::user::address_space::AddressSpace;
use crate::mm::user::pointer;
use crate::task::{self, Builder, NoFpu, ProgramStart, ProgramState, SpawnError};

/// The first state of a thread, as far as it differs from its creator's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ThreadOptions {
    /// Its stack pointer, if different.
    pub stack: Option<u64>,
    /// The base of FS, if different: CLONE_SETTLS.
    pub fs_base: Option<u64>,
    /// The address in the creator's memory to which its number is written: CLONE_PARENT_SETTID.
    pub set_parent_tid: Option<u64>,
    /// The address in its own memory to which its number is written: CLONE_CHILD_SETTID.
    pub set_child_tid: Option<u64>,
    /// The address to which a zero is written when it ends: CLONE_CHILD_CLEARTID.
    pub clear_child_tid: Option<u64>,
}

impl From<AddError> for ForkError {
    fn from(error: AddError) -> Self {
        match error {
            AddError::Ends => Self::TooMany,
            AddError::NoMemory => Self::NoMemory,
        }
    }
}

/// The reason why there is no further process or thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForkError {
    /// No memory is left: ENOMEM.
    NoMemory,
    /// The largest number of processes and threads is reached: EAGAIN.
    TooMany,
    /// The base of FS isn't an address of programs: EPERM.
    BadBase,
}

impl From<NoPid> for ForkError {
    fn from(_: NoPid) -> Self {
        Self::TooMany
    }
}

impl From<DescriptorError> for ForkError {
    fn from(_: DescriptorError) -> Self {
        Self::NoMemory
    }
}

impl From<NoFpu> for ForkError {
    fn from(_: NoFpu) -> Self {
        Self::NoMemory
    }
}

impl From<SpawnError> for ForkError {
    fn from(error: SpawnError) -> Self {
        match error {
            SpawnError::NoThread => Self::TooMany,
            SpawnError::NoStack(_) | SpawnError::NoMemory => Self::NoMemory,
        }
    }
}

/// The number of frames that must stay free when a process is made, because the kernel needs some.
const RESERVED_FRAMES: usize = 512;

/// Checks that there is memory for another process or thread.
pub(super) fn check_memory() -> Result<(), ForkError> {
    match frames::are_free(RESERVED_FRAMES) {
        true => Ok(()),
        false => Err(ForkError::NoMemory),
    }
}

/// Checks that the user of the running thread may have another process or thread: RLIMIT_NPROC.
pub(super) fn check_count(maker: &ProcessThread) -> Result<(), ForkError> {
    let identity = maker.identity();
    let limit = maker.process().limit(Resource::Processes).soft;
    let may_have_more = identity.has(Capability::SysResource)
        || identity.has(Capability::SysAdmin)
        || identity.uid == 0;
    if may_have_more || limit == UNLIMITED {
        return Ok(());
    }
    let is_own = |it: &&Entry| it.process.identity().uid == identity.uid;
    let count: usize =
        table::lock().iter().filter(is_own).map(|it| it.process.thread_count()).sum();
    if count as u64 >= limit { Err(ForkError::TooMany) } else { Ok(()) }
}

/// Makes another thread of the running one's process. Returns its number. May wait.
///
/// # Errors
/// See [`ForkError`].
pub fn start_thread(
    maker: &ProcessThread,
    frame: &TrapFrame,
    options: &ThreadOptions,
) -> Result<Pid, ForkError> {
    check_memory()?;
    let process = maker.process();
    check_count(maker)?;
    let memory = process.memory().ok_or(ForkError::NoMemory)?;
    let state = state_of_current(options)?;
    let signals = maker.with_own_signals(|own| own.child(false));
    // The table isn't locked while the thread is made.
    let tid = table::lock().reserve_pid()?;
    let thread = add_thread(process, tid, signals, maker.identity())
        .inspect_err(|_| table::lock().release(tid))?;
    table::lock().insert_thread(process.clone(), thread.handle().clone());
    if let Err(error) = begin(maker, &thread, memory, frame, state, options) {
        let removed = process.take_unstarted(thread.handle());
        let in_table = table::lock().remove_thread(tid);
        drop((removed, in_table));
        return Err(error);
    }
    Ok(tid)
}

/// Adds a thread, which is not started yet, to a process.
pub(super) fn add_thread(
    process: &Arc<Process>,
    tid: Pid,
    signals: ThreadSignals,
    identity: Arc<Identity>,
) -> Result<Arc<ProcessThread>, ForkError> {
    let handle = Arc::try_new(ThreadHandle::new(tid, signals, identity));
    let handle = handle.map_err(|_| ForkError::NoMemory)?;
    let thread = Arc::try_new(ProcessThread::new(process.clone(), handle.clone()));
    let thread = thread.map_err(|_| ForkError::NoMemory)?;
    process.add_thread(handle)?;
    Ok(thread)
}

/// Returns a copy of those registers of the running thread that aren't in a trap frame.
pub(super) fn state_of_current(options: &ThreadOptions) -> Result<ProgramState, ForkError> {
    let state = ProgramState::try_of_current()?;
    if let Some(fs_base) = options.fs_base {
        state.set_fs_base(fs_base).map_err(|_| ForkError::BadBase)?;
    }
    Ok(state)
}

/// Starts a thread that `maker`, the running thread, has made, with the registers in `frame`, and 0
/// in RAX. May wait.
pub(super) fn begin(
    maker: &ProcessThread,
    thread: &Arc<ProcessThread>,
    memory: Arc<AddressSpace>,
    frame: &TrapFrame,
    state: ProgramState,
    options: &ThreadOptions,
) -> Result<(), ForkError> {
    let mut registers = *frame;
    registers.rax = 0;
    registers.restore_all();
    if let Some(stack) = options.stack {
        registers.rsp = stack;
    }
    let number = thread.tid().number().to_le_bytes();
    // As on Linux, invalid addresses are ignored.
    if let Some(address) = options.set_parent_tid {
        let _ = pointer::write_bytes(address, &number);
    }
    if let Some(address) = options.set_child_tid {
        let _ = memory.write_foreign(VirtAddr::new_truncate(address), &number);
    }
    thread.set_clear_on_exit(options.clear_child_tid.unwrap_or(0));
    let start = ProgramStart { thread: thread.clone(), registers, state };
    let name = thread.process().name();
    let own = task::current();
    let scheduling = thread.handle().scheduling();
    let policy = scheduling.inherit(maker.handle().scheduling(), own.own_policy());
    let builder = Builder::new(&name)
        .process(thread.process().pid().number())
        .policy(policy)
        .allowed(own.allowed())
        .address_space(memory);
    builder.spawn_program(start, |task| thread.attention().set_task(task))?;
    Ok(())
}
