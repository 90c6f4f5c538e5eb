//! `loadavg`: how many threads ran on average.

use crate::arch::time::clock;
use crate::fs::error::FsError;
use crate::fs::generated::Text;
use crate::process::table;
use crate::procfs::machine::time::busy_and_idle_ns;
use crate::sync::{Rank, SpinMutex};
use crate::task;

/// One, in the fixed-point numbers here.
const ONE: u64 = 1 << 11;

/// How often the averages are updated.
const STEP_NS: u64 = 5_000_000_000;

/// The factor of the averages over 1, 5 and 15 minutes for each step: `e^(-5s/T)`.
///
/// Source: Linux, include/linux/sched/loadavg.h.
const FACTORS: [u64; 3] = [1884, 2014, 2037];

/// After so many steps the earlier load has no weight.
const STEPS_MAX: u64 = 2000;

/// The averages, and the time up to which they are computed.
struct Averages {
    loads: [u64; 3],
    until_ns: u64,
    busy_ns: u64,
}

/// Protects the averages; held to update them.
static AVERAGES: SpinMutex<Averages> =
    SpinMutex::new(Rank::Files, Averages { loads: [0; 3], until_ns: 0, busy_ns: 0 });

impl Averages {
    /// Updates the averages: the CPUs have worked for `busy_ns` in all by `now_ns`. The work since
    /// the last call counts as spread evenly over that time. Threads that were ready and had no CPU
    /// don't count, other than on Linux: nothing samples the queues while no program reads the
    /// file.
    fn update(&mut self, now_ns: u64, busy_ns: u64) {
        let passed_ns = now_ns.saturating_sub(self.until_ns);
        let steps = passed_ns / STEP_NS;
        if steps == 0 {
            return;
        }
        let worked_ns = busy_ns.saturating_sub(self.busy_ns);
        let active = (u128::from(worked_ns) * u128::from(ONE) / u128::from(passed_ns)) as u64;
        for _ in 0..steps.min(STEPS_MAX) {
            for (load, factor) in self.loads.iter_mut().zip(FACTORS) {
                *load = (*load * factor + active * (ONE - factor)) / ONE;
            }
        }
        self.until_ns += steps * STEP_NS;
        // The work in the rest of the time counts for the next step.
        let rest_ns = passed_ns % STEP_NS;
        self.busy_ns =
            busy_ns - (u128::from(worked_ns) * u128::from(rest_ns) / u128::from(passed_ns)) as u64;
    }
}

/// Source: proc(5), /proc/loadavg.
pub(in crate::procfs) fn loadavg(_: &(), text: &mut Text) -> Result<(), FsError> {
    let now_ns = clock::now_ns();
    let (busy_ns, _) = busy_and_idle_ns(now_ns);
    let loads = {
        let mut averages = AVERAGES.lock();
        averages.update(now_ns, busy_ns);
        averages.loads
    };
    for load in loads {
        let rounded = load + ONE / 200;
        write!(text, "{}.{:02} ", rounded / ONE, rounded % ONE * 100 / ONE)?;
    }
    let runnable: u32 = task::cpus().map(|cpu| cpu.runnable()).sum();
    writeln!(text, "{}/{} {}", runnable.max(1), table::threads(), table::last_pid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn averages_come_near_to_what_is_done() {
        let mut averages = Averages { loads: [0; 3], until_ns: 0, busy_ns: 0 };
        // Two CPUs work all the time, for an hour.
        for second in 1..=3600 {
            averages.update(second * 1_000_000_000, second * 2_000_000_000);
        }
        for (load, percent) in averages.loads.into_iter().zip([98, 98, 95]) {
            assert!(load <= 2 * ONE && load >= 2 * ONE * percent / 100, "{load}");
        }
        // One minute without work: about 1/e remains of the first one.
        averages.update(3_660_000_000_000, 7_200_000_000_000);
        let first = averages.loads[0] * 100 / ONE;
        assert!((65..=78).contains(&first), "{first}");
    }
}
