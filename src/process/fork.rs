//! Making a process: fork(2), vfork(2), clone(2) without CLONE_THREAD.

use alloc::sync::Arc;

use signals::{Pending, ProcessKind, Signal, ThreadSignals};

use super::pid::Pid;
use super::process::{Beginning, Process, SignalState};
use super::surroundings::SurroundingsShare;
use super::table::{self, Entry};
use super::thread::ProcessThread;
use super::thread_start::{self, ForkError, ThreadOptions};
use crate::arch::trap::frame::TrapFrame;

/// Options of a fork: what a child shares with its parent, and its first state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ForkOptions {
    /// The child runs in the memory of its parent: CLONE_VM.
    pub shares_memory: bool,
    /// The parent waits until the child runs another program or has ended: CLONE_VFORK.
    pub parent_waits: bool,
    /// The child has the same descriptors: CLONE_FILES.
    pub shares_descriptors: bool,
    /// The child has the same root, working directory and mask of new files: CLONE_FS.
    pub shares_surroundings: bool,
    /// The signal that is sent to the parent when the child ends.
    pub end_signal: Option<Signal>,
    /// Whether the child's signal handlers are reset: CLONE_CLEAR_SIGHAND.
    pub clears_handlers: bool,
    /// The first state of the child's thread.
    pub thread: ThreadOptions,
}

/// Makes a child of the running thread's process. The child's registers are those in `frame`,
/// except that RAX is 0. Returns its number. May wait.
///
/// # Errors
/// See [`ForkError`].
pub fn fork(
    thread: &ProcessThread,
    frame: &TrapFrame,
    options: &ForkOptions,
) -> Result<Pid, ForkError> {
    let parent = thread.process();
    thread_start::check_memory()?;
    thread_start::check_count(thread)?;
    let own = parent.memory().ok_or(ForkError::NoMemory)?;
    let memory = match options.shares_memory {
        true => own,
        false => {
            let copy = own.try_fork().map_err(|_| ForkError::NoMemory)?;
            Arc::try_new(copy).map_err(|_| ForkError::NoMemory)?
        }
    };
    let descriptors = match options.shares_descriptors {
        true => parent.descriptors.share(),
        false => parent.descriptors.try_copy()?,
    };
    let surroundings = match options.shares_surroundings {
        true => parent.surroundings.share(),
        false => SurroundingsShare::try_new(parent.surroundings()).ok_or(ForkError::NoMemory)?,
    };
    let state = thread_start::state_of_current(&options.thread)?;
    let keeps_alt_stack = !options.shares_memory || options.parent_waits;
    let thread_signals = thread.with_own_signals(|own| own.child(keeps_alt_stack));
    let mut dispositions = parent.with_signals(|own| own.dispositions.clone());
    if options.clears_handlers {
        dispositions.exec();
    }
    let signals = SignalState { shared: Pending::new(), dispositions, continues: 0 };
    let beginning = Beginning {
        memory: Some(memory.clone()),
        descriptors,
        surroundings,
        identity: thread.identity(),
        program: parent.program(),
        signals,
        limits: parent.limits(),
    };
    // The table isn't locked while the process is made.
    let pid = table::lock().reserve_pid()?;
    let made = make_child(thread, pid, beginning, thread_signals);
    let (child, child_thread) = made.inspect_err(|_| table::lock().release(pid))?;
    if !options.shares_memory {
        child_thread.set_rseq(thread.rseq());
    }
    insert_child(parent.pid(), &child, options.end_signal)
        .inspect_err(|_| table::lock().release(pid))?;
    // If there is no memory for its timer, the child runs without the limit.
    let _ = child.apply_cpu_limit();
    let begun = thread_start::begin(thread, &child_thread, memory, frame, state, &options.thread);
    if let Err(error) = begun {
        let removed = table::lock().remove(pid);
        let unstarted = child.take_unstarted(child_thread.handle());
        drop((removed, unstarted));
        return Err(error);
    }
    if options.parent_waits {
        wait_until_released(&child, thread);
    }
    Ok(pid)
}

/// Makes the child of `thread`, and its first thread.
fn make_child(
    thread: &ProcessThread,
    pid: Pid,
    beginning: Beginning,
    signals: ThreadSignals,
) -> Result<(Arc<Process>, Arc<ProcessThread>), ForkError> {
    let parent = thread.process();
    let child = Process::new(pid, ProcessKind::Ordinary, beginning);
    child.set_personality(parent.personality());
    child.attributes.inherit(&parent.attributes);
    let child = Arc::try_new(child).map_err(|_| ForkError::NoMemory)?;
    let child_thread = thread_start::add_thread(&child, pid, signals, thread.identity())?;
    Ok((child, child_thread))
}

/// Adds a child to the table.
fn insert_child(
    parent: Pid,
    child: &Arc<Process>,
    end_signal: Option<Signal>,
) -> Result<(), ForkError> {
    let mut table = table::lock();
    let own = table.get(parent).ok_or(ForkError::NoMemory)?;
    let (group, session, has_left_terminal) = (own.group, own.session, own.has_left_terminal);
    table.insert(Entry {
        parent: Some(parent),
        end_signal,
        has_left_terminal,
        ..Entry::new(child.clone(), group, session)
    });
    Ok(())
}

/// Waits until a child that runs in the memory of its parent has its own memory, or has ended.
fn wait_until_released(child: &Process, parent: &ProcessThread) {
    let own = parent.process().memory();
    let is_released = || match (child.memory(), &own) {
        (Some(memory), Some(own)) => !Arc::ptr_eq(&memory, own),
        _ => true,
    };
    child.released.wait_until(is_released);
}
