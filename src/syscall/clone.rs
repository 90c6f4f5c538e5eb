//! Making processes and threads: fork(2), vfork(2), clone(2), clone3(2).

use ::signals::Signal;

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use super::file;
use super::versioned;
use crate::fs::file::open_flags::OpenFlags;
use crate::mm::user::pointer::UserPointer;
use crate::process::descriptors::{Descriptor, OnExec};
use crate::process::fork::{self, ForkOptions};
use crate::process::pid::Pid;
use crate::process::pidfd;
use crate::process::table;
use crate::process::thread_start::{self, ThreadOptions};

// Source: Linux, include/uapi/linux/sched.h.
const CSIGNAL: u64 = 0xFF;
const CLONE_VM: u64 = 0x100;
const CLONE_FS: u64 = 0x200;
const CLONE_FILES: u64 = 0x400;
const CLONE_SIGHAND: u64 = 0x800;
const CLONE_PIDFD: u64 = 0x1000;
const CLONE_VFORK: u64 = 0x4000;
const CLONE_THREAD: u64 = 0x1_0000;
const CLONE_SYSVSEM: u64 = 0x4_0000;
const CLONE_SETTLS: u64 = 0x8_0000;
const CLONE_PARENT_SETTID: u64 = 0x10_0000;
const CLONE_CHILD_CLEARTID: u64 = 0x20_0000;
const CLONE_CHILD_SETTID: u64 = 0x100_0000;
const CLONE_DETACHED: u64 = 0x40_0000;
/// CLONE_UNTRACED and CLONE_IO have no effect.
const CLONE_WITHOUT_EFFECT: u64 = 0x80_0000 | 0x8000_0000;
const CLONE_CLEAR_SIGHAND: u64 = 0x1_0000_0000;

pub(super) fn fork(call: &mut Call<'_>) -> CallResult {
    let options = ForkOptions { end_signal: Some(Signal::CHLD), ..ForkOptions::default() };
    Ok(fork::fork(call.thread, call.frame, &options)?.number().into())
}

pub(super) fn vfork(call: &mut Call<'_>) -> CallResult {
    let options = ForkOptions {
        shares_memory: true,
        parent_waits: true,
        end_signal: Some(Signal::CHLD),
        ..ForkOptions::default()
    };
    Ok(fork::fork(call.thread, call.frame, &options)?.number().into())
}

/// The common part of clone(2) and clone3(2).
struct Request {
    flags: u64,
    end_signal: Option<Signal>,
    stack: Option<u64>,
    tls: u64,
    parent_tid: u64,
    child_tid: u64,
    pidfd: u64,
}

pub(super) fn clone(call: &mut Call<'_>) -> CallResult {
    let [flags, stack, parent_tid, child_tid, tls, _] =
        core::array::from_fn(|index| call.argument(index));
    // The upper half of the register is ignored; the lowest byte is the signal.
    let flags = flags & 0xFFFF_FFFF;
    if flags & CLONE_PIDFD != 0 && flags & CLONE_PARENT_SETTID != 0 {
        // Both would be written to the same address.
        return Err(Errno::EINVAL.into());
    }
    let request = Request {
        flags: flags & !CSIGNAL,
        end_signal: Signal::from_number(flags & CSIGNAL),
        stack: (stack != 0).then_some(stack),
        tls,
        parent_tid,
        child_tid,
        pidfd: parent_tid,
    };
    start(call, &request)
}

/// The words of a `struct clone_args`.
///
/// Source: Linux, include/uapi/linux/sched.h.
const CLONE_ARGS_WORDS: usize = 11;
/// The sizes of the structure in its first version, and in the newest.
const CLONE_ARGS_SIZE_VER0: u64 = 64;
const CLONE_ARGS_SIZE_MAX: u64 = 4096;

/// Reads a `struct clone_args`. The missing words of a smaller structure are 0; words after the
/// known ones have to be 0.
fn read_arguments(address: u64, size_bytes: u64) -> Result<[u64; CLONE_ARGS_WORDS], Failure> {
    match size_bytes {
        CLONE_ARGS_SIZE_VER0..=CLONE_ARGS_SIZE_MAX => {}
        ..CLONE_ARGS_SIZE_VER0 => return Err(Errno::EINVAL.into()),
        _ => return Err(Errno::E2BIG.into()),
    }
    versioned::read(address, size_bytes)
}

pub(super) fn clone3(call: &mut Call<'_>) -> CallResult {
    let words = read_arguments(call.argument(0), call.argument(1))?;
    let [
        flags,
        pidfd,
        child_tid,
        parent_tid,
        end_signal,
        stack,
        stack_bytes,
        tls,
        set_tid,
        set_tid_count,
        cgroup,
    ] = words;
    // A program can't choose numbers of processes, and there are no control groups.
    if set_tid != 0 || set_tid_count != 0 || cgroup != 0 {
        return Err(Errno::EINVAL.into());
    }
    let is_signal = end_signal == 0 || Signal::from_number(end_signal).is_some();
    if flags & (CLONE_DETACHED | CSIGNAL) != 0 || !is_signal {
        return Err(Errno::EINVAL.into());
    }
    let shares_handlers = flags & (CLONE_SIGHAND | CLONE_CLEAR_SIGHAND);
    let ends_silently = flags & CLONE_THREAD != 0 && end_signal != 0;
    if shares_handlers == CLONE_SIGHAND | CLONE_CLEAR_SIGHAND || ends_silently {
        return Err(Errno::EINVAL.into());
    }
    let stack = match (stack, stack_bytes) {
        (0, 0) => None,
        (0, _) | (_, 0) => return Err(Errno::EINVAL.into()),
        _ => Some(stack.checked_add(stack_bytes).ok_or(Errno::EINVAL)?),
    };
    let end_signal = Signal::from_number(end_signal);
    start(call, &Request { flags, end_signal, stack, tls, parent_tid, child_tid, pidfd })
}

/// Makes the process or thread of a request.
fn start(call: &Call<'_>, request: &Request) -> CallResult {
    // Namespaces aren't supported.
    const KNOWN: u64 = CLONE_VM
        | CLONE_FS
        | CLONE_FILES
        | CLONE_SIGHAND
        | CLONE_PIDFD
        | CLONE_VFORK
        | CLONE_THREAD
        | CLONE_SYSVSEM
        | CLONE_SETTLS
        | CLONE_PARENT_SETTID
        | CLONE_CHILD_CLEARTID
        | CLONE_CHILD_SETTID
        | CLONE_DETACHED
        | CLONE_CLEAR_SIGHAND
        | CLONE_WITHOUT_EFFECT;
    if request.flags & !KNOWN != 0 {
        return Err(Errno::EINVAL.into());
    }
    let has = |flag: u64| request.flags & flag != 0;
    let thread = ThreadOptions {
        stack: request.stack,
        fs_base: has(CLONE_SETTLS).then_some(request.tls),
        set_parent_tid: has(CLONE_PARENT_SETTID).then_some(request.parent_tid),
        set_child_tid: has(CLONE_CHILD_SETTID).then_some(request.child_tid),
        clear_child_tid: has(CLONE_CHILD_CLEARTID).then_some(request.child_tid),
    };
    if has(CLONE_THREAD) {
        // The resources that all threads of a process share here.
        const SHARED: u64 = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND;
        if request.flags & (SHARED | CLONE_VFORK | CLONE_PIDFD) != SHARED {
            return Err(Errno::EINVAL.into());
        }
        let tid = thread_start::start_thread(call.thread, call.frame, &thread)?;
        return Ok(tid.number().into());
    }
    // Each process has its own signal handlers.
    if has(CLONE_SIGHAND) || (has(CLONE_PIDFD) && has(CLONE_DETACHED)) {
        return Err(Errno::EINVAL.into());
    }
    let options = ForkOptions {
        shares_memory: has(CLONE_VM),
        parent_waits: has(CLONE_VFORK),
        shares_descriptors: has(CLONE_FILES),
        shares_surroundings: has(CLONE_FS),
        end_signal: request.end_signal,
        clears_handlers: has(CLONE_CLEAR_SIGHAND),
        thread,
    };
    let pid = fork::fork(call.thread, call.frame, &options)?;
    if has(CLONE_PIDFD) {
        give_descriptor(call, pid, request.pidfd)?;
    }
    Ok(pid.number().into())
}

/// Opens a descriptor of a child, and writes its number to `address`.
fn give_descriptor(call: &Call<'_>, pid: Pid, address: u64) -> Result<(), Failure> {
    let process = table::find(pid).ok_or(Errno::ESRCH)?;
    let file = pidfd::open(&process, OpenFlags::empty())?;
    let fd = file::place(call, Descriptor { file, on_exec: OnExec::Close }, 0)?;
    Ok(UserPointer::<u32>::new(address).write(&fd)?)
}
