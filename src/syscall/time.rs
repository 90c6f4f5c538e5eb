//! Clocks: clock_gettime(2), clock_settime(2), gettimeofday(2).

use alloc::sync::Arc;

use capabilities::Capability;

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use crate::arch::time::clock;
use crate::fs::time;
use crate::mm::user::pointer::UserPointer;
use crate::process::accounting::CpuTimeKind;
use crate::process::pid::Pid;
use crate::process::process::Process;
use crate::process::table;
use crate::process::thread_handle::ThreadHandle;
use crate::task;

/// The nanoseconds of a second.
pub(super) const NS: u64 = clock::NS_PER_SECOND;

// Source: Linux, include/uapi/linux/time.h.
pub(super) const CLOCK_REALTIME: u32 = 0;
pub(super) const CLOCK_MONOTONIC: u32 = 1;
pub(super) const CLOCK_PROCESS_CPUTIME: u32 = 2;
pub(super) const CLOCK_THREAD_CPUTIME: u32 = 3;
const CLOCK_MONOTONIC_RAW: u32 = 4;
const CLOCK_REALTIME_COARSE: u32 = 5;
const CLOCK_MONOTONIC_COARSE: u32 = 6;
pub(super) const CLOCK_BOOTTIME: u32 = 7;
/// The same as the time of day, because there are no leap seconds.
pub(super) const CLOCK_TAI: u32 = 11;

/// Returns the time of a clock, in nanoseconds.
///
/// # Errors
/// EINVAL.
pub(super) fn now_ns(call: &Call<'_>, clock: u32) -> Result<u64, Failure> {
    match clock {
        CLOCK_REALTIME | CLOCK_REALTIME_COARSE | CLOCK_TAI => Ok(real_time_ns()),
        CLOCK_MONOTONIC | CLOCK_MONOTONIC_RAW | CLOCK_MONOTONIC_COARSE | CLOCK_BOOTTIME => {
            Ok(clock::now_ns())
        }
        CLOCK_PROCESS_CPUTIME => Ok(call.process().run_time_ns()),
        CLOCK_THREAD_CPUTIME => Ok(task::current().run_time_ns()),
        _ => Ok(cpu_clock(call, clock)?.now_ns()),
    }
}

/// Returns whether a clock can't be used for timers and sleeps, because it is a copy of another
/// clock, or that of a descriptor.
pub(super) fn is_only_read(clock: u32) -> bool {
    const OF_DESCRIPTOR: u32 = 3;
    let is_of_descriptor = (clock as i32) < 0 && clock & 7 == OF_DESCRIPTOR;
    is_of_descriptor
        || matches!(clock, CLOCK_MONOTONIC_RAW | CLOCK_REALTIME_COARSE | CLOCK_MONOTONIC_COARSE)
}

/// A clock of the CPU time of a process, or of one of its threads.
pub(super) struct CpuClock {
    pub(super) process: Arc<Process>,
    pub(super) thread: Option<Arc<ThreadHandle>>,
    pub(super) kind: CpuTimeKind,
}

impl CpuClock {
    /// Returns its time, in nanoseconds.
    pub(super) fn now_ns(&self) -> u64 {
        match &self.thread {
            Some(thread) => self.kind.of_thread(&self.process, thread),
            None => self.kind.of_process(&self.process),
        }
    }

    /// Returns the largest ratio of its speed to the kernel clock's.
    pub(super) fn rate(&self) -> u64 {
        match &self.thread {
            Some(_) => 1,
            None => self.process.thread_count().max(1) as u64,
        }
    }
}

/// Returns the clock of CPU time with a number: a negative number, which has the complement of the
/// number of the process or thread, and three bits that select the clock.
///
/// Source: clock_getcpuclockid(3); Linux, include/linux/posix-timers.h.
///
/// # Errors
/// EINVAL.
pub(super) fn cpu_clock(call: &Call<'_>, clock: u32) -> Result<CpuClock, Failure> {
    const OF_THREAD: u32 = 4;
    const KIND: u32 = 3;
    const USER: u32 = 1;
    const OF_DESCRIPTOR: u32 = 3;
    let (number, bits) = match clock {
        CLOCK_PROCESS_CPUTIME => (0, 0),
        CLOCK_THREAD_CPUTIME => (0, OF_THREAD),
        _ if (clock as i32) < 0 => (!(clock as i32 >> 3) as u32, clock),
        _ => return Err(Errno::EINVAL.into()),
    };
    let kind = match bits & KIND {
        OF_DESCRIPTOR => return Err(Errno::EINVAL.into()),
        USER => CpuTimeKind::User,
        _ => CpuTimeKind::All,
    };
    let is_of_thread = bits & OF_THREAD != 0;
    let (process, thread) = match number {
        0 => (call.process().clone(), is_of_thread.then(|| call.thread.handle().clone())),
        number if is_of_thread => {
            let member = Pid::try_new(number).and_then(table::find_thread).ok_or(Errno::EINVAL)?;
            if member.process.pid() != call.process().pid() {
                return Err(Errno::EINVAL.into());
            }
            (member.process, Some(member.thread))
        }
        number => (Pid::try_new(number).and_then(table::find).ok_or(Errno::EINVAL)?, None),
    };
    Ok(CpuClock { process, thread, kind })
}

pub(super) fn clock_gettime(call: &mut Call<'_>) -> CallResult {
    let ns = now_ns(call, call.argument_u32(0))?;
    call.pointer::<[u64; 2]>(1).write(&[ns / NS, ns % NS])?;
    Ok(0)
}

pub(super) fn clock_getres(call: &mut Call<'_>) -> CallResult {
    now_ns(call, call.argument_u32(0))?;
    if let Some(pointer) = call.pointer_or_null::<[u64; 2]>(1) {
        pointer.write(&[0, 1])?;
    }
    Ok(0)
}

pub(super) fn gettimeofday(call: &mut Call<'_>) -> CallResult {
    let ns = real_time_ns();
    if let Some(pointer) = call.pointer_or_null::<[u64; 2]>(0) {
        pointer.write(&[ns / NS, ns % NS / 1000])?;
    }
    if let Some(pointer) = call.pointer_or_null::<[u32; 2]>(1) {
        pointer.write(&[0, 0])?;
    }
    Ok(0)
}

pub(super) fn time(call: &mut Call<'_>) -> CallResult {
    let seconds = real_time_ns() / NS;
    if let Some(pointer) = call.pointer_or_null::<u64>(0) {
        pointer.write(&seconds)?;
    }
    Ok(seconds)
}

/// Returns the time of CLOCK_REALTIME, in nanoseconds.
pub(super) fn real_time_ns() -> u64 {
    time::now_ns().max(0) as u64
}

/// Returns a time in nanoseconds. The fraction of a second is in units of `1 / per_second`.
fn ns_of(seconds: i64, fraction: i64, per_second: u64) -> Result<u64, Errno> {
    let is_valid = seconds >= 0 && (0..per_second as i64).contains(&fraction);
    if !is_valid {
        return Err(Errno::EINVAL);
    }
    let fraction_ns = fraction as u64 * (NS / per_second);
    Ok((seconds as u64).saturating_mul(NS).saturating_add(fraction_ns))
}

/// Returns the time of a `struct timespec`, in nanoseconds.
///
/// # Errors
/// EINVAL if it isn't valid.
pub(super) fn ns_of_timespec(seconds: i64, ns: i64) -> Result<u64, Errno> {
    ns_of(seconds, ns, NS)
}

/// Returns the time of a `struct timeval`, in nanoseconds.
///
/// # Errors
/// EINVAL if it isn't valid.
pub(super) fn ns_of_timeval(seconds: i64, us: i64) -> Result<u64, Errno> {
    ns_of(seconds, us, 1_000_000)
}

/// Reads a `struct timespec`, and returns it in nanoseconds.
///
/// # Errors
/// EFAULT; EINVAL if it isn't valid.
pub(super) fn read_time(pointer: UserPointer<[i64; 2]>) -> Result<u64, Failure> {
    let [seconds, ns] = pointer.read()?;
    Ok(ns_of_timespec(seconds, ns)?)
}

/// Sets the time of day.
fn set_real_time(call: &Call<'_>, ns: u64) -> CallResult {
    // The time can't be before the start of the kernel's clock, and stays in the range for 30
    // years.
    const YEARS_30_NS: u64 = 30 * 365 * 24 * 3600 * NS;
    if ns > i64::MAX as u64 - YEARS_30_NS {
        return Err(Errno::EINVAL.into());
    }
    call.check_capability(Capability::SysTime)?;
    if ns < clock::now_ns() {
        return Err(Errno::EINVAL.into());
    }
    time::set_ns(ns as i64);
    Ok(0)
}

pub(super) fn clock_settime(call: &mut Call<'_>) -> CallResult {
    if call.argument_u32(0) != CLOCK_REALTIME {
        return Err(Errno::EINVAL.into());
    }
    let ns = read_time(call.pointer(1))?;
    set_real_time(call, ns)
}

pub(super) fn settimeofday(call: &mut Call<'_>) -> CallResult {
    let ns = match call.pointer_or_null::<[i64; 2]>(0) {
        Some(pointer) => {
            let [seconds, us] = pointer.read()?;
            Some(ns_of_timeval(seconds, us)?)
        }
        None => None,
    };
    if let Some(pointer) = call.pointer_or_null::<[i32; 2]>(1) {
        // Only UTC is supported as the time zone.
        let [minutes_west, _] = pointer.read()?;
        if minutes_west != 0 {
            return Err(Errno::EINVAL.into());
        }
    }
    match ns {
        Some(ns) => set_real_time(call, ns),
        None => call.check_capability(Capability::SysTime).map(|()| 0),
    }
}
