//! Sets of files: epoll_create1(2), epoll_ctl(2), epoll_wait(2).

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use super::file;
use super::signal;
use super::timeout::{self, Timeout};
use crate::fs::error::FsError;
use crate::fs::file::epoll::events::{Interest, SetEvents};
use crate::fs::file::epoll::{self, FileSet};
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::file::poll::PollWait;
use crate::mm::user::pointer::UserPointer;
use crate::process::descriptors::Descriptor;

/// A `struct epoll_event`, in words of 4 bytes: the readiness of the file, and 64 bits that belong
/// to the program.
///
/// Source: Linux, include/uapi/linux/eventpoll.h (EPOLL_PACKED).
type Event = [u32; 3];

fn make(call: &Call<'_>, flags: OpenFlags) -> CallResult {
    let descriptor = Descriptor { file: epoll::open()?, on_exec: file::on_exec(flags) };
    Ok(file::place(call, descriptor, 0)?.into())
}

pub(super) fn epoll_create(call: &mut Call<'_>) -> CallResult {
    // The size was used in early versions of Linux.
    match call.argument_i32(0) {
        ..=0 => Err(Errno::EINVAL.into()),
        _ => make(call, OpenFlags::empty()),
    }
}

pub(super) fn epoll_create1(call: &mut Call<'_>) -> CallResult {
    match OpenFlags::from_bits(call.argument_u32(0)) {
        Some(flags) if OpenFlags::CLOSE_ON_EXEC.contains(flags) => make(call, flags),
        _ => Err(Errno::EINVAL.into()),
    }
}

pub(super) fn epoll_ctl(call: &mut Call<'_>) -> CallResult {
    const ADD: u32 = 1;
    const REMOVE: u32 = 2;
    const CHANGE: u32 = 3;
    let (operation, fd) = (call.argument_u32(1), call.argument_u32(2));
    let [events, low, high] = match operation {
        REMOVE => [0; 3],
        _ => call.pointer::<Event>(3).read()?,
    };
    let (set_file, file) = (call.file(0)?, call.file(2)?);
    if file.poll_queue().is_none() {
        return Err(Errno::EPERM.into());
    }
    let set = match FileSet::of(&set_file) {
        Some(set) if !alloc::sync::Arc::ptr_eq(&set_file, &file) => set,
        _ => return Err(Errno::EINVAL.into()),
    };
    let events = SetEvents::from_bits_retain(events);
    let interest = Interest { events, data: u64::from(low) | u64::from(high) << 32 };
    match operation {
        ADD => set.add(fd, &file, interest)?,
        REMOVE => set.remove(fd, &file)?,
        CHANGE => set.change(fd, &file, interest)?,
        _ => return Err(Errno::EINVAL.into()),
    }
    Ok(0)
}

/// Waits for the set of the first argument. If a signal interrupts the wait, the call is never
/// executed again.
fn wait(call: &Call<'_>, wait: PollWait) -> CallResult {
    const COUNT_MAX: usize = i32::MAX as usize / size_of::<Event>();
    let max = match usize::try_from(call.argument_i32(2)) {
        Ok(max @ 1..=COUNT_MAX) => max,
        _ => return Err(Errno::EINVAL.into()),
    };
    let events = call.pointer::<Event>(1);
    file::check_range(events.address(), max as u64 * size_of::<Event>() as u64)?;
    let file = call.file(0)?;
    let set = FileSet::of(&file).ok_or(Errno::EINVAL)?;
    let mut place = 0;
    let count = set.wait(max, wait, |readiness, data| {
        let event = [readiness.bits().into(), data as u32, (data >> 32) as u32];
        let at: UserPointer<Event> = events.at(place).map_err(|_| FsError::BadAddress)?;
        at.write(&event).map_err(|_| FsError::BadAddress)?;
        place += 1;
        Ok(())
    })?;
    Ok(count as u64)
}

pub(super) fn epoll_wait(call: &mut Call<'_>) -> CallResult {
    wait(call, timeout::wait_of_ms(call.argument_i32(3)))
}

/// Waits with the signals blocked that are in the set of the arguments 4 and 5.
fn wait_blocked(call: &mut Call<'_>, how_long: PollWait) -> Result<u64, Failure> {
    let (set, set_bytes) = (call.pointer_or_null(4), call.argument(5));
    signal::with_blocked(call, set, set_bytes, |call| wait(call, how_long))
}

pub(super) fn epoll_pwait(call: &mut Call<'_>) -> CallResult {
    wait_blocked(call, timeout::wait_of_ms(call.argument_i32(3)))
}

pub(super) fn epoll_pwait2(call: &mut Call<'_>) -> CallResult {
    wait_blocked(call, Timeout::of_timespec(call, 3)?.wait)
}
