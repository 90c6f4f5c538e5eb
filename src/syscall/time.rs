//! Times: clock_gettime(2), nanosleep(2).

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use crate::arch::time::clock;
use crate::fs::time;
use crate::mm::user::pointer::UserPointer;
use crate::task;

const NS: u64 = 1_000_000_000;

// Source: Linux, include/uapi/linux/time.h.
const CLOCK_REALTIME: u32 = 0;
const CLOCK_MONOTONIC: u32 = 1;
const CLOCK_PROCESS_CPUTIME: u32 = 2;
const CLOCK_THREAD_CPUTIME: u32 = 3;
const CLOCK_MONOTONIC_RAW: u32 = 4;
const CLOCK_REALTIME_COARSE: u32 = 5;
const CLOCK_MONOTONIC_COARSE: u32 = 6;
const CLOCK_BOOTTIME: u32 = 7;

/// Returns the time of a clock, in nanoseconds.
fn now_ns(clock: u32) -> Result<u64, Failure> {
    match clock {
        CLOCK_REALTIME | CLOCK_REALTIME_COARSE => Ok(real_time_ns()),
        CLOCK_MONOTONIC | CLOCK_MONOTONIC_RAW | CLOCK_MONOTONIC_COARSE | CLOCK_BOOTTIME => {
            Ok(clock::now_ns())
        }
        CLOCK_PROCESS_CPUTIME | CLOCK_THREAD_CPUTIME => Ok(task::current().run_time_ns()),
        _ => Err(Errno::EINVAL.into()),
    }
}

pub(super) fn clock_gettime(call: &mut Call<'_>) -> CallResult {
    let ns = now_ns(call.argument_u32(0))?;
    call.pointer::<[u64; 2]>(1).write(&[ns / NS, ns % NS])?;
    Ok(0)
}

pub(super) fn clock_getres(call: &mut Call<'_>) -> CallResult {
    now_ns(call.argument_u32(0))?;
    if let Some(pointer) = call.pointer_or_null::<[u64; 2]>(1) {
        pointer.write(&[0, 1])?;
    }
    Ok(0)
}

pub(super) fn gettimeofday(call: &mut Call<'_>) -> CallResult {
    let ns = now_ns(CLOCK_REALTIME)?;
    if let Some(pointer) = call.pointer_or_null::<[u64; 2]>(0) {
        pointer.write(&[ns / NS, ns % NS / 1000])?;
    }
    if let Some(pointer) = call.pointer_or_null::<[u32; 2]>(1) {
        pointer.write(&[0, 0])?;
    }
    Ok(0)
}

pub(super) fn time(call: &mut Call<'_>) -> CallResult {
    let seconds = now_ns(CLOCK_REALTIME)? / NS;
    if let Some(pointer) = call.pointer_or_null::<u64>(0) {
        pointer.write(&seconds)?;
    }
    Ok(seconds)
}

/// Returns the time of CLOCK_REALTIME, in nanoseconds.
pub(super) fn real_time_ns() -> u64 {
    time::now_ns().max(0) as u64
}

/// Reads a `struct timespec`; returns it in nanoseconds.
///
/// # Errors
/// EFAULT; EINVAL if it is none.
pub(super) fn read_time(pointer: UserPointer<[i64; 2]>) -> Result<u64, Failure> {
    let [seconds, ns] = pointer.read()?;
    let is_valid = seconds >= 0 && (0..NS as i64).contains(&ns);
    if !is_valid {
        return Err(Errno::EINVAL.into());
    }
    Ok((seconds as u64).saturating_mul(NS).saturating_add(ns as u64))
}

/// Sleeps until `end_ns` on the kernel's clock; writes the rest if a signal comes.
fn sleep(end_ns: u64, rest: Option<UserPointer<[u64; 2]>>) -> CallResult {
    match task::sleep_until(end_ns) {
        Ok(()) => Ok(0),
        Err(_) => {
            let rest_ns = end_ns.saturating_sub(clock::now_ns());
            if let Some(pointer) = rest {
                pointer.write(&[rest_ns / NS, rest_ns % NS])?;
            }
            Err(Failure::Interrupted(::signals::Interruption::RestartWithoutHandler))
        }
    }
}

pub(super) fn nanosleep(call: &mut Call<'_>) -> CallResult {
    let ns = read_time(call.pointer(0))?;
    sleep(clock::now_ns().saturating_add(ns), call.pointer_or_null(1))
}

pub(super) fn clock_nanosleep(call: &mut Call<'_>) -> CallResult {
    const ABSOLUTE: u64 = 1;
    let clock = call.argument_u32(0);
    let now_ns = now_ns(clock)?;
    let ns = read_time(call.pointer(2))?;
    match call.argument(1) & ABSOLUTE {
        0 => sleep(clock::now_ns().saturating_add(ns), call.pointer_or_null(3)),
        _ => sleep(clock::now_ns().saturating_add(ns.saturating_sub(now_ns)), None),
    }
}
