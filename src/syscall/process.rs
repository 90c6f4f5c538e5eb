//! Processes: fork(2), vfork(2), clone(2), execve(2), exit(2), wait4(2), and their numbers.

use alloc::vec::Vec;

use ::signals::{ChildStatus, Signal};

use super::call::{Call, CallResult, Failure, read_string};
use super::errno::Errno;
use crate::mm::user::pointer::UserPointer;
use crate::process::exec::{self, Command};
use crate::process::exit_status::ExitStatus;
use crate::process::fork::{self, ForkOptions};
use crate::process::table;
use crate::process::thread_start::{self, ThreadOptions};
use crate::process::wait::{self, Changes, WaitError, WaitRequest};

// Source: Linux, include/uapi/linux/sched.h.
const CSIGNAL: u64 = 0xFF;
const CLONE_VM: u64 = 0x100;
const CLONE_FS: u64 = 0x200;
const CLONE_FILES: u64 = 0x400;
const CLONE_SIGHAND: u64 = 0x800;
const CLONE_VFORK: u64 = 0x4000;
const CLONE_THREAD: u64 = 0x1_0000;
const CLONE_SYSVSEM: u64 = 0x4_0000;
const CLONE_SETTLS: u64 = 0x8_0000;
const CLONE_PARENT_SETTID: u64 = 0x10_0000;
const CLONE_CHILD_CLEARTID: u64 = 0x20_0000;
const CLONE_CHILD_SETTID: u64 = 0x100_0000;
/// CLONE_DETACHED and CLONE_UNTRACED have no effect.
const CLONE_WITHOUT_EFFECT: u64 = 0x40_0000 | 0x80_0000;

pub(super) fn getpid(call: &mut Call<'_>) -> CallResult {
    Ok(call.process().pid().number().into())
}

pub(super) fn gettid(call: &mut Call<'_>) -> CallResult {
    Ok(call.thread.tid().number().into())
}

pub(super) fn getppid(call: &mut Call<'_>) -> CallResult {
    let parent = table::relations(call.process().pid()).and_then(|it| it.parent);
    Ok(parent.map_or(0, |parent| parent.number().into()))
}

pub(super) fn fork(call: &mut Call<'_>) -> CallResult {
    let options = ForkOptions { end_signal: Some(Signal::CHLD), ..ForkOptions::default() };
    start(call, &options)
}

pub(super) fn vfork(call: &mut Call<'_>) -> CallResult {
    let options = ForkOptions {
        shares_memory: true,
        parent_waits: true,
        end_signal: Some(Signal::CHLD),
        ..ForkOptions::default()
    };
    start(call, &options)
}

fn start(call: &Call<'_>, options: &ForkOptions) -> CallResult {
    let pid = fork::fork(call.thread, call.frame, options)?;
    Ok(pid.number().into())
}

pub(super) fn clone(call: &mut Call<'_>) -> CallResult {
    let [flags, stack, parent_tid, child_tid, tls, _] =
        core::array::from_fn(|index| call.argument(index));
    // Name spaces aren't there.
    let known = CSIGNAL
        | CLONE_VM
        | CLONE_FS
        | CLONE_FILES
        | CLONE_SIGHAND
        | CLONE_VFORK
        | CLONE_THREAD
        | CLONE_SYSVSEM
        | CLONE_SETTLS
        | CLONE_PARENT_SETTID
        | CLONE_CHILD_CLEARTID
        | CLONE_CHILD_SETTID
        | CLONE_WITHOUT_EFFECT;
    if flags & !known != 0 {
        return Err(Errno::EINVAL.into());
    }
    let has = |flag: u64| flags & flag != 0;
    let thread = ThreadOptions {
        stack: (stack != 0).then_some(stack),
        fs_base: has(CLONE_SETTLS).then_some(tls),
        set_parent_tid: has(CLONE_PARENT_SETTID).then_some(parent_tid),
        set_child_tid: has(CLONE_CHILD_SETTID).then_some(child_tid),
        clear_child_tid: has(CLONE_CHILD_CLEARTID).then_some(child_tid),
    };
    if has(CLONE_THREAD) {
        // What the threads of a process share here.
        const SHARED: u64 = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND;
        if flags & (SHARED | CLONE_VFORK) != SHARED {
            return Err(Errno::EINVAL.into());
        }
        let tid = thread_start::start_thread(call.thread, call.frame, &thread)?;
        return Ok(tid.number().into());
    }
    // Processes have signal handlers of their own.
    if has(CLONE_SIGHAND) {
        return Err(Errno::EINVAL.into());
    }
    start(
        call,
        &ForkOptions {
            shares_memory: has(CLONE_VM),
            parent_waits: has(CLONE_VFORK),
            shares_descriptors: has(CLONE_FILES),
            shares_surroundings: has(CLONE_FS),
            end_signal: Signal::from_number(flags & CSIGNAL),
            clears_handlers: false,
            thread,
        },
    )
}

/// The most bytes of an argument or of a string of the environment: MAX_ARG_STRLEN.
const STRING_MAX: usize = initial_stack::STRING_BYTES_MAX;

pub(super) fn execve(call: &mut Call<'_>) -> CallResult {
    let command = Command {
        path: call.path(0)?,
        arguments: strings(call.argument(1))?,
        environment: strings(call.argument(2))?,
    };
    let directory = call.process().surroundings().directory;
    exec::exec(call.thread, call.frame, &directory, command)?;
    Err(Failure::RegistersAreSet)
}

/// Reads an array of pointers to strings, which a null pointer ends. A null pointer to the array is
/// an empty one, as on Linux.
fn strings(array: u64) -> Result<Vec<Vec<u8>>, Failure> {
    let mut strings = Vec::new();
    let mut total = 0;
    if array == 0 {
        return Ok(strings);
    }
    for index in 0.. {
        let string = UserPointer::<u64>::new(array).at(index)?.read()?;
        if string == 0 {
            break;
        }
        let string = read_string(string, STRING_MAX, Errno::E2BIG)?;
        total += string.len() + 1 + size_of::<u64>();
        if total > initial_stack::string_limit(u64::MAX) {
            return Err(Errno::E2BIG.into());
        }
        strings.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        strings.push(string);
    }
    Ok(strings)
}

/// Ends the thread alone.
pub(super) fn exit(call: &mut Call<'_>) -> CallResult {
    let status = ExitStatus::Exited(call.argument(0) as u8);
    call.thread.end(status);
    Ok(0)
}

pub(super) fn exit_group(call: &mut Call<'_>) -> CallResult {
    let status = ExitStatus::Exited(call.argument(0) as u8);
    call.process().end(status);
    Ok(0)
}

// Source: Linux, include/uapi/linux/wait.h.
const WNOHANG: u32 = 1;
const WUNTRACED: u32 = 2;
const WCONTINUED: u32 = 8;
/// `__WNOTHREAD`, `__WALL` and `__WCLONE` have no effect: children are processes.
const WAIT_WITHOUT_EFFECT: u32 = 0xE000_0000;

pub(super) fn wait4(call: &mut Call<'_>) -> CallResult {
    let options = call.argument_u32(2);
    if options & !(WNOHANG | WUNTRACED | WCONTINUED | WAIT_WITHOUT_EFFECT) != 0 {
        return Err(Errno::EINVAL.into());
    }
    let changes = Changes {
        ended: true,
        stopped: options & WUNTRACED != 0,
        continued: options & WCONTINUED != 0,
    };
    let request = WaitRequest {
        children: call.selection(0)?.ok_or(Errno::ECHILD)?,
        changes,
        keeps: false,
        is_immediate: options & WNOHANG != 0,
    };
    let waited = match wait::wait(call.process(), &request) {
        Ok(None) => return Ok(0),
        Ok(Some(waited)) => waited,
        Err(WaitError::NoChildren) => return Err(Errno::ECHILD.into()),
        Err(WaitError::Interrupted) => return Err(Failure::RESTART),
    };
    if let Some(status) = call.pointer_or_null::<u32>(1) {
        status.write(&ChildStatus::wait_status(waited.status))?;
    }
    if let Some(usage) = call.pointer_or_null::<[u64; RUSAGE_WORDS]>(3) {
        usage.write(&[0; RUSAGE_WORDS])?;
    }
    Ok(waited.pid.number().into())
}

/// The size of a `struct rusage`, in words of 8 bytes.
const RUSAGE_WORDS: usize = 18;

pub(super) fn set_tid_address(call: &mut Call<'_>) -> CallResult {
    call.thread.set_clear_on_exit(call.argument(0));
    gettid(call)
}
