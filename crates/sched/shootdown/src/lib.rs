//! TLB shoot-down between processors, without a lock.
//!
//! A processor that has unmapped pages (the initiator) must know that every other
//! processor that may hold them in its TLB (a target) has flushed them, before their
//! frames are used again (Black et al., "Translation Lookaside Buffer Consistency: A
//! Software Approach", 1989; `smp_call_function_many_cond` in Linux's `kernel/smp.c`).
//!
//! | Module    | Subject                                                       |
//! |-----------|---------------------------------------------------------------|
//! | `station` | what belongs to one processor: what it asks, and who asks it  |
//! | `tags`    | which address spaces a TLB holds something of                 |
//! | `set`     | sets of processors, a bit for each                            |
//! | `atomics` | the atomics of `core`, or in tests those of loom              |
//!
//! # Protocol
//!
//! 1. The initiator writes its request and the set of its targets at its own station. At
//!    each target's station it then sets its bit, and interrupts the target if no bit of
//!    that word was set.
//! 2. A target takes all bits of a word at once, leaving none. For each it flushes what
//!    the initiator requests, and only then takes itself out of the initiator's set.
//! 3. The initiator waits until its set is empty. Until then its request stays as it is,
//!    so no target reads half of another.
//!
//! A bit that was set says that the target has been interrupted and hasn't taken the bits
//! since: it will take those that are set meanwhile too, so their interrupt is spared. One
//! that is set behind the taking finds none set, and interrupts again.
//!
//! # Nobody waits for ever
//!
//! All processors may initiate at the same time, with interrupts off. It needs that who
//! waits with interrupts off answers others, here ([`Shootdown::run`] does it) and in every
//! other wait, as for a spin lock ([`Shootdown::answer`]). An answer flushes at most once
//! for each other processor, and waits for nothing.
//!
//! ```
//! use shootdown::{Request, Shootdown, Target};
//! static SHOOTDOWN: Shootdown<4, 1> = Shootdown::new();
//! // What the interrupt's handler does on `cpu`.
//! let handle = |cpu| SHOOTDOWN.answer(cpu, |request| assert_eq!(request.pages, 16));
//! // Processor 0 has unmapped 16 pages; the others are interrupted.
//! let request = Request { start: 0x7000, pages: 16, space: 0, generation: 0 };
//! let interrupt = |cpu| handle(cpu);
//! SHOOTDOWN.run(0, request, &[0b1111], interrupt, |_| (), |_| Target::Running);
//! ```

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[cfg(test)]
extern crate std;

mod atomics;
mod request;
mod set;
mod station;
mod tags;
#[cfg(test)]
mod tests;

use atomics::Ordering;
use set::Place;
use station::Station;

pub use request::Request;
pub use tags::{Tag, Tags};

/// Whether a target will answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// It answers, sooner or later.
    Running,
    /// It is offline or has stopped for ever, and uses no mapping any more.
    Stopped,
}

/// The stations of processors 0 up to, not including, `CPUS`; sets of processors have
/// `WORDS` words, at least a bit for each.
pub struct Shootdown<const CPUS: usize, const WORDS: usize> {
    stations: [Station<WORDS>; CPUS],
}

impl<const CPUS: usize, const WORDS: usize> Shootdown<CPUS, WORDS> {
    /// Makes one without requests. It doesn't compile if `WORDS` is too small.
    #[cfg(not(test))]
    pub const fn new() -> Self {
        const { assert!(CPUS <= WORDS * 64, "a processor has no bit") };
        Self { stations: [const { Station::new() }; CPUS] }
    }

    /// Makes one without requests. Loom's atomics can't be made in a constant.
    #[cfg(test)]
    pub(crate) fn new() -> Self {
        Self { stations: core::array::from_fn(|_| Station::new()) }
    }

    /// Lets all `targets` flush what `request` says, and returns when they have. The
    /// processor that calls it is `from`; it is no target itself, and flushes its own TLB
    /// before or after. Bits beyond `CPUS` are left out.
    ///
    /// What was done before the call, as a change of page tables, is seen by targets when
    /// they flush; what targets did before they flushed, through the old mapping, is seen
    /// behind the call.
    ///
    /// - `interrupt` is called once for each target that isn't interrupted already. The
    ///   interrupt's handler calls [`Self::answer`]. All stores before must be visible at
    ///   the target before the interrupt comes: an x2APIC needs fences for that.
    /// - `flush` flushes here what other processors ask meanwhile.
    /// - `relax` is called at each turn of the wait with a target that hasn't answered.
    ///   It pauses the processor and tells if that target is still running. One that isn't
    ///   is left out, and the request is taken back from it. It may only run again after a
    ///   flush of all its TLB, and never again if it stopped amid an answer.
    ///
    /// None of them may call this for `from` again, nor may an interrupt handler within:
    /// the request would be overwritten. So interrupts are off, or no handler unmaps.
    ///
    /// The caller determines `targets` behind a full memory barrier that follows the
    /// change of the page tables, if processors add themselves to the set before they use
    /// these page tables.
    ///
    /// # Panics
    /// If `from` isn't below `CPUS`.
    pub fn run(
        &self,
        from: usize,
        request: Request,
        targets: &[u64; WORDS],
        mut interrupt: impl FnMut(usize),
        mut flush: impl FnMut(Request),
        mut relax: impl FnMut(usize) -> Target,
    ) {
        let own = &self.stations[from];
        let place = Place::of(from);
        let mut targets = set::limited::<CPUS, WORDS>(targets);
        targets[place.word] &= !place.bit;
        if targets == [0; WORDS] {
            return;
        }
        own.publish(request, &targets);
        for target in set::members(&targets) {
            // Release: who takes the bit sees the request, and what was done before it.
            let asking = &self.stations[target].asking()[place.word];
            if asking.fetch_or(place.bit, Ordering::Release) == 0 {
                interrupt(target);
            }
        }
        for (word, unanswered) in own.unanswered().iter().enumerate() {
            let mut awaited = targets[word];
            loop {
                // Acquire: who isn't in the set any more has flushed.
                awaited &= unanswered.load(Ordering::Acquire);
                let Some(target) = set::first(word, awaited) else { break };
                self.answer(from, &mut flush);
                if relax(target) == Target::Stopped {
                    // Relaxed: nothing is told by it.
                    let asking = &self.stations[target].asking()[place.word];
                    asking.fetch_and(!place.bit, Ordering::Relaxed);
                    awaited &= !Place::of(target).bit;
                }
            }
        }
    }

    /// Answers all who ask processor `cpu`, which calls it: `flush` is called for each, at
    /// most once for every other processor.
    ///
    /// The handler of the shoot-down's interrupt calls it, and every wait with interrupts
    /// off. It costs `WORDS` plain loads if nobody asks. It may be interrupted by a handler
    /// that calls it too: each request is taken by one of them.
    ///
    /// # Panics
    /// If `cpu` isn't below `CPUS`.
    #[inline]
    pub fn answer(&self, cpu: usize, mut flush: impl FnMut(Request)) {
        let place = Place::of(cpu);
        for (word, asking) in self.stations[cpu].asking().iter().enumerate() {
            // Relaxed: a bit that isn't seen yet is followed by an interrupt, or is behind
            // one that hasn't come.
            if asking.load(Ordering::Relaxed) == 0 {
                continue;
            }
            // Acquire: the initiators' requests are seen, and what they did before.
            let taken = asking.swap(0, Ordering::Acquire);
            for initiator in set::members_of_word(word, taken) {
                let initiator = &self.stations[initiator];
                flush(initiator.request());
                // Release, and behind the flush: who sees it may use the frames again.
                initiator.unanswered()[place.word].fetch_and(!place.bit, Ordering::Release);
            }
        }
    }

    /// Tells if someone asks processor `cpu`. It may have changed when this returns.
    ///
    /// # Panics
    /// If `cpu` isn't below `CPUS`.
    #[inline]
    pub fn is_pending(&self, cpu: usize) -> bool {
        self.stations[cpu].asking().iter().any(|word| word.load(Ordering::Relaxed) != 0)
    }
}

#[cfg(not(test))]
impl<const CPUS: usize, const WORDS: usize> Default for Shootdown<CPUS, WORDS> {
    fn default() -> Self {
        Self::new()
    }
}
