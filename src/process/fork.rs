//! Making a process: fork(2), vfork(2), clone(2) without threads.

use alloc::sync::Arc;

use signals::{Pending, ProcessKind, Signal};

use super::descriptors::DescriptorError;
use super::pid::Pid;
use super::process::{Beginning, Process, SignalState};
use super::table::{self, Entry, NoPid};
use super::thread::ProcessThread;
use crate::arch::trap::frame::TrapFrame;
use crate::mm::kernel::frames;
use crate::task::{self, Builder, NoFpu, ProgramStart, ProgramState, SpawnError};

/// What a child shares with its parent, or how it begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ForkOptions {
    /// It runs in the memory of its parent: CLONE_VM.
    pub shares_memory: bool,
    /// The parent waits until the child runs another program or has ended: CLONE_VFORK.
    pub parent_waits: bool,
    /// It has the same descriptors: CLONE_FILES.
    pub shares_descriptors: bool,
    /// The signal that the parent gets when it ends.
    pub end_signal: Option<Signal>,
    /// Its stack pointer, if not that of its parent.
    pub stack: Option<u64>,
    /// The base of FS, if not that of its parent: CLONE_SETTLS.
    pub fs_base: Option<u64>,
    /// Where its number is written in its memory: CLONE_CHILD_SETTID.
    pub set_child_tid: Option<u64>,
    /// Where a zero is written when it ends: CLONE_CHILD_CLEARTID.
    pub clear_child_tid: Option<u64>,
    /// Whether signal handlers are reset: CLONE_CLEAR_SIGHAND.
    pub clears_handlers: bool,
}

/// Why there is no child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForkError {
    /// No memory is left: ENOMEM.
    NoMemory,
    /// There are as many processes as there can be: EAGAIN.
    TooMany,
    /// The base of FS is no address of programs: EPERM.
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

/// So many frames stay free when processes are made: the kernel needs some for what it allocates.
const RESERVED_FRAMES: usize = 512;

/// Makes a child of the running thread's process, whose registers are in `frame`: it begins with
/// the same, and 0 in RAX. Returns its number. May wait.
///
/// # Errors
/// See [`ForkError`].
pub fn fork(
    thread: &ProcessThread,
    frame: &TrapFrame,
    options: &ForkOptions,
) -> Result<Pid, ForkError> {
    let parent = thread.process();
    if frames::counts().free < RESERVED_FRAMES {
        return Err(ForkError::NoMemory);
    }
    let own = parent.memory().ok_or(ForkError::NoMemory)?;
    let memory = match options.shares_memory {
        true => own,
        false => {
            let copy = own.try_fork().map_err(|_| ForkError::NoMemory)?;
            Arc::try_new(copy).map_err(|_| ForkError::NoMemory)?
        }
    };
    let descriptors = match options.shares_descriptors {
        true => parent.descriptors.clone(),
        false => Arc::try_new(parent.descriptors.try_clone()?).map_err(|_| ForkError::NoMemory)?,
    };
    let state = ProgramState::try_of_current()?;
    if let Some(fs_base) = options.fs_base {
        state.set_fs_base(fs_base).map_err(|_| ForkError::BadBase)?;
    }
    let signals = parent.with_signals(|own| {
        let mut dispositions = own.dispositions.clone();
        if options.clears_handlers {
            dispositions.exec();
        }
        let keeps_alt_stack = !options.shares_memory || options.parent_waits;
        SignalState {
            shared: Pending::new(),
            dispositions,
            thread: own.thread.child(keeps_alt_stack),
        }
    });

    let mut registers = *frame;
    registers.rax = 0;
    registers.restore_all();
    if let Some(stack) = options.stack {
        registers.rsp = stack;
    }
    let (child, child_thread) = {
        let mut table = table::lock();
        let pid = table.free_pid()?;
        let beginning = Beginning {
            memory: Some(memory.clone()),
            descriptors,
            surroundings: parent.surroundings(),
            identity: parent.identity(),
            program: parent.program(),
            signals,
            limits: parent.limits(),
        };
        let child = Process::new(pid, ProcessKind::Ordinary, beginning);
        child.set_personality(parent.personality());
        let child = Arc::try_new(child).map_err(|_| ForkError::NoMemory)?;
        let child_thread = Arc::try_new(ProcessThread::new(child.clone()));
        let child_thread = child_thread.map_err(|_| ForkError::NoMemory)?;
        let relations = table.get(parent.pid()).map(|it| (it.group, it.session));
        let (group, session) = relations.ok_or(ForkError::NoMemory)?;
        table.insert(Entry {
            parent: Some(parent.pid()),
            end_signal: options.end_signal,
            ..Entry::new(child.clone(), group, session)
        });
        (child, child_thread)
    };
    let pid = child.pid();
    if let Some(address) = options.set_child_tid {
        let address = x86_64::VirtAddr::new_truncate(address);
        // As on Linux, an address that isn't there is ignored.
        let _ = memory.write_foreign(address, &pid.number().to_le_bytes());
    }
    child_thread.set_clear_on_exit(options.clear_child_tid.unwrap_or(0));
    let start = ProgramStart { thread: child_thread, registers, state };
    let task = task::current();
    let name = parent.name();
    let builder =
        Builder::new(&name).policy(task.own_policy()).allowed(task.allowed()).address_space(memory);
    match builder.spawn_program(start) {
        Ok(task) => child.attention().set_task(task),
        Err(error) => {
            let removed = table::lock().remove(pid);
            drop(removed);
            return Err(error.into());
        }
    }
    if options.parent_waits {
        wait_until_released(&child, thread);
    }
    Ok(pid)
}

/// Waits until a child that runs in the memory of its parent has its own, or has ended.
fn wait_until_released(child: &Process, parent: &ProcessThread) {
    let own = parent.process().memory();
    let is_released = || match (child.memory(), &own) {
        (Some(memory), Some(own)) => !Arc::ptr_eq(&memory, own),
        _ => true,
    };
    child.released.wait_until(is_released);
}
