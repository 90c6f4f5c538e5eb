//! The time-out of a call, and the remaining time when its wait ends: ppoll(2), select(2).

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use super::time::{self, NS};
use crate::arch::time::clock;
use crate::fs::file::poll::PollWait;
use crate::mm::user::pointer::UserPointer;

/// The unit of the fraction of a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// Nanoseconds: a `struct timespec`.
    Ns,
    /// Microseconds: a `struct timeval`.
    Us,
}

impl Unit {
    fn ns(self) -> u64 {
        match self {
            Self::Ns => 1,
            Self::Us => 1000,
        }
    }
}

/// The time-out of a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeout {
    pub(super) wait: PollWait,
    /// The address and the format of the time-out.
    place: Option<(UserPointer<[i64; 2]>, Unit)>,
}

/// Returns the wait of a call whose time-out is `ns` from now on.
pub(super) fn wait_of_ns(ns: u64) -> PollWait {
    match ns {
        0 => PollWait::No,
        _ => PollWait::Until(clock::now_ns().saturating_add(ns)),
    }
}

/// Returns the wait of a call whose time-out is `ms`; a negative number means no time-out.
pub(super) fn wait_of_ms(ms: i32) -> PollWait {
    match u64::try_from(ms) {
        Ok(ms) => wait_of_ns(ms * 1_000_000),
        Err(_) => PollWait::Endless,
    }
}

impl Timeout {
    const ENDLESS: Self = Self { wait: PollWait::Endless, place: None };

    /// Reads the `struct timespec` of an argument; a null pointer means no time-out.
    ///
    /// # Errors
    /// EFAULT; EINVAL if it isn't valid.
    pub(super) fn of_timespec(call: &Call<'_>, argument: usize) -> Result<Self, Failure> {
        let Some(pointer) = call.pointer_or_null(argument) else {
            return Ok(Self::ENDLESS);
        };
        let wait = wait_of_ns(time::read_time(pointer)?);
        Ok(Self { wait, place: Some((pointer, Unit::Ns)) })
    }

    /// Reads the `struct timeval` of an argument, whose microseconds may exceed a second; a null
    /// pointer means no time-out.
    ///
    /// # Errors
    /// EFAULT; EINVAL if it is negative.
    pub(super) fn of_timeval(call: &Call<'_>, argument: usize) -> Result<Self, Failure> {
        let Some(pointer) = call.pointer_or_null::<[i64; 2]>(argument) else {
            return Ok(Self::ENDLESS);
        };
        let [seconds, us] = pointer.read()?;
        let (seconds, us) = match (u64::try_from(seconds), u64::try_from(us)) {
            (Ok(seconds), Ok(us)) => (seconds, us),
            _ => return Err(Errno::EINVAL.into()),
        };
        let ns = seconds.saturating_mul(NS).saturating_add(us.saturating_mul(1000));
        Ok(Self { wait: wait_of_ns(ns), place: Some((pointer, Unit::Us)) })
    }

    /// Writes the remaining time, and returns `result`. As on Linux, an interrupted call isn't
    /// executed again if the time can't be written.
    pub(super) fn finish(self, result: CallResult) -> CallResult {
        let (PollWait::Until(deadline_ns), Some((pointer, unit))) = (self.wait, self.place) else {
            return result;
        };
        let left_ns = deadline_ns.saturating_sub(clock::now_ns());
        let left = [(left_ns / NS) as i64, (left_ns % NS / unit.ns()) as i64];
        match (pointer.write(&left), result) {
            (Err(_), Err(Failure::Interrupted(_))) => Err(Errno::EINTR.into()),
            (_, result) => result,
        }
    }
}
