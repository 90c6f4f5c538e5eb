//! Timers: alarm(2), setitimer(2), timer_create(2), timerfd_create(2).

use alloc::sync::Arc;

use ::signals::Signal;

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use super::file;
use super::time::{self, NS};
use crate::fs::clock_timer::{ClockTimer, Expiry, Setting};
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::time::WallClock;
use crate::fs::timer_file;
use crate::mm::user::pointer::UserPointer;
use crate::process::descriptors::Descriptor;
use crate::process::pid::Pid;
use crate::process::process_timers::{ClockOf, Notification, TimerSignal};
use crate::process::timers::FixedTimer;

/// Returns the expiry of a timer for a time in a call; 0 disarms the timer.
fn expiry(ns: u64, is_absolute: bool) -> Expiry {
    match ns {
        0 => Expiry::Never,
        ns if is_absolute => Expiry::At(ns),
        ns => Expiry::After(ns),
    }
}

pub(super) fn alarm(call: &mut Call<'_>) -> CallResult {
    let seconds = u64::from(call.argument_u32(0));
    let timer = call.process().fixed_timer(FixedTimer::Real)?;
    let before = timer.set(expiry(seconds * NS, false), 0).left_ns;
    // Rounded to the nearest second, but not to 0.
    let rounded = (before + NS / 2) / NS;
    Ok(if before > 0 { rounded.max(1) } else { 0 })
}

/// Returns the timer of an argument of setitimer(2).
fn interval_timer(call: &Call<'_>) -> Result<Arc<ClockTimer>, Failure> {
    let which = match call.argument_u32(0) {
        0 => FixedTimer::Real,
        1 => FixedTimer::Virtual,
        2 => FixedTimer::Profile,
        _ => return Err(Errno::EINVAL.into()),
    };
    Ok(call.process().fixed_timer(which)?)
}

/// Writes a `struct itimerval`.
fn write_itimerval(pointer: UserPointer<[u64; 4]>, setting: Setting) -> Result<(), Failure> {
    let Setting { left_ns, interval_ns } = setting;
    // A remaining time below a microsecond is shown as one.
    let left_us = left_ns.div_ceil(1000);
    const US: u64 = 1_000_000;
    let words = [interval_ns / NS, interval_ns % NS / 1000, left_us / US, left_us % US];
    Ok(pointer.write(&words)?)
}

pub(super) fn setitimer(call: &mut Call<'_>) -> CallResult {
    let (interval_ns, ns) = match call.pointer_or_null::<[i64; 4]>(1) {
        Some(pointer) => {
            let [interval_s, interval_us, s, us] = pointer.read()?;
            (time::ns_of_timeval(interval_s, interval_us)?, time::ns_of_timeval(s, us)?)
        }
        None => (0, 0),
    };
    let timer = interval_timer(call)?;
    let interval_ns = if ns == 0 { 0 } else { interval_ns };
    let before = timer.set(expiry(ns, false), interval_ns);
    if let Some(pointer) = call.pointer_or_null(2) {
        write_itimerval(pointer, before)?;
    }
    Ok(0)
}

pub(super) fn getitimer(call: &mut Call<'_>) -> CallResult {
    let setting = interval_timer(call)?.setting();
    write_itimerval(call.pointer(1), setting)?;
    Ok(0)
}

/// Reads a `struct itimerspec`: the interval, and the time.
fn read_itimerspec(pointer: UserPointer<[i64; 4]>) -> Result<(u64, u64), Failure> {
    let [interval_s, interval_ns, s, ns] = pointer.read()?;
    Ok((time::ns_of_timespec(interval_s, interval_ns)?, time::ns_of_timespec(s, ns)?))
}

/// Writes a `struct itimerspec`.
fn write_itimerspec(pointer: UserPointer<[u64; 4]>, setting: Setting) -> Result<(), Failure> {
    let Setting { left_ns, interval_ns } = setting;
    Ok(pointer.write(&[interval_ns / NS, interval_ns % NS, left_ns / NS, left_ns % NS])?)
}

/// The words of a `struct sigevent`: the value; the signal and the kind of notification; the
/// thread; unused words.
type SigEvent = [u64; 8];

/// Returns the action of a timer that the `struct sigevent` of an argument selects.
fn notification(call: &Call<'_>, event: Option<SigEvent>) -> Result<Notification, Failure> {
    // Source: Linux, include/uapi/asm-generic/siginfo.h.
    const SIGEV_SIGNAL: u32 = 0;
    const SIGEV_NONE: u32 = 1;
    const SIGEV_THREAD: u32 = 2;
    const SIGEV_THREAD_ID: u32 = 4;
    let Some([value, how, tid, ..]) = event else {
        return Ok(Notification::Process(TimerSignal { signal: Signal::ALRM, value: None }));
    };
    let how_number = (how >> 32) as u32;
    if how_number == SIGEV_NONE {
        return Ok(Notification::None);
    }
    if ![SIGEV_SIGNAL, SIGEV_THREAD, SIGEV_THREAD_ID].contains(&how_number) {
        return Err(Errno::EINVAL.into());
    }
    let signal = Signal::from_number(u64::from(how as u32)).ok_or(Errno::EINVAL)?;
    let signal = TimerSignal { signal, value: Some(value) };
    if how_number != SIGEV_THREAD_ID {
        return Ok(Notification::Process(signal));
    }
    let tid = Pid::try_new(tid as u32).ok_or(Errno::EINVAL)?;
    let mut found = None;
    call.process().for_each_thread(|thread| {
        if thread.tid() == tid {
            found = Some(Arc::downgrade(thread));
        }
    });
    Ok(Notification::Thread(signal, found.ok_or(Errno::EINVAL)?))
}

/// Returns the clock of a timer.
fn clock(call: &Call<'_>, number: u32) -> Result<ClockOf, Failure> {
    Ok(match number {
        time::CLOCK_REALTIME | time::CLOCK_TAI => ClockOf::Wall(WallClock::RealTime),
        time::CLOCK_MONOTONIC | time::CLOCK_BOOTTIME => ClockOf::Wall(WallClock::Monotonic),
        number if time::is_only_read(number) => return Err(Errno::EOPNOTSUPP.into()),
        number => {
            let time::CpuClock { process, thread, kind } = time::cpu_clock(call, number)?;
            let process = Arc::downgrade(&process);
            match thread {
                Some(thread) => ClockOf::Thread(process, Arc::downgrade(&thread), kind),
                None => ClockOf::Process(process, kind),
            }
        }
    })
}

pub(super) fn timer_create(call: &mut Call<'_>) -> CallResult {
    let event = match call.pointer_or_null::<SigEvent>(1) {
        Some(pointer) => Some(pointer.read()?),
        None => None,
    };
    let clock = clock(call, call.argument_u32(0))?;
    let notification = notification(call, event)?;
    let id = call.process().create_timer(clock, notification)?;
    if let Err(error) = call.pointer::<i32>(2).write(&id) {
        call.process().delete_timer(id);
        return Err(error.into());
    }
    Ok(0)
}

/// Returns the timer of an argument.
fn created(call: &Call<'_>) -> Result<Arc<ClockTimer>, Failure> {
    Ok(call.process().created_timer(call.argument_i32(0)).ok_or(Errno::EINVAL)?)
}

pub(super) fn timer_settime(call: &mut Call<'_>) -> CallResult {
    const TIMER_ABSTIME: u32 = 1;
    let pointer = call.pointer_or_null(2).ok_or(Errno::EINVAL)?;
    let (interval_ns, ns) = read_itimerspec(pointer)?;
    let is_absolute = call.argument_u32(1) & TIMER_ABSTIME != 0;
    let interval_ns = if ns == 0 { 0 } else { interval_ns };
    let before = created(call)?.set(expiry(ns, is_absolute), interval_ns);
    if let Some(pointer) = call.pointer_or_null(3) {
        write_itimerspec(pointer, before)?;
    }
    Ok(0)
}

pub(super) fn timer_gettime(call: &mut Call<'_>) -> CallResult {
    let setting = created(call)?.setting();
    write_itimerspec(call.pointer(1), setting)?;
    Ok(0)
}

pub(super) fn timer_getoverrun(call: &mut Call<'_>) -> CallResult {
    let overruns = call.process().timer_overruns(call.argument_i32(0)).ok_or(Errno::EINVAL)?;
    Ok(overruns.min(i32::MAX as u64))
}

pub(super) fn timer_delete(call: &mut Call<'_>) -> CallResult {
    match call.process().delete_timer(call.argument_i32(0)) {
        true => Ok(0),
        false => Err(Errno::EINVAL.into()),
    }
}

pub(super) fn timerfd_create(call: &mut Call<'_>) -> CallResult {
    let flags = OpenFlags::from_bits(call.argument_u32(1)).ok_or(Errno::EINVAL)?;
    if !(OpenFlags::NONBLOCK | OpenFlags::CLOSE_ON_EXEC).contains(flags) {
        return Err(Errno::EINVAL.into());
    }
    let clock = match call.argument_u32(0) {
        time::CLOCK_REALTIME => WallClock::RealTime,
        time::CLOCK_MONOTONIC | time::CLOCK_BOOTTIME => WallClock::Monotonic,
        _ => return Err(Errno::EINVAL.into()),
    };
    let file = timer_file::open(Arc::try_new(clock).map_err(|_| Errno::ENOMEM)?, flags)?;
    let on_exec = file::on_exec(flags);
    Ok(file::place(call, Descriptor { file, on_exec }, 0)?.into())
}

pub(super) fn timerfd_settime(call: &mut Call<'_>) -> CallResult {
    const TFD_TIMER_ABSTIME: u32 = 1;
    let flags = call.argument_u32(1);
    let (interval_ns, ns) = read_itimerspec(call.pointer(2))?;
    // TFD_TIMER_CANCEL_ON_SET isn't supported.
    if flags & !TFD_TIMER_ABSTIME != 0 {
        return Err(Errno::EINVAL.into());
    }
    let file = call.file(0)?;
    let timer = timer_file::timer_of(&file).ok_or(Errno::EINVAL)?;
    let before = timer.set(expiry(ns, flags & TFD_TIMER_ABSTIME != 0), interval_ns);
    if let Some(pointer) = call.pointer_or_null(3) {
        write_itimerspec(pointer, before)?;
    }
    Ok(0)
}

pub(super) fn timerfd_gettime(call: &mut Call<'_>) -> CallResult {
    let file = call.file(0)?;
    let timer = timer_file::timer_of(&file).ok_or(Errno::EINVAL)?;
    write_itimerspec(call.pointer(1), timer.setting())?;
    Ok(0)
}
