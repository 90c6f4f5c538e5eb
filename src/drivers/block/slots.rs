//! The slots of a disk's queue: the requests that the device has, and their ends.
//!
//! A request has a slot from its submission until its waiter has taken the outcome. The slot owns the
//! memory of the request, so that it isn't freed while the device accesses it.
//!
//! The interrupt handler only ends requests and wakes the waiters, which free the memory.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::request::Request;
use crate::arch::time::clock::now_ns;
use crate::sync::{Rank, SpinMutex, WaitQueue};

/// The time in which a request has to be answered; Linux waits for 30 s.
pub(super) const ANSWER_NS: u64 = 10_000_000_000;
/// The time after which a waiter looks for an answer without an interrupt.
pub(super) const LOOK_NS: u64 = 1_000_000_000;
/// The same if the device sends no interrupts.
pub(super) const LOOK_WITHOUT_INTERRUPTS_NS: u64 = 100_000;

/// The state of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// The device has it.
    InFlight,
    /// The device has answered with this status.
    Ended(u16),
    /// The device was reset before it has answered.
    Reset,
}

/// How waiters find out that the device has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answers {
    /// The device sends interrupts.
    ByInterrupt,
    /// It doesn't: waiters look.
    ByLooking,
}

impl Answers {
    /// Returns the time after which a waiter looks for an answer.
    pub(super) fn look_ns(self) -> u64 {
        match self {
            Self::ByInterrupt => LOOK_NS,
            Self::ByLooking => LOOK_WITHOUT_INTERRUPTS_NS,
        }
    }
}

/// A slot for a request.
struct Slot {
    /// The state: a kind in the lower half, the identifier or the status in the upper one.
    progress: AtomicU32,
    /// When the device has answered, by the kernel's clock, in nanoseconds.
    ended_ns: AtomicU64,
    /// Woken when the device has answered.
    ended: WaitQueue,
}

const FREE: u32 = 0;
const IN_FLIGHT: u32 = 1;
const ENDED: u32 = 2;
const RESET: u32 = 3;
const KIND: u32 = 0xFFFF;

impl Slot {
    const fn new() -> Self {
        Self {
            progress: AtomicU32::new(FREE),
            ended_ns: AtomicU64::new(0),
            ended: WaitQueue::new(),
        }
    }

    fn progress(&self) -> Progress {
        let word = self.progress.load(Ordering::Acquire);
        match word & KIND {
            ENDED => Progress::Ended((word >> 16) as u16),
            RESET => Progress::Reset,
            _ => Progress::InFlight,
        }
    }
}

/// The most slots of a queue.
const SLOTS_MAX: usize = u64::BITS as usize;

/// The slots of a queue.
pub(super) struct Slots {
    /// The free slots, one bit each.
    free: AtomicU64,
    slots: Box<[Slot]>,
    /// Protects the requests in the slots; held to store or to take one.
    requests: SpinMutex<Box<[Option<Request>]>>,
    /// Woken when a slot is free again.
    freed: WaitQueue,
}

/// Returns `count` values; `None` if there is no memory.
fn boxed<T>(count: usize, value: impl Fn() -> T) -> Option<Box<[T]>> {
    let mut values = Vec::new();
    values.try_reserve_exact(count).ok()?;
    values.extend((0..count).map(|_| value()));
    Some(values.into_boxed_slice())
}

impl Slots {
    /// Makes `count` free slots, at most 64; `None` if there is no memory.
    pub(super) fn try_new(count: usize) -> Option<Self> {
        let count = count.min(SLOTS_MAX);
        Some(Self {
            free: AtomicU64::new(Self::first(count)),
            slots: boxed(count, Slot::new)?,
            requests: SpinMutex::new(Rank::Drivers, boxed(count, || None)?),
            freed: WaitQueue::new(),
        })
    }

    /// Leaves only the first `count` slots. All are free.
    pub(super) fn limit(&mut self, count: usize) {
        *self.free.get_mut() &= Self::first(count);
    }

    /// Returns the number of free slots.
    pub(super) fn count_free(&self) -> u32 {
        self.free.load(Ordering::Relaxed).count_ones()
    }

    /// Returns the first `count` slots, one bit each.
    fn first(count: usize) -> u64 {
        match count {
            SLOTS_MAX.. => u64::MAX,
            count => (1 << count) - 1,
        }
    }

    /// Takes a free slot, if there is one.
    pub(super) fn try_take(&self) -> Option<u16> {
        let without_first = |free: u64| (free != 0).then_some(free & free.wrapping_sub(1));
        let before = self.free.fetch_update(Ordering::Acquire, Ordering::Relaxed, without_first);
        before.ok().map(|free| free.trailing_zeros() as u16)
    }

    /// Takes a free slot. Waits until there is one.
    pub(super) fn take(&self) -> u16 {
        let mut taken = None;
        self.freed.wait_until(|| {
            taken = self.try_take();
            taken.is_some()
        });
        taken.expect("the wait ends with a slot")
    }

    /// Gives a request to a slot that was taken.
    pub(super) fn keep(&self, slot: u16, request: Request) {
        self.requests.lock()[usize::from(slot)] = Some(request);
    }

    /// Calls `access` with the request of a slot.
    pub(super) fn with_request<R>(
        &self,
        slot: u16,
        access: impl FnOnce(&Request) -> R,
    ) -> Option<R> {
        self.requests.lock()[usize::from(slot)].as_ref().map(access)
    }

    /// Sets a slot that was taken to in flight. The device gets the request after this.
    pub(super) fn start(&self, slot: u16, identifier: u16) {
        let progress = IN_FLIGHT | u32::from(identifier) << 16;
        self.slots[usize::from(slot)].progress.store(progress, Ordering::Relaxed);
    }

    /// Returns the identifier of the request in flight in a slot.
    pub(super) fn identifier(&self, slot: u16) -> u16 {
        (self.slots[usize::from(slot)].progress.load(Ordering::Relaxed) >> 16) as u16
    }

    /// Returns whether the request with this identifier is in flight in a slot.
    pub(super) fn is_in_flight(&self, slot: u16, identifier: u16) -> bool {
        let expected = IN_FLIGHT | u32::from(identifier) << 16;
        let slot = self.slots.get(usize::from(slot));
        slot.is_some_and(|slot| slot.progress.load(Ordering::Relaxed) == expected)
    }

    /// Ends the request in flight in a slot by the device's answer, and wakes its waiter. Returns
    /// whether there is one with this identifier. Never waits.
    pub(super) fn end(&self, slot: u16, identifier: u16, status: u16) -> bool {
        let expected = IN_FLIGHT | u32::from(identifier) << 16;
        let slot = self.slots.get(usize::from(slot));
        let Some(slot) = slot.filter(|slot| slot.progress.load(Ordering::Relaxed) == expected)
        else {
            return false;
        };
        slot.ended_ns.store(now_ns(), Ordering::Relaxed);
        let ended = ENDED | u32::from(status) << 16;
        let change =
            slot.progress.compare_exchange(expected, ended, Ordering::Release, Ordering::Relaxed);
        if change.is_ok() {
            slot.ended.wake_all();
        }
        change.is_ok()
    }

    /// Returns when the device has answered the last time in a slot, by the kernel's clock, in
    /// nanoseconds.
    pub(super) fn ended_ns(&self, slot: u16) -> u64 {
        self.slots[usize::from(slot)].ended_ns.load(Ordering::Relaxed)
    }

    /// Ends all requests in flight as [`Progress::Reset`]. The device no longer accesses their
    /// memory.
    pub(super) fn reset(&self) {
        for slot in &self.slots {
            if slot.progress.load(Ordering::Relaxed) & KIND == IN_FLIGHT {
                slot.progress.store(RESET, Ordering::Release);
                slot.ended.wake_all();
            }
        }
    }

    /// Returns the state of a request.
    pub(super) fn progress(&self, slot: u16) -> Progress {
        self.slots[usize::from(slot)].progress()
    }

    /// Waits until the request of a slot has ended, but not after `deadline_ns`.
    fn wait(&self, slot: u16, deadline_ns: u64) -> Progress {
        let slot = &self.slots[usize::from(slot)];
        let has_ended = || slot.progress() != Progress::InFlight;
        // The progress is returned in either case.
        let _ = slot.ended.wait_until_deadline(deadline_ns, has_ended);
        slot.progress()
    }

    /// As [`wait`](Self::wait), and calls `look` each `look_ns`, which takes the answers that have
    /// arrived. It returns whether the device still works; if it doesn't, the wait is over.
    pub(super) fn wait_looking(
        &self,
        slot: u16,
        deadline_ns: u64,
        look_ns: u64,
        look: impl Fn() -> bool,
    ) -> Progress {
        loop {
            let is_working = look();
            let now_ns = now_ns();
            let progress = match is_working {
                true => self.wait(slot, deadline_ns.min(now_ns + look_ns)),
                false => self.progress(slot),
            };
            let is_over = now_ns >= deadline_ns || !is_working;
            if progress != Progress::InFlight || is_over {
                return progress;
            }
        }
    }

    /// Waits for the device's answer, at most for [`ANSWER_NS`] and a look. `look` is as for
    /// [`wait_looking`](Self::wait_looking).
    pub(super) fn wait_for_answer(
        &self,
        slot: u16,
        answers: Answers,
        look: impl Fn() -> bool,
    ) -> Progress {
        if answers == Answers::ByInterrupt {
            // Usually the interrupt comes before the first look.
            let progress = self.wait(slot, now_ns() + LOOK_NS);
            if progress != Progress::InFlight {
                return progress;
            }
        }
        self.wait_looking(slot, now_ns() + ANSWER_NS, answers.look_ns(), look)
    }

    /// Takes the request of a slot, which isn't in flight.
    pub(super) fn take_request(&self, slot: u16) -> Option<Request> {
        self.requests.lock()[usize::from(slot)].take()
    }

    /// Frees a slot whose request isn't in flight, and then the request, if it wasn't taken.
    pub(super) fn free(&self, slot: u16) {
        let request = self.take_request(slot);
        self.slots[usize::from(slot)].progress.store(FREE, Ordering::Relaxed);
        self.free.fetch_or(1 << slot, Ordering::Release);
        self.freed.wake_one();
        drop(request);
    }
}
