//! On which CPU a thread runs: where one that wakes up is placed, from where an idle CPU
//! takes a thread, and when a busy one passes a thread on to another.
//!
//! Loads are sums of weights. A busy CPU moves threads that wait to one with less load as long
//! as that levels the loads ([`RunQueue::take_lighter`](crate::RunQueue::take_lighter)).
//! Threads that can't be divided evenly take turns at being
//! crowded: a [`Balancer`] compares how fast the virtual times of two CPUs go, which is how
//! much their threads get for their weight, and when one CPU has fallen behind by
//! [`LAG_MAX_NS`], one of its threads moves. As it is always the one that has been there for
//! longest, all shares come out by weight in the long run, as far as one thread doesn't
//! need more than a CPU. (Distributed weighted round robin has the same aim: T. Li,
//! D. Baumberger, S. Hahn, Efficient and Scalable Multiprocessor Fair Scheduling Using
//! Distributed Weighted Round-Robin, 2009.)

use core::cmp::Reverse;

use crate::cpu_set::CpuSet;

/// The number of CPUs that [`busiest`] and [`Balancer::partner`] compare.
const LOOKS_MAX: usize = 8;

/// A thread moves when the virtual time of its CPU has advanced by so much less than that of a CPU
/// with less load: 8 ms.
pub const LAG_MAX_NS: u64 = 8_000_000;

/// A comparison that is older than this says nothing about the threads that run now: 50 ms.
const LIFE_NS: u64 = 50_000_000;

/// The state of all CPUs. It may be old when it is used: it is read without their locks.
pub trait Cpus<const WORDS: usize> {
    /// Returns how many there are.
    fn count(&self) -> usize;

    /// Returns how many threads run or wait on a CPU, below [`Self::count`].
    fn threads(&self, cpu: usize) -> u32;

    /// Returns the [load](crate::RunQueue::load) of a CPU, below [`Self::count`].
    fn load(&self, cpu: usize) -> u64;

    /// Returns the first idle CPU in `allowed`, from `from`, itself included, on and around.
    /// [`CpuSet::first_common`] finds it in a bitmap.
    fn first_idle(&self, allowed: &CpuSet<WORDS>, from: usize) -> Option<usize>;
}

/// Chooses the CPU for a thread that wakes up, or is new.
///
/// It is the last one of the thread if that is idle, as its caches may be warm; else the
/// next idle one; else the one with the least load among the last, that of the waker, and
/// two at random: two choices at random are about as good as a look at all
/// (M. Mitzenmacher, The Power of Two Choices in Randomized Load Balancing, 2001). Of
/// equals the first of these is taken.
///
/// The cost grows only with the words of the sets. If none of the CPUs is allowed, it is
/// `last`.
pub fn place<const WORDS: usize>(
    cpus: &impl Cpus<WORDS>,
    allowed: &CpuSet<WORDS>,
    last: usize,
    waker: usize,
    random: u32,
) -> usize {
    if let Some(idle) = cpus.first_idle(allowed, last) {
        return idle;
    }
    let may_run = |cpu: &usize| *cpu < cpus.count() && allowed.contains(*cpu);
    let at_random = |half: u32| allowed.nth((half as usize * allowed.len()) >> u16::BITS);
    [Some(last), Some(waker), at_random(random >> u16::BITS), at_random(random & 0xFFFF)]
        .into_iter()
        .flatten()
        .filter(may_run)
        .min_by_key(|cpu| cpus.load(*cpu))
        .unwrap_or(last)
}

/// Returns at most [`LOOKS_MAX`] of the CPUs other than `me`, in a row: `random` selects the first.
/// With random numbers, each CPU is among them sooner or later. With consecutive numbers, n calls
/// return all of 8 n CPUs.
fn some_others<const WORDS: usize>(
    cpus: &impl Cpus<WORDS>,
    me: usize,
    random: u32,
) -> impl Iterator<Item = usize> {
    let count = cpus.count();
    let others = count.saturating_sub(1);
    let windows = others.div_ceil(LOOKS_MAX).max(1);
    let window = random as usize % windows * LOOKS_MAX;
    (window..others.min(window + LOOKS_MAX)).map(move |other| (me + 1 + other) % count)
}

/// Chooses a CPU from which `me`, which is idle, takes a waiting thread: the one with the
/// most load of those where a thread waits. `None` if there is none among the few that are
/// looked at.
///
/// As the state may be old, [`RunQueue::steal`](crate::RunQueue::steal) may find nothing.
pub fn busiest<const WORDS: usize>(
    cpus: &impl Cpus<WORDS>,
    me: usize,
    random: u32,
) -> Option<usize> {
    some_others(cpus, me, random)
        .filter(|cpu| cpus.threads(*cpu) >= 2)
        .min_by_key(|cpu| Reverse(cpus.load(*cpu)))
}

/// How much less the virtual time of a CPU has advanced than that of CPUs with less load.
#[derive(Debug, Default)]
pub struct Balancer {
    /// In virtual time, since a thread moved away.
    behind_ns: i64,
    /// The CPU that was compared with last.
    comparison: Option<Comparison>,
}

#[derive(Clone, Copy, Debug)]
struct Comparison {
    other: usize,
    /// Virtual times at the last look, and when that was.
    own_time: u64,
    other_time: u64,
    last_ns: u64,
}

impl Balancer {
    /// Returns one that has compared with no CPU.
    pub const fn new() -> Self {
        Self { behind_ns: 0, comparison: None }
    }

    /// Returns the CPU whose virtual time `me` passes to [`Self::should_move`]: the one with the
    /// least load of a few, if that is less than the load of `me`. Of equals it is the same as
    /// before.
    pub fn partner<const WORDS: usize>(
        &mut self,
        cpus: &impl Cpus<WORDS>,
        me: usize,
        random: u32,
        now_ns: u64,
    ) -> Option<usize> {
        let load = cpus.load(me);
        let is_lighter = |other: &usize| cpus.load(*other) < load;
        if self.comparison.is_some_and(|it| now_ns.saturating_sub(it.last_ns) > LIFE_NS) {
            *self = Self::new();
        }
        let lightest =
            some_others(cpus, me, random).filter(is_lighter).min_by_key(|other| cpus.load(*other));
        let kept = self.comparison.map(|kept| kept.other).filter(is_lighter);
        // Of equals the one that was compared with already.
        kept.into_iter().chain(lightest).min_by_key(|other| cpus.load(*other))
    }

    /// Compares two virtual times: that of this CPU, and that of its
    /// [partner](Self::partner), both of `now_ns`. Returns whether a thread is to move there.
    pub fn should_move(
        &mut self,
        other: usize,
        own_time: u64,
        other_time: u64,
        now_ns: u64,
    ) -> bool {
        let now = Comparison { other, own_time, other_time, last_ns: now_ns };
        if let Some(last) = self.comparison.replace(now)
            && last.other == other
        {
            let own = own_time.wrapping_sub(last.own_time);
            let gain = other_time.wrapping_sub(last.other_time).wrapping_sub(own);
            self.behind_ns = self.behind_ns.saturating_add(gain as i64).max(0);
        }
        self.behind_ns >= LAG_MAX_NS as i64
    }

    /// Begins anew, as a thread has moved.
    pub fn note_moved(&mut self) {
        *self = Self::new();
    }
}
