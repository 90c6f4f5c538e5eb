//! How a thread is scheduled: its class, and its place within the class.

/// How a thread is scheduled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Before all threads that aren't real-time, and before those of a lower priority;
    /// in turns among equals, as POSIX' `SCHED_RR`.
    RealTime(RealTimePriority),
    /// The same without turns: an equal waits until it blocks or yields. POSIX' `SCHED_FIFO`.
    Fifo(RealTimePriority),
    /// By a share of the CPU, as POSIX' `SCHED_OTHER`.
    Fair(Nice),
    /// The same, but it never cuts the slice of another one short: Linux' `SCHED_BATCH`.
    Batch(Nice),
    /// By a share that is smaller than that of any nice value: Linux' `SCHED_IDLE`.
    Idle,
}

/// Which threads go before which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// By its priority.
    RealTime(RealTimePriority),
    /// By a share of the CPU.
    Fair,
}

// The numbers of the policies of each kind.
const FAIR_MIN: u16 = 100;
const FAIR_MAX: u16 = 139;
const FIFO_MIN: u16 = 140;
const FIFO_MAX: u16 = 238;
const BATCH_MIN: u16 = 240;
const BATCH_MAX: u16 = 279;

impl Policy {
    /// The policy of a thread for which none was set: fair, of nice 0.
    pub const DEFAULT: Self = Self::Fair(Nice::DEFAULT);

    /// Returns the policy as one number: 0 for [`Self::Idle`], 1 to 99 for priorities in turns, 100
    /// to 139 for nice -20 to 19, 140 to 238 for priorities without turns, 240 to 279 for nice
    /// values of [`Self::Batch`].
    pub const fn encoded(self) -> u16 {
        match self {
            Self::Idle => 0,
            Self::RealTime(priority) => priority.0 as u16,
            Self::Fifo(priority) => FIFO_MIN + priority.0 as u16 - 1,
            Self::Fair(nice) => FAIR_MIN + nice.step(),
            Self::Batch(nice) => BATCH_MIN + nice.step(),
        }
    }

    /// Returns the policy of a number that [`Self::encoded`] has returned; for any other
    /// [`Self::Idle`].
    pub const fn decoded(code: u16) -> Self {
        match code {
            1..FAIR_MIN => Self::RealTime(RealTimePriority(code as u8)),
            FAIR_MIN..=FAIR_MAX => Self::Fair(Nice::of_step(code - FAIR_MIN)),
            FIFO_MIN..=FIFO_MAX => Self::Fifo(RealTimePriority((code - FIFO_MIN + 1) as u8)),
            BATCH_MIN..=BATCH_MAX => Self::Batch(Nice::of_step(code - BATCH_MIN)),
            _ => Self::Idle,
        }
    }

    /// Returns the real-time priority; `None` if it has none.
    #[inline]
    pub const fn real_time_priority(self) -> Option<RealTimePriority> {
        match self {
            Self::RealTime(priority) | Self::Fifo(priority) => Some(priority),
            Self::Fair(_) | Self::Batch(_) | Self::Idle => None,
        }
    }

    /// Returns the nice value; `None` if it has none.
    pub const fn nice(self) -> Option<Nice> {
        match self {
            Self::Fair(nice) | Self::Batch(nice) => Some(nice),
            Self::RealTime(_) | Self::Fifo(_) | Self::Idle => None,
        }
    }

    #[inline]
    pub(crate) const fn class(self) -> Class {
        match self.real_time_priority() {
            Some(priority) => Class::RealTime(priority),
            None => Class::Fair,
        }
    }
}

impl Default for Policy {
    /// Returns [`Self::DEFAULT`].
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A real-time priority, from 1 to 99. The higher runs first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RealTimePriority(u8);

impl RealTimePriority {
    /// The lowest.
    pub const MIN: Self = Self(1);
    /// The highest.
    pub const MAX: Self = Self(99);

    /// Returns the priority of a number; `None` if there is none.
    pub const fn try_new(priority: u8) -> Option<Self> {
        if priority >= Self::MIN.0 && priority <= Self::MAX.0 { Some(Self(priority)) } else { None }
    }

    /// Returns the number.
    #[inline]
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// How much a fair thread leaves to others, from -20 (least) to 19.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nice(i8);

impl Nice {
    /// The one with the greatest weight.
    pub const MIN: Self = Self(-20);
    /// The one with the smallest weight.
    pub const MAX: Self = Self(19);
    /// The one of a thread for which none was set.
    pub const DEFAULT: Self = Self(0);

    /// Returns the nice value of a number; `None` if there is none.
    pub const fn try_new(nice: i8) -> Option<Self> {
        if nice >= Self::MIN.0 && nice <= Self::MAX.0 { Some(Self(nice)) } else { None }
    }

    /// Returns the number.
    #[inline]
    pub const fn get(self) -> i8 {
        self.0
    }

    /// Returns the number of steps from the least.
    const fn step(self) -> u16 {
        (self.0 - Self::MIN.0) as u16
    }

    const fn of_step(step: u16) -> Self {
        Self(step as i8 + Self::MIN.0)
    }

    /// Returns the weight: threads get time in the ratio of their weights.
    #[inline]
    pub const fn weight(self) -> u32 {
        WEIGHTS[(self.0 - Self::MIN.0) as usize]
    }
}

/// The weight of nice 0: its virtual time is as fast as real time is.
pub const NICE_0_WEIGHT: u32 = 1 << NICE_0_SHIFT;

/// The weight of [`Policy::Idle`], as `WEIGHT_IDLEPRIO` in Linux, kernel/sched/sched.h.
pub(crate) const IDLE_WEIGHT: u32 = 3;

/// What divides by [`NICE_0_WEIGHT`].
pub(crate) const NICE_0_SHIFT: u32 = 10;

/// Returns how many units of virtual time some service to a thread of some weight is,
/// rounded down, and what is left over. Most threads are of nice 0, and need no
/// division.
#[inline]
pub(crate) fn units(service: i64, weight: u32) -> (i64, u32) {
    if weight == NICE_0_WEIGHT {
        (service >> NICE_0_SHIFT, service as u32 & (NICE_0_WEIGHT - 1))
    } else {
        let weight = i64::from(weight);
        (service.div_euclid(weight), service.rem_euclid(weight) as u32)
    }
}

/// The weights of nice -20 to 19, each about 1.25 times the next: one step of nice
/// moves a tenth of the CPU between two threads. As `sched_prio_to_weight` in
/// Linux, kernel/sched/core.c.
#[rustfmt::skip]
const WEIGHTS: [u32; 40] = [
    88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916,
    9548, 7620, 6100, 4904, 3906, 3121, 2501, 1991, 1586, 1277,
    NICE_0_WEIGHT, 820, 655, 526, 423, 335, 272, 215, 172, 137,
    110, 87, 70, 56, 45, 36, 29, 23, 18, 15,
];

/// The length of a fair thread's requests, from 0.1 ms to 100 ms.
///
/// A short slice has early deadlines: the thread waits less for each turn and gets
/// shorter turns, its share stays the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slice(u32);

impl Slice {
    /// The shortest: 0.1 ms.
    pub const MIN: Self = Self(100_000);
    /// The longest: 100 ms.
    pub const MAX: Self = Self(100_000_000);
    /// The one of a thread for which none was set: 3 ms.
    pub const BASE: Self = Self(3_000_000);

    /// Returns the slice of this length; `None` if it is too short or too long.
    pub const fn try_new(length_ns: u32) -> Option<Self> {
        if length_ns >= Self::MIN.0 && length_ns <= Self::MAX.0 {
            Some(Self(length_ns))
        } else {
            None
        }
    }

    /// Returns the length.
    #[inline]
    pub const fn length_ns(self) -> u32 {
        self.0
    }
}

/// How long a real-time thread runs before its equals have their turns: 10 ms.
pub const REAL_TIME_SLICE_NS: u32 = 10_000_000;

/// What a real-time thread adds to the load of its CPU: as much as a fair one of the greatest
/// weight.
pub const REAL_TIME_LOAD: u64 = WEIGHTS[0] as u64;
