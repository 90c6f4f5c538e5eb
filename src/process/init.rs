//! The first process.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::Ordering;

use path_walk::LastLink;
use signals::{Dispositions, Pending, ProcessKind, ThreadSignals};

use super::descriptor_share::DescriptorShare;
use super::descriptors::{Descriptor, Descriptors, OnExec};
use super::exec::{self, Command, ExecError, Executable};
use super::identity::Identity;
use super::limits::ResourceLimits;
use super::loader::LoadError;
use super::pid::Pid;
use super::process::{Beginning, Process, ProgramInfo, SignalState, shortened};
use super::surroundings::{Surroundings, SurroundingsShare};
use super::table::{self, Entry};
use super::thread_start;
use crate::arch::trap::frame::TrapFrame;
use crate::fs;
use crate::fs::attributes::Mode;
use crate::fs::error::FsError;
use crate::fs::file::open;
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::namespace::lookup::Caller;
use crate::task::{Builder, ProgramStart, ProgramState};

/// The programs that are tried in this order if the command line names none.
pub const DEFAULTS: [&str; 2] = ["/init", "/sbin/init"];

/// The environment of the first program, as on Linux.
pub const ENVIRONMENT: [&str; 2] = ["HOME=/", "TERM=linux"];

/// The mode bits that are cleared in new files: the umask.
const MASK: u16 = 0o022;

/// Starts the first process with the program of `command`. Its standard input, output and error are
/// /dev/console. May wait.
///
/// # Errors
/// See [`ExecError`].
///
/// # Panics
/// If there is a first process already.
pub fn start(command: Command) -> Result<(), ExecError> {
    let root = fs::root();
    let surroundings = Surroundings { root: root.clone(), directory: root.clone(), mask: MASK };
    let no_memory = |_| ExecError::Load(LoadError::NoMemory);
    let descriptors = Arc::try_new(Descriptors::new()).map_err(no_memory)?;
    open_console(&descriptors)?;
    let program = ProgramInfo {
        file: root.clone(),
        name: shortened(b"init"),
        arguments: (0, 0),
        environment: (0, 0),
        auxiliary_vector: Vec::new().into(),
    };
    let pid = table::lock().reserve_pid().expect("there is no process yet");
    assert!(pid == Pid::INIT, "there is one first process");
    let signals =
        SignalState { shared: Pending::new(), dispositions: Dispositions::new(), continues: 0 };
    let own = SurroundingsShare::try_new(surroundings.clone());
    let beginning = Beginning {
        memory: None,
        descriptors: DescriptorShare::new(descriptors),
        surroundings: own.ok_or(ExecError::Load(LoadError::NoMemory))?,
        identity: Arc::new(Identity::ROOT),
        program,
        signals,
        limits: ResourceLimits::new(),
    };
    let process = Process::new(pid, ProcessKind::Init, beginning);
    let executable = Executable::Path(root, LastLink::Follow);
    let prepared = exec::prepare(&process, process.identity(), &surroundings, executable, command)?;
    let memory = prepared.loaded.memory;
    *process.memory.lock() = Some(memory.clone());
    process.set_identity(prepared.identity);
    let before = core::mem::replace(&mut *process.program.lock(), prepared.program);
    drop(before);

    let process = Arc::try_new(process).map_err(no_memory)?;
    let thread = thread_start::add_thread(&process, pid, ThreadSignals::new(), process.identity());
    let thread = thread.map_err(|_| ExecError::Load(LoadError::NoMemory))?;
    process.leads_session.store(true, Ordering::Relaxed);
    table::lock().insert(Entry {
        has_executed: true,
        is_subreaper: true,
        ..Entry::new(process.clone(), pid, pid)
    });
    let (entry, stack) = (prepared.loaded.entry, prepared.loaded.stack.rsp());
    let registers = TrapFrame::of_program(entry.as_u64(), stack.as_u64());
    let state = ProgramState::try_new().map_err(|_| ExecError::Load(LoadError::NoMemory))?;
    let start = ProgramStart { thread: thread.clone(), registers, state };
    Builder::new(&process.name())
        .process(pid.number())
        .address_space(memory)
        .spawn_program(start, |task| thread.attention().set_task(task))
        .map_err(|_| ExecError::Load(LoadError::NoMemory))?;
    Ok(())
}

/// Opens the console as descriptors 0, 1 and 2.
fn open_console(descriptors: &Descriptors) -> Result<(), ExecError> {
    let caller = Caller::root(fs::root());
    let mode = Mode::empty();
    let file = match open::open(&caller, b"/dev/console", OpenFlags::READ_WRITE, mode) {
        Ok(file) => file,
        Err(FsError::NotFound | FsError::NoDevice) => {
            log::warn!("there is no /dev/console: the first program has no standard output");
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    for fd in 0..3 {
        let descriptor = Descriptor { file: file.clone(), on_exec: OnExec::Keep };
        descriptors.open_at(fd, descriptor, 3).map_err(|_| ExecError::Load(LoadError::NoMemory))?;
    }
    Ok(())
}
