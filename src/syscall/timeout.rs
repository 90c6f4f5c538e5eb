//! How long a call waits, and the time that is left when it stops to wait: ppoll(2), select(2).

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use super::time::{self, NS};
use crate::arch::time::clock;
use crate::fs::file::poll::PollWait;
use crate::mm::user::pointer::UserPointer;

/// The unit of the smaller part of a time.
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

/// How long a call waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeout {
    pub(super) wait: PollWait,
    /// Where the time stands.
    place: Option<(UserPointer<[i64; 2]>, Unit)>,
}

/// Returns how long a call waits whose time is `ns`, from now on.
pub(super) fn wait_of_ns(ns: u64) -> PollWait {
    match ns {
        0 => PollWait::No,
        _ => PollWait::Until(clock::now_ns().saturating_add(ns)),
    }
}

/// Returns how long a call waits whose time is `ms`; below 0, there is no end.
pub(super) fn wait_of_ms(ms: i32) -> PollWait {
    match u64::try_from(ms) {
        Ok(ms) => wait_of_ns(ms * 1_000_000),
        Err(_) => PollWait::Endless,
    }
}

impl Timeout {
    const ENDLESS: Self = Self { wait: PollWait::Endless, place: None };

    /// Reads the `struct timespec` of an argument; without one, there is no end.
    ///
    /// # Errors
    /// EFAULT; EINVAL if it is none.
    pub(super) fn of_timespec(call: &Call<'_>, argument: usize) -> Result<Self, Failure> {
        let Some(pointer) = call.pointer_or_null(argument) else {
            return Ok(Self::ENDLESS);
        };
        let wait = wait_of_ns(time::read_time(pointer)?);
        Ok(Self { wait, place: Some((pointer, Unit::Ns)) })
    }

    /// Reads the `struct timeval` of an argument, whose microseconds may be more than a second;
    /// without one, there is no end.
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

    /// Writes the time that is left, and returns `result`. As on Linux, a call that was interrupted
    /// isn't executed again if its time can't be written.
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
