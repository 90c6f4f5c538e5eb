//! The times of files: utimensat(2), utimes(2), utime(2).

use path_walk::LastLink;

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use super::place::{AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW, check_flags};
use super::stat::with_caller;
use crate::fs::namespace::change::{self, NewTime};

/// The times of the last read and the last write of a file, to be set.
type NewTimes = [NewTime; 2];

/// Returns a time in seconds and nanoseconds.
fn time(seconds: i64, ns: i64) -> Result<NewTime, Failure> {
    let ns = seconds.checked_mul(1_000_000_000).and_then(|it| it.checked_add(ns));
    Ok(NewTime::Ns(ns.ok_or(Errno::EINVAL)?))
}

/// Returns the time of a `struct timespec`.
fn of_timespec([seconds, ns]: [i64; 2]) -> Result<NewTime, Failure> {
    const UTIME_NOW: i64 = 0x3FFF_FFFF;
    const UTIME_OMIT: i64 = 0x3FFF_FFFE;
    match ns {
        UTIME_NOW => Ok(NewTime::Now),
        UTIME_OMIT => Ok(NewTime::Keep),
        0..1_000_000_000 => time(seconds, ns),
        _ => Err(Errno::EINVAL.into()),
    }
}

/// Returns the time of a `struct timeval`.
fn of_timeval([seconds, us]: [i64; 2]) -> Result<NewTime, Failure> {
    match us {
        0..1_000_000 => time(seconds, us * 1000),
        _ => Err(Errno::EINVAL.into()),
    }
}

/// Reads the two times of an argument. For a null pointer, both are the present time.
fn times(
    call: &Call<'_>,
    argument: usize,
    of: impl Fn([i64; 2]) -> Result<NewTime, Failure>,
) -> Result<NewTimes, Failure> {
    match call.pointer_or_null::<[[i64; 2]; 2]>(argument) {
        Some(pointer) => {
            let [accessed, modified] = pointer.read()?;
            Ok([of(accessed)?, of(modified)?])
        }
        None => Ok([NewTime::Now; 2]),
    }
}

/// Sets the times of the file that the arguments 0 and 1 select.
fn set_at(call: &Call<'_>, [accessed, modified]: NewTimes, flags: u32) -> CallResult {
    if call.argument(1) == 0 {
        // Without a path, the file is that of the descriptor.
        if flags != 0 {
            return Err(Errno::EINVAL.into());
        }
        let file = call.file(0)?;
        with_caller(call, |caller| change::set_times(caller, file.path(), accessed, modified))?;
        return Ok(0);
    }
    let place = call.place_at(Some(0), 1)?;
    let found = place.find_with(flags)?;
    change::set_times(&place.caller(), &found, accessed, modified)?;
    Ok(0)
}

/// Sets the times of the file whose path is the first argument.
fn set(call: &Call<'_>, [accessed, modified]: NewTimes) -> CallResult {
    let place = call.place(0)?;
    let found = place.find(LastLink::Follow)?;
    change::set_times(&place.caller(), &found, accessed, modified)?;
    Ok(0)
}

pub(super) fn utimensat(call: &mut Call<'_>) -> CallResult {
    let flags = call.argument_u32(3);
    let times = times(call, 2, of_timespec)?;
    if times == [NewTime::Keep; 2] {
        // As on Linux, the other arguments aren't checked.
        return Ok(0);
    }
    check_flags(flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)?;
    set_at(call, times, flags)
}

pub(super) fn futimesat(call: &mut Call<'_>) -> CallResult {
    set_at(call, times(call, 2, of_timeval)?, 0)
}

pub(super) fn utimes(call: &mut Call<'_>) -> CallResult {
    set(call, times(call, 1, of_timeval)?)
}

pub(super) fn utime(call: &mut Call<'_>) -> CallResult {
    let times = match call.pointer_or_null::<[i64; 2]>(1) {
        Some(pointer) => {
            let [accessed, modified] = pointer.read()?;
            [time(accessed, 0)?, time(modified, 0)?]
        }
        None => [NewTime::Now; 2],
    };
    set(call, times)
}
