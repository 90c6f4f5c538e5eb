//! Waiting for children: wait4(2), waitid(2).

use ::signals::{ChildStatus, Signal};

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use super::usage::{self, Rusage};
use crate::fs::file::open_flags::OpenFlags;
use crate::process::pid::{Pid, Selection};
use crate::process::pidfd;
use crate::process::table;
use crate::process::wait::{self, Changes, Kinds, WaitError, WaitRequest, Waited};

// Source: Linux, include/uapi/linux/wait.h.
const WNOHANG: u32 = 1;
const WSTOPPED: u32 = 2;
const WEXITED: u32 = 4;
const WCONTINUED: u32 = 8;
const WNOWAIT: u32 = 0x0100_0000;
/// `__WNOTHREAD` has no effect: all threads of a process share its children.
const WNOTHREAD: u32 = 0x2000_0000;
const WALL: u32 = 0x4000_0000;
const WCLONE: u32 = 0x8000_0000;
const KINDS: u32 = WNOTHREAD | WALL | WCLONE;

fn kinds(options: u32) -> Kinds {
    match options {
        _ if options & WALL != 0 => Kinds::All,
        _ if options & WCLONE != 0 => Kinds::Clones,
        _ => Kinds::Ordinary,
    }
}

/// Waits; `None` if nothing has changed and the wait is immediate.
fn wait(call: &Call<'_>, request: &WaitRequest) -> Result<Option<Waited>, Failure> {
    wait::wait(call.process(), request).map_err(|error| match error {
        WaitError::NoChildren => Errno::ECHILD.into(),
        WaitError::Interrupted => Failure::RESTART,
    })
}

/// Writes the usage of the child to the address in an argument, unless that is null.
fn write_usage(call: &Call<'_>, index: usize, waited: &Waited) -> Result<(), Failure> {
    if let Some(pointer) = call.pointer_or_null::<Rusage>(index) {
        pointer.write(&usage::rusage_of(&waited.usage))?;
    }
    Ok(())
}

pub(super) fn wait4(call: &mut Call<'_>) -> CallResult {
    let options = call.argument_u32(2);
    if options & !(WNOHANG | WSTOPPED | WCONTINUED | KINDS) != 0 {
        return Err(Errno::EINVAL.into());
    }
    let changes = Changes {
        ended: true,
        stopped: options & WSTOPPED != 0,
        continued: options & WCONTINUED != 0,
    };
    let request = WaitRequest {
        children: call.selection(0)?.ok_or(Errno::ECHILD)?,
        kinds: kinds(options),
        changes,
        keeps: false,
        is_immediate: options & WNOHANG != 0,
    };
    let Some(waited) = wait(call, &request)? else {
        return Ok(0);
    };
    if let Some(status) = call.pointer_or_null::<u32>(1) {
        status.write(&ChildStatus::wait_status(waited.status))?;
    }
    write_usage(call, 3, &waited)?;
    Ok(waited.pid.number().into())
}

/// Returns the children that the first two arguments of waitid(2) select, and whether they are
/// selected by a descriptor that is non-blocking.
fn children(call: &Call<'_>) -> Result<(Selection, bool), Failure> {
    // Source: Linux, include/uapi/linux/wait.h.
    const P_ALL: u32 = 0;
    const P_PID: u32 = 1;
    const P_PGID: u32 = 2;
    const P_PIDFD: u32 = 3;
    let id = call.argument_i32(1);
    let pid = |id: i32| Pid::try_new(id as u32).ok_or(Errno::ECHILD);
    let selection = match (call.argument_u32(0), id) {
        (P_ALL, _) => Selection::All,
        (P_PID, 1..) => Selection::Process(pid(id)?),
        (P_PGID, 0) => {
            let own = table::relations(call.process().pid()).ok_or(Errno::ECHILD)?;
            Selection::Group(own.group)
        }
        (P_PGID, 1..) => Selection::Group(pid(id)?),
        (P_PIDFD, 0..) => {
            let file = call.file(1)?;
            let process = pidfd::process_of(&file).ok_or(Errno::EBADF)?;
            if !pidfd::is_there(process) {
                return Err(Errno::ECHILD.into());
            }
            let is_nonblocking = file.flags().contains(OpenFlags::NONBLOCK);
            return Ok((Selection::Process(process.pid()), is_nonblocking));
        }
        _ => return Err(Errno::EINVAL.into()),
    };
    Ok((selection, false))
}

pub(super) fn waitid(call: &mut Call<'_>) -> CallResult {
    const CHANGES: u32 = WEXITED | WSTOPPED | WCONTINUED;
    let options = call.argument_u32(3);
    if options & !(WNOHANG | WNOWAIT | CHANGES | KINDS) != 0 || options & CHANGES == 0 {
        return Err(Errno::EINVAL.into());
    }
    let (children, is_nonblocking) = children(call)?;
    let request = WaitRequest {
        children,
        kinds: kinds(options),
        changes: Changes {
            ended: options & WEXITED != 0,
            stopped: options & WSTOPPED != 0,
            continued: options & WCONTINUED != 0,
        },
        keeps: options & WNOWAIT != 0,
        is_immediate: is_nonblocking || options & WNOHANG != 0,
    };
    let waited = wait(call, &request)?;
    if waited.is_none() && is_nonblocking && options & WNOHANG == 0 {
        return Err(Errno::EAGAIN.into());
    }
    if let Some(waited) = &waited {
        write_usage(call, 4, waited)?;
    }
    // The number, the error and the code; 4 unused bytes; the child, its user and its status.
    let [first, second] = match waited {
        None => [[0; 3]; 2],
        Some(waited) => {
            let (code, status) = waited.status.code_and_status();
            let number = Signal::CHLD.number().into();
            [[number, 0, code.0], [waited.pid.number() as i32, waited.uid as i32, status]]
        }
    };
    if let Some(info) = call.pointer_or_null::<i32>(2) {
        for (at, words) in [(0, first), (4, second)] {
            for (index, word) in (at..).zip(words) {
                info.at(index)?.write(&word)?;
            }
        }
    }
    Ok(0)
}
