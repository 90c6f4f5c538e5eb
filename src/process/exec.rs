//! Running another program: execve(2).

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use capabilities::Executed;
use elf_program::{SCRIPT_HEAD_BYTES, Script, ScriptError};
use initial_stack::{Environment, StackError};
use path_walk::LastLink;
use signals::Signal;

use super::identity::Identity;
use super::loader::{self, LoadError, Loaded};
use super::process::{Process, ProgramInfo, shortened};
use super::surroundings::Surroundings;
use super::table;
use super::thread::ProcessThread;
use super::threads::Ends;
use crate::arch::trap::frame::TrapFrame;
use crate::fs::attributes::{FileKind, Mode};
use crate::fs::credentials::Access;
use crate::fs::error::FsError;
use crate::fs::namespace::lookup::{Caller, look_up_path};
use crate::fs::namespace::mount::MountFlags;
use crate::fs::namespace::path::Path;
use crate::task;

/// The largest number of scripts of which one is the interpreter of the next, as on Linux.
const SCRIPTS_MAX: usize = 5;

/// The reason why a program can't be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExecError {
    /// The file can't be found, or run.
    File(FsError),
    /// It can't be loaded.
    Load(LoadError),
    /// Its first line doesn't name an interpreter.
    Script(ScriptError),
    /// Too many scripts are the interpreters of scripts: ELOOP.
    TooManyScripts,
    /// The thread has to end. Programs never see this error.
    Ends,
}

impl fmt::Display for ExecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Load(error) => error.fmt(f),
            Self::Script(error) => error.fmt(f),
            Self::TooManyScripts => f.write_str("too many scripts are the interpreters of scripts"),
            Self::Ends => f.write_str("the thread has to end"),
        }
    }
}

impl core::error::Error for ExecError {}

impl From<Ends> for ExecError {
    fn from(_: Ends) -> Self {
        Self::Ends
    }
}

impl From<FsError> for ExecError {
    fn from(error: FsError) -> Self {
        Self::File(error)
    }
}

impl From<LoadError> for ExecError {
    fn from(error: LoadError) -> Self {
        Self::Load(error)
    }
}

/// The file of a program.
#[derive(Clone, Copy, Debug)]
pub enum Executable<'a> {
    /// The file at this path of the command, and whether a link in its last part is followed.
    Path(&'a Path, LastLink),
    /// This file, and whether the path of the command is invalid after the exec, so that the file
    /// can't be a script.
    File(&'a Path, IsHidden),
}

/// Whether a path is invalid after an exec, because it leads to a descriptor that is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IsHidden {
    /// It is.
    Yes,
    /// It isn't.
    No,
}

/// A program with its arguments.
pub struct Command {
    /// The path of the file, as the program sees it.
    pub path: Vec<u8>,
    /// The arguments, from number 0 on.
    pub arguments: Vec<Vec<u8>>,
    /// The environment.
    pub environment: Vec<Vec<u8>>,
}

/// A program that is ready to replace the running one.
pub(super) struct Prepared {
    pub(super) loaded: Loaded,
    pub(super) program: ProgramInfo,
    pub(super) identity: Arc<Identity>,
}

/// Finds and loads a program for a thread with this identity, without changing any process. May
/// wait.
///
/// # Errors
/// See [`ExecError`].
pub(super) fn prepare<'a>(
    process: &Process,
    identity: Arc<Identity>,
    surroundings: &'a Surroundings,
    mut executable: Executable<'a>,
    mut command: Command,
) -> Result<Prepared, ExecError> {
    let name = file_name(&command.path).to_vec();
    let mut path = command.path.clone();
    for _ in 0..=SCRIPTS_MAX {
        let file = match executable {
            Executable::File(file, _) => file.clone(),
            Executable::Path(start, last_link) => {
                look_up_path(&caller_of(surroundings, &identity).at(start), &path, last_link)?
            }
        };
        check_executable(&file, &identity)?;
        // The file can't be written from here on until it is mapped, or its interpreter is looked
        // up.
        let _denied = file.inode().deny_writing()?;
        let mut head = [0; SCRIPT_HEAD_BYTES];
        let len = loader::read_head(&file, &mut head)?;
        match Script::parse(&head[..len]) {
            Err(ScriptError::NotScript) => {
                return load(process, identity, file, &name, &command);
            }
            Err(error) => return Err(ExecError::Script(error)),
            Ok(_) if matches!(executable, Executable::File(_, IsHidden::Yes)) => {
                return Err(FsError::NotFound.into());
            }
            Ok(script) => {
                // The interpreter, its argument, the path of the script, the other arguments of the
                // command.
                let mut arguments = Vec::new();
                arguments.push(script.interpreter.to_vec());
                arguments.extend(script.argument.map(<[u8]>::to_vec));
                arguments.push(path);
                arguments.extend(command.arguments.into_iter().skip(1));
                command.arguments = arguments;
                path = script.interpreter.to_vec();
                executable = Executable::Path(&surroundings.directory, LastLink::Follow);
            }
        }
    }
    Err(ExecError::TooManyScripts)
}

/// Returns the context in which a process looks up paths.
pub fn caller_of<'a>(surroundings: &'a Surroundings, identity: &'a Identity) -> Caller<'a> {
    Caller {
        credentials: &identity.credentials,
        root: &surroundings.root,
        directory: &surroundings.directory,
        umask: Mode::from_bits_truncate(surroundings.mask),
    }
}

fn check_executable(file: &Path, identity: &Identity) -> Result<(), FsError> {
    let inode = file.inode();
    if inode.kind() == FileKind::Symlink {
        return Err(FsError::TooManyLinks);
    }
    if inode.kind() != FileKind::Regular || file.mount().flags().contains(MountFlags::NO_EXEC) {
        return Err(FsError::PermissionDenied);
    }
    identity.credentials.check(inode.permissions(), Access::EXECUTE)
}

fn load(
    process: &Process,
    identity: Arc<Identity>,
    file: Path,
    name: &[u8],
    command: &Command,
) -> Result<Prepared, ExecError> {
    let has_new_privileges = !process.attributes.has_no_new_privileges();
    let identity = with_file_ids(&file, identity, has_new_privileges)?;
    let limits = process.limits();
    let environment = strings(command, &limits).map_err(LoadError::Stack)?;
    let loaded = loader::load(&file, &command.path, environment, &identity, &limits)?;
    let range =
        |range: core::ops::Range<x86_64::VirtAddr>| (range.start.as_u64(), range.end.as_u64());
    let program = ProgramInfo {
        file,
        name: shortened(name),
        arguments: range(loaded.stack.arguments()),
        environment: range(loaded.stack.environment()),
        auxiliary_vector: loaded.stack.auxiliary_vector().into(),
    };
    Ok(Prepared { loaded, program, identity })
}

fn strings(
    command: &Command,
    limits: &super::limits::ResourceLimits,
) -> Result<Environment, StackError> {
    let stack_bytes = limits.get(super::limits::Resource::Stack).soft;
    let mut arguments = initial_stack::Arguments::new(initial_stack::string_limit(stack_bytes));
    command.arguments.iter().try_for_each(|argument| arguments.push(argument))?;
    let mut environment = arguments.environment()?;
    command.environment.iter().try_for_each(|string| environment.push(string))?;
    Ok(environment)
}

/// Returns the identity in which a program runs: the owner of its file, if the file has the
/// set-user-ID bit, and its capabilities.
fn with_file_ids(
    file: &Path,
    identity: Arc<Identity>,
    has_new_privileges: bool,
) -> Result<Arc<Identity>, ExecError> {
    let (mode, (uid, gid)) = (file.inode().mode(), file.inode().owner());
    let is_honoured = has_new_privileges && !file.mount().flags().contains(MountFlags::NO_SUID);
    let sets_uid = is_honoured && mode.contains(Mode::SET_UID);
    let sets_gid = is_honoured && mode.contains(Mode::SET_GID | Mode::GROUP_EXECUTE);
    let mut changed = (*identity).clone();
    if sets_uid {
        changed.effective_uid = uid;
    }
    if sets_gid {
        changed.effective_gid = gid;
    }
    let executed = Executed {
        real_uid: changed.uid,
        effective_uid: changed.effective_uid,
        is_setid: changed.uid != changed.effective_uid || changed.gid != changed.effective_gid,
        has_no_new_privileges: !has_new_privileges,
    };
    let (capabilities, keeps_ids) = changed.capabilities.execute(executed);
    if !keeps_ids {
        (changed.effective_uid, changed.effective_gid) = (changed.uid, changed.gid);
    }
    changed.set_capabilities(capabilities);
    changed.saved_uid = changed.effective_uid;
    changed.saved_gid = changed.effective_gid;
    changed.credentials.uid = changed.effective_uid;
    changed.credentials.gid = changed.effective_gid;
    if changed == *identity {
        return Ok(identity);
    }
    Arc::try_new(changed).map_err(|_| ExecError::Load(LoadError::NoMemory))
}

/// Runs another program in the running thread's process, in place of the current one. The thread's
/// registers are in `frame`. May wait.
///
/// # Errors
/// See [`ExecError`]; then the current program continues.
pub fn exec(
    thread: &ProcessThread,
    frame: &mut TrapFrame,
    executable: Executable<'_>,
    command: Command,
) -> Result<(), ExecError> {
    let process = thread.process();
    let prepared =
        prepare(process, thread.identity(), &process.surroundings(), executable, command)?;
    process.descriptors.unshare().map_err(|_| LoadError::NoMemory)?;
    process.end_others(thread.handle())?;
    // From here on nothing can fail.
    let Prepared { loaded, program, identity } = prepared;
    let is_secure =
        identity.uid != identity.effective_uid || identity.gid != identity.effective_gid;
    process.attributes.set_dumpable(!is_secure);
    if is_secure {
        process.attributes.set_death_signal(None);
    }
    task::set_name(&program.name);
    let before = core::mem::replace(&mut *process.program.lock(), program);
    drop(before);
    process.timers.delete_all();
    process.descriptors().close_on_exec();
    thread.with_signals(|state, own| {
        state.dispositions.exec();
        own.exec();
    });
    thread.set_clear_on_exit(0);
    thread.set_robust_list(0);
    thread.set_rseq(None);
    let in_table = table::lock().remove_thread(thread.tid());
    drop(in_table);
    thread.handle().set_tid(process.pid());
    thread.set_identity(identity);
    *frame = TrapFrame::of_program(loaded.entry.as_u64(), loaded.stack.rsp().as_u64());
    let own = process.memory.lock().replace(loaded.memory.clone());
    if let Some(own) = &own {
        process.usage.note_pages(own.memory_use().pages_max);
    }
    let scheduled = task::exec(loaded.memory);
    drop((own, scheduled));
    if let Some(entry) = table::lock().get_mut(process.pid()) {
        entry.has_executed = true;
        entry.end_signal = Some(Signal::CHLD);
    }
    process.released.wake_all();
    Ok(())
}

/// Returns the last part of a path.
fn file_name(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or(path)
}
