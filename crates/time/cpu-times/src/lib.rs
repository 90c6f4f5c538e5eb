//! Splits the time of threads into time in their program and time in the kernel.
//!
//! The kernel measures exactly how long a thread ran, and samples with timer interrupts how much of
//! that was in its program. [`CpuTimes::split`] divides the exact time in the ratio of the samples;
//! neither part ever decreases.
//!
//! ```
//! use cpu_times::CpuTimes;
//! let samples = CpuTimes { user_ns: 300, system_ns: 100 };
//! let first = samples.split(1000, CpuTimes::ZERO);
//! assert_eq!(first, CpuTimes { user_ns: 750, system_ns: 250 });
//!
//! // The ratio of the samples changes, but the earlier split stays: only new time is divided anew.
//! let samples = CpuTimes { user_ns: 300, system_ns: 900 };
//! assert_eq!(samples.split(1200, first), CpuTimes { user_ns: 750, system_ns: 450 });
//! ```

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[cfg(test)]
extern crate std;

use core::ops::AddAssign;

/// CPU times: of samples, or of an exact time that was split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuTimes {
    /// In programs, in nanoseconds.
    pub user_ns: u64,
    /// In the kernel, in nanoseconds.
    pub system_ns: u64,
}

impl CpuTimes {
    /// No time.
    pub const ZERO: Self = Self { user_ns: 0, system_ns: 0 };

    /// Returns the sum of both.
    pub const fn total_ns(&self) -> u64 {
        self.user_ns + self.system_ns
    }

    /// Divides `run_ns` in the ratio of these samples. `before` is the last result: neither part
    /// becomes less. Without samples, all of `run_ns` is time in programs.
    ///
    /// Source: Linux, kernel/sched/cputime.c, `cputime_adjust`, for the case without samples.
    pub fn split(&self, run_ns: u64, before: Self) -> Self {
        let Some(rest_ns) = run_ns.checked_sub(before.total_ns()).filter(|rest_ns| *rest_ns > 0)
        else {
            return before;
        };
        let share = u128::from(run_ns) * u128::from(self.system_ns);
        let total = u128::from(self.total_ns()).max(1);
        // The result is at most `run_ns`.
        let wanted_ns = (share / total) as u64;
        let system_ns = wanted_ns.clamp(before.system_ns, before.system_ns + rest_ns);
        Self { user_ns: run_ns - system_ns, system_ns }
    }
}

impl AddAssign for CpuTimes {
    fn add_assign(&mut self, other: Self) {
        self.user_ns += other.user_ns;
        self.system_ns += other.system_ns;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn time_without_samples_is_of_the_program() {
        let split = CpuTimes::ZERO.split(5, CpuTimes::ZERO);
        assert_eq!(split, CpuTimes { user_ns: 5, system_ns: 0 });
    }

    #[test]
    fn samples_of_one_kind_split_nothing() {
        let kernel = CpuTimes { user_ns: 0, system_ns: 1 };
        assert_eq!(kernel.split(7, CpuTimes::ZERO), CpuTimes { user_ns: 0, system_ns: 7 });
        let program = CpuTimes { user_ns: 1, system_ns: 0 };
        assert_eq!(program.split(7, CpuTimes::ZERO), CpuTimes { user_ns: 7, system_ns: 0 });
    }

    proptest! {
        #[test]
        fn sum_is_exact_and_no_part_decreases(
            steps in prop::collection::vec((0..1_u64 << 40, 0..1_u64 << 40, 0..1_u64 << 40), 1..50),
        ) {
            let (mut run_ns, mut samples, mut before) = (0, CpuTimes::ZERO, CpuTimes::ZERO);
            for (more_ns, user_ns, system_ns) in steps {
                run_ns += more_ns;
                samples += CpuTimes { user_ns, system_ns };
                let now = samples.split(run_ns, before);
                prop_assert_eq!(now.total_ns(), run_ns);
                prop_assert!(now.user_ns >= before.user_ns && now.system_ns >= before.system_ns);
                before = now;
            }
        }

        #[test]
        fn first_split_has_the_ratio_of_the_samples(
            run_ns in 0..1_u64 << 50, user_ns in 1..1_u64 << 40, system_ns in 1..1_u64 << 40,
        ) {
            let split = CpuTimes { user_ns, system_ns }.split(run_ns, CpuTimes::ZERO);
            let wanted = run_ns as f64 * system_ns as f64 / (user_ns + system_ns) as f64;
            prop_assert!((split.system_ns as f64 - wanted).abs() <= 1.0 + wanted * 1e-9);
        }
    }
}
