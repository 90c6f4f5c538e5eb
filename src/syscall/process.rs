//! Processes: execve(2), exit(2), and their numbers.

use alloc::vec::Vec;
use core::fmt::Write;

use path_walk::LastLink;

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use super::file;
use super::path_text::PATH_MAX;
use super::place::{AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW};
use super::user_string::{copied, read_string};
use crate::fs::file::open_flags::OpenFlags;
use crate::mm::user::pointer::UserPointer;
use crate::process::descriptors::{Descriptor, OnExec};
use crate::process::exec::{self, Command, Executable, IsHidden};
use crate::process::exit_status::ExitStatus;
use crate::process::pid::Pid;
use crate::process::pidfd;
use crate::process::table;

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

/// The largest argument or string of the environment, in bytes: MAX_ARG_STRLEN.
const STRING_MAX: usize = initial_stack::STRING_BYTES_MAX;

pub(super) fn execve(call: &mut Call<'_>) -> CallResult {
    let command = Command {
        path: read_string(call.argument(0), PATH_MAX, Errno::ENAMETOOLONG)?,
        arguments: strings(call.argument(1))?,
        environment: strings(call.argument(2))?,
    };
    let start = call.process().surroundings().directory;
    exec::exec(call.thread, call.frame, Executable::Path(&start, LastLink::Follow), command)?;
    Err(Failure::RegistersAreSet)
}

/// Executes the file of a path relative to the directory of a descriptor, or the descriptor's own
/// file.
pub(super) fn execveat(call: &mut Call<'_>) -> CallResult {
    let flags = call.argument_u32(4);
    let is_empty = call.path(1)?.is_empty();
    if is_empty && flags & AT_EMPTY_PATH == 0 {
        return Err(Errno::ENOENT.into());
    }
    let place = call.place_at(Some(0), 1)?;
    let (arguments, environment) = (strings(call.argument(2))?, strings(call.argument(3))?);
    if flags & !(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) != 0 {
        return Err(Errno::EINVAL.into());
    }
    let fd = call.argument_u32(0);
    let is_of_descriptor = place.is_of_descriptor(fd as i32);
    let is_closed = is_of_descriptor
        && call.process().descriptors().on_exec(fd).is_ok_and(|on_exec| on_exec == OnExec::Close);
    let is_hidden = if is_closed { IsHidden::Yes } else { IsHidden::No };
    let path = match is_of_descriptor {
        true => descriptor_path(fd, &place.path)?,
        false => copied(&place.path)?,
    };
    let command = Command { path, arguments, environment };
    let last_link = match flags & AT_SYMLINK_NOFOLLOW {
        0 => LastLink::Follow,
        _ => LastLink::Keep,
    };
    let found;
    let executable = if is_empty {
        Executable::File(place.directory(), is_hidden)
    } else if is_of_descriptor {
        found = place.find(last_link)?;
        Executable::File(&found, is_hidden)
    } else {
        Executable::Path(place.directory(), last_link)
    };
    exec::exec(call.thread, call.frame, executable, command)?;
    Err(Failure::RegistersAreSet)
}

/// Returns the path by which a script's interpreter finds a file that a descriptor named.
fn descriptor_path(fd: u32, path: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut prefix = heapless::String::<24>::new();
    write!(prefix, "/dev/fd/{fd}").map_err(|_| Errno::ENAMETOOLONG)?;
    let mut whole = Vec::new();
    whole.try_reserve_exact(prefix.len() + 1 + path.len()).map_err(|_| Errno::ENOMEM)?;
    whole.extend_from_slice(prefix.as_bytes());
    if !path.is_empty() {
        whole.push(b'/');
        whole.extend_from_slice(path);
    }
    Ok(whole)
}

/// Reads an array of pointers to strings, which a null pointer ends. As on Linux, a null pointer
/// instead of the array means an empty one.
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

/// Ends only the calling thread.
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

pub(super) fn set_tid_address(call: &mut Call<'_>) -> CallResult {
    call.thread.set_clear_on_exit(call.argument(0));
    gettid(call)
}

pub(super) fn pidfd_open(call: &mut Call<'_>) -> CallResult {
    let flags = OpenFlags::from_bits(call.argument_u32(1)).ok_or(Errno::EINVAL)?;
    let number = call.argument_i32(0);
    if !OpenFlags::NONBLOCK.contains(flags) || number <= 0 {
        return Err(Errno::EINVAL.into());
    }
    let pid = Pid::try_new(number as u32).ok_or(Errno::ESRCH)?;
    let Some(process) = table::find(pid) else {
        let is_thread = table::find_thread(pid).is_some();
        return Err(if is_thread { Errno::EINVAL } else { Errno::ESRCH }.into());
    };
    let file = pidfd::open(&process, flags)?;
    Ok(file::place(call, Descriptor { file, on_exec: OnExec::Close }, 0)?.into())
}
