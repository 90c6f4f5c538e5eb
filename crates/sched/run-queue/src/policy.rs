//! How a thread is scheduled: its class, and its place within the class.

/// How a thread is scheduled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Before all threads that aren't real-time, and before those of a lower priority;
    /// in turns among equals, as POSIX' `SCHED_RR`.
    RealTime(RealTimePriority),
    /// By a share of the CPU, as POSIX' `SCHED_OTHER`.
    Fair(Nice),
}

/// The number of the fair policy with the greatest weight.
const FIRST_FAIR: u8 = 100;

impl Policy {
    /// The policy of a thread for which none was set: fair, of nice 0.
    pub const DEFAULT: Self = Self::Fair(Nice::DEFAULT);

    /// Returns the policy as one number: 1 to 99 for the real-time priorities, 100 to 139 for
    /// nice -20 to 19.
    pub const fn encoded(self) -> u8 {
        match self {
            Self::RealTime(priority) => priority.0,
            Self::Fair(nice) => (nice.0 - Nice::MIN.0) as u8 + FIRST_FAIR,
        }
    }

    /// Returns the policy of a number that [`Self::encoded`] has returned; for any other one of
    /// the nearest.
    pub const fn decoded(code: u8) -> Self {
        if code < FIRST_FAIR {
            let priority = if code == 0 { 1 } else { code };
            Self::RealTime(RealTimePriority(priority))
        } else {
            let step = if code - FIRST_FAIR > 39 { 39 } else { code - FIRST_FAIR };
            Self::Fair(Nice(step as i8 + Nice::MIN.0))
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

    /// Returns the weight: threads get time in the ratio of their weights.
    #[inline]
    pub const fn weight(self) -> u32 {
        WEIGHTS[(self.0 - Self::MIN.0) as usize]
    }
}

/// The weight of nice 0: its virtual time is as fast as real time is.
pub const NICE_0_WEIGHT: u32 = 1 << NICE_0_SHIFT;

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

/// How much time a fair thread asks for at once, from 0.1 ms to 100 ms.
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
