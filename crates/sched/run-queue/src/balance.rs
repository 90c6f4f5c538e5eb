//! On which processor a thread runs: where one that wakes up is placed, and from whom
//! one that has less to do takes threads over.

use core::cmp::Reverse;

use crate::cpu_set::CpuSet;

/// How many processors [`victim`] looks at.
const VICTIM_LOOKS: usize = 8;

/// The state of all processors. It may be old when it is used: it is read without
/// their locks.
pub trait Processors<const WORDS: usize> {
    /// Returns how many there are.
    fn count(&self) -> usize;

    /// Returns how many threads run or wait on a processor, below [`Self::count`].
    fn load(&self, cpu: usize) -> u32;

    /// Returns the first idle processor in `allowed`, from `from`, itself included, on
    /// and around. [`CpuSet::first_common`] finds it in a bitmap.
    fn first_idle(&self, allowed: &CpuSet<WORDS>, from: usize) -> Option<usize>;
}

/// Chooses the processor for a thread that wakes up, or is new.
///
/// It is the last one of the thread if that is idle, as its caches may be warm; else the
/// next idle one; else the one with the fewest threads among the last, that of the
/// waker, and two at random: two choices at random are about as good as a look at all
/// (M. Mitzenmacher, The Power of Two Choices in Randomized Load Balancing, 2001). Of
/// equals the first of these is taken.
///
/// The cost grows only with the words of the sets. If none of the processors is
/// allowed, it is `last`.
pub fn place<const WORDS: usize>(
    processors: &impl Processors<WORDS>,
    allowed: &CpuSet<WORDS>,
    last: usize,
    waker: usize,
    random: u32,
) -> usize {
    if let Some(idle) = processors.first_idle(allowed, last) {
        return idle;
    }
    let may_run = |cpu: &usize| *cpu < processors.count() && allowed.contains(*cpu);
    let at_random = |half: u32| allowed.nth((half as usize * allowed.len()) >> u16::BITS);
    [Some(last), Some(waker), at_random(random >> u16::BITS), at_random(random & 0xFFFF)]
        .into_iter()
        .flatten()
        .filter(may_run)
        .min_by_key(|cpu| processors.load(*cpu))
        .unwrap_or(last)
}

/// Chooses a processor that `me`, which is below the count, takes a waiting thread from:
/// one that has at least two threads more. For an idle processor that is one where a
/// thread waits; busy ones that ask now and then keep the numbers level. `None` if there
/// is none among those that are looked at.
///
/// These are at most eight, which follow each other: which, `random` tells. With numbers
/// at random any processor is looked at sooner or later; with numbers that follow each
/// other, so many calls as an eighth of the processors look at all. As loads may be old,
/// [`RunQueue::steal`](crate::RunQueue::steal) may find nothing there.
pub fn victim<const WORDS: usize>(
    processors: &impl Processors<WORDS>,
    me: usize,
    random: u32,
) -> Option<usize> {
    let count = processors.count();
    let others = count.checked_sub(1).filter(|others| *others != 0)?;
    let window = random as usize % others.div_ceil(VICTIM_LOOKS) * VICTIM_LOOKS;
    let enough = processors.load(me).saturating_add(2);
    (window..others.min(window + VICTIM_LOOKS))
        .map(|other| (me + 1 + other) % count)
        .map(|cpu| (processors.load(cpu), cpu))
        .filter(|(load, _)| *load >= enough)
        .min_by_key(|(load, _)| Reverse(*load))
        .map(|(_, cpu)| cpu)
}
