//! TLB shoot-down between CPUs, without a lock.
//!
//! A CPU that has unmapped pages (the initiator) must wait until every other CPU that may
//! hold them in its TLB (a target) has flushed them, before their frames are used again
//! (Black et al., "Translation Lookaside Buffer Consistency: A Software Approach", 1989;
//! `smp_call_function_many_cond` in Linux's `kernel/smp.c`).
//!
//! | Module    | Subject                                                       |
//! |-----------|---------------------------------------------------------------|
//! | `station` | the state of one CPU: its request, and its pending initiators |
//! | `tags`    | the address spaces of which a TLB may hold entries            |
//! | `set`     | sets of CPUs, a bit for each                                  |
//! | `atomics` | the atomics of `core`, or in tests those of loom              |
//!
//! # Protocol
//!
//! 1. The initiator writes its request and the set of its targets to its own station. In
//!    each target's station it then sets its own bit, and interrupts the target if no bit
//!    of that word was set.
//! 2. A target takes all bits of a word with one operation that clears them. For each bit
//!    it flushes what the initiator requests, and only then removes itself from the
//!    initiator's set.
//! 3. The initiator waits until its set is empty. Until then its request does not change,
//!    so no target reads parts of two requests.
//!
//! If a bit of the word is set already, the target has been interrupted and hasn't taken
//! the bits since. It will take the bits that are set meanwhile, too, so these need no
//! interrupt. An initiator that sets its bit after the target has taken the bits finds no
//! other bit set, and interrupts again.
//!
//! # No CPU waits for ever
//!
//! All CPUs may initiate at the same time, with interrupts off. So a CPU that waits with
//! interrupts off must answer the others: [`Shootdown::run`] does it, and every other wait,
//! such as that for a spin lock, must call [`Shootdown::answer`]. An answer flushes at most
//! once for each other CPU, and waits for nothing.
//!
//! ```
//! use shootdown::{Request, Shootdown, Target};
//! static SHOOTDOWN: Shootdown<4, 1> = Shootdown::new();
//! // The interrupt handler on `cpu`.
//! let handle = |cpu| SHOOTDOWN.answer(cpu, |request| assert_eq!(request.pages, 16));
//! // CPU 0 has unmapped 16 pages; it interrupts the others.
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
use set::BitPosition;
use station::Station;

pub use request::Request;
pub use set::is_empty;
pub use tags::{Tag, Tags};

/// Whether a target will answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// It runs, and will answer.
    Running,
    /// It is offline or has stopped for ever, and uses no mapping any more.
    Stopped,
}

/// The stations of CPUs 0 up to, not including, `CPUS`. A set of CPUs has `WORDS` words,
/// which must have at least `CPUS` bits.
pub struct Shootdown<const CPUS: usize, const WORDS: usize> {
    stations: [Station<WORDS>; CPUS],
}

impl<const CPUS: usize, const WORDS: usize> Shootdown<CPUS, WORDS> {
    /// Makes stations without requests. Doesn't compile if `WORDS` is too small.
    #[cfg(not(test))]
    pub const fn new() -> Self {
        const { assert!(CPUS <= WORDS * 64, "WORDS has fewer bits than there are CPUs") };
        Self { stations: [const { Station::new() }; CPUS] }
    }

    /// Makes stations without requests. Loom's atomics can't be made in a constant.
    #[cfg(test)]
    pub(crate) fn new() -> Self {
        Self { stations: core::array::from_fn(|_| Station::new()) }
    }

    /// Makes all `targets` flush what `request` says, and returns when they have. The
    /// calling CPU is `from`; it is never a target, and flushes its own TLB before or
    /// after. Bits from `CPUS` on are ignored.
    ///
    /// What the caller did before the call, such as a change of page tables, is visible to
    /// the targets when they flush. What the targets did before they flushed, through the
    /// old mapping, is visible to the caller after the call.
    ///
    /// - `interrupt` is called once for each target that has no pending interrupt. The
    ///   interrupt's handler calls [`Self::answer`]. All earlier stores must be visible to
    ///   the target before the interrupt arrives: an x2APIC needs fences for that.
    /// - `flush` flushes on this CPU what other CPUs request meanwhile.
    /// - `relax` is called in each iteration of the wait, with a target that hasn't
    ///   answered. It pauses the CPU and returns whether that target is still running. If
    ///   not, the target is removed from the set, and the request is withdrawn from it. It
    ///   may only run again after a flush of its whole TLB, and never again if it stopped
    ///   during an answer.
    ///
    /// Neither these functions nor an interrupt handler on this CPU may call this for
    /// `from` again meanwhile: that would overwrite the request. So either interrupts are
    /// off, or no handler unmaps pages.
    ///
    /// If CPUs add themselves to a set before they use these page tables, the caller reads
    /// `targets` from that set after a full memory barrier that follows the change of the
    /// page tables.
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
        let position = BitPosition::of(from);
        let mut targets = set::limited::<CPUS, WORDS>(targets);
        targets[position.word] &= !position.bit;
        if is_empty(&targets) {
            return;
        }
        own.publish(request, &targets);
        for target in set::members(&targets) {
            // Release: the target that takes the bit sees the request, and what was done
            // before it.
            let pending = &self.stations[target].pending()[position.word];
            if pending.fetch_or(position.bit, Ordering::Release) == 0 {
                interrupt(target);
            }
        }
        for (word, unanswered) in own.unanswered().iter().enumerate() {
            let mut awaited = targets[word];
            loop {
                // Acquire: a target that isn't in the set any more has flushed.
                awaited &= unanswered.load(Ordering::Acquire);
                let Some(target) = set::first(word, awaited) else { break };
                self.answer(from, &mut flush);
                if relax(target) == Target::Stopped {
                    // Relaxed: it publishes nothing.
                    let pending = &self.stations[target].pending()[position.word];
                    pending.fetch_and(!position.bit, Ordering::Relaxed);
                    awaited &= !BitPosition::of(target).bit;
                }
            }
        }
    }

    /// Answers all pending requests to CPU `cpu`, the calling one: calls `flush` for each,
    /// at most once for every other CPU.
    ///
    /// The handler of the shoot-down interrupt calls this, and so does every wait with
    /// interrupts off. It costs `WORDS` plain loads if no request is pending. A handler
    /// that calls this, too, may interrupt it: each request is taken by one of the two
    /// calls.
    ///
    /// # Panics
    /// If `cpu` isn't below `CPUS`.
    #[inline]
    pub fn answer(&self, cpu: usize, mut flush: impl FnMut(Request)) {
        let position = BitPosition::of(cpu);
        for (word, pending) in self.stations[cpu].pending().iter().enumerate() {
            // Relaxed: if this load misses a bit, the interrupt for it has not been handled
            // yet, and its handler will answer.
            if pending.load(Ordering::Relaxed) == 0 {
                continue;
            }
            // Acquire: the initiators' requests are visible, and what they did before.
            let taken = pending.swap(0, Ordering::Acquire);
            for initiator in set::members_of_word(word, taken) {
                let initiator = &self.stations[initiator];
                flush(initiator.request());
                // Release, and after the flush: an initiator that sees this may reuse the
                // frames.
                initiator.unanswered()[position.word].fetch_and(!position.bit, Ordering::Release);
            }
        }
    }

    /// Returns whether a request to CPU `cpu` is pending. That may have changed when this
    /// returns.
    ///
    /// # Panics
    /// If `cpu` isn't below `CPUS`.
    #[inline]
    pub fn is_pending(&self, cpu: usize) -> bool {
        self.stations[cpu].pending().iter().any(|word| word.load(Ordering::Relaxed) != 0)
    }
}

#[cfg(not(test))]
impl<const CPUS: usize, const WORDS: usize> Default for Shootdown<CPUS, WORDS> {
    fn default() -> Self {
        Self::new()
    }
}
