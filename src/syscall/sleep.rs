//! Sleeping: nanosleep(2), clock_nanosleep(2), restart_syscall(2).

use ::signals::Interruption;
use blocking::WaitError;

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use super::poll;
use super::time::{
    self, CLOCK_BOOTTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME, CLOCK_REALTIME, CLOCK_TAI,
    CLOCK_THREAD_CPUTIME, NS,
};
use crate::arch::time::clock;
use crate::fs;
use crate::fs::file::poll::PollWait;
use crate::mm::user::pointer::UserPointer;
use crate::process::thread::{Restart, SleepClock};
use crate::task;

/// Returns the time of a clock, in nanoseconds.
fn now_ns(call: &Call<'_>, clock: SleepClock) -> u64 {
    match clock {
        SleepClock::Kernel => clock::now_ns(),
        // After the end of a process, its clock is later than the end of each sleep.
        SleepClock::Cpu(number) => time::now_ns(call, number).unwrap_or(u64::MAX),
    }
}

/// Sleeps until a clock reaches `end_ns`.
fn sleep_until(call: &Call<'_>, clock: SleepClock, end_ns: u64) -> Result<(), WaitError> {
    /// The shortest time between two readings of a CPU time.
    const GAP_NS: u64 = 1_000_000;
    match clock {
        SleepClock::Kernel => task::sleep_until(end_ns),
        SleepClock::Cpu(number) => loop {
            let left_ns = end_ns.saturating_sub(now_ns(call, clock));
            if left_ns == 0 {
                return Ok(());
            }
            let rate = time::cpu_clock(call, number).map_or(1, |clock| clock.rate());
            task::sleep_ns((left_ns / rate).max(GAP_NS))?;
        },
    }
}

/// Sleeps until a clock reaches `end_ns`. If a signal arrives, writes the remaining time to `rest`,
/// unless that is 0; restart_syscall(2) then continues the sleep.
fn sleep(call: &Call<'_>, clock: SleepClock, end_ns: u64, rest: u64) -> CallResult {
    if sleep_until(call, clock, end_ns).is_ok() {
        return Ok(0);
    }
    let rest_ns = end_ns.saturating_sub(now_ns(call, clock));
    if rest != 0 {
        UserPointer::<[u64; 2]>::new(rest).write(&[rest_ns / NS, rest_ns % NS])?;
    }
    call.thread.set_restart(Restart::Sleep { clock, end_ns, rest });
    Err(Failure::Interrupted(Interruption::RestartBlock))
}

pub(super) fn nanosleep(call: &mut Call<'_>) -> CallResult {
    let ns = time::read_time(call.pointer(0))?;
    let end_ns = clock::now_ns().saturating_add(ns);
    sleep(call, SleepClock::Kernel, end_ns, call.argument(1))
}

pub(super) fn clock_nanosleep(call: &mut Call<'_>) -> CallResult {
    const TIMER_ABSTIME: u32 = 1;
    let number = call.argument_u32(0);
    let clock = match number {
        CLOCK_REALTIME | CLOCK_TAI | CLOCK_MONOTONIC | CLOCK_BOOTTIME => SleepClock::Kernel,
        CLOCK_PROCESS_CPUTIME => SleepClock::Cpu(number),
        CLOCK_THREAD_CPUTIME => return Err(Errno::EOPNOTSUPP.into()),
        _ if time::is_only_read(number) => return Err(Errno::EOPNOTSUPP.into()),
        _ => {
            let clock = time::cpu_clock(call, number)?;
            if clock.thread.is_some_and(|thread| thread.tid() == call.thread.tid()) {
                // The clock would never advance during the sleep.
                return Err(Errno::EINVAL.into());
            }
            SleepClock::Cpu(number)
        }
    };
    let ns = time::read_time(call.pointer(2))?;
    if call.argument_u32(1) & TIMER_ABSTIME == 0 {
        let end_ns = now_ns(call, clock).saturating_add(ns);
        return sleep(call, clock, end_ns, call.argument(3));
    }
    let slept = match number {
        CLOCK_REALTIME | CLOCK_TAI => fs::time::sleep_until(ns),
        _ => sleep_until(call, clock, ns),
    };
    slept.map_err(|_| Failure::Interrupted(Interruption::RestartWithoutHandler))?;
    Ok(0)
}

pub(super) fn restart_syscall(call: &mut Call<'_>) -> CallResult {
    match call.thread.take_restart() {
        Some(Restart::Sleep { clock, end_ns, rest }) => sleep(call, clock, end_ns, rest),
        Some(Restart::Poll { files, count, deadline_ns }) => {
            poll::poll_until(call, files, count, PollWait::Until(deadline_ns))
        }
        None => Err(Errno::EINTR.into()),
    }
}
