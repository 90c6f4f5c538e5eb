//! The parking lot: where threads wait, by the address of a word, in buckets.
//!
//! A thread that waits is in the list of its word's bucket. A wake-up, its deadline or its
//! cancellation removes it: the first of these determines how the wait ends. After WebKit's
//! `WTF::ParkingLot` and Linux's `kernel/futex`.

use core::sync::atomic::{AtomicU32, Ordering, fence};

use blocking::{Unparked, Wait, WaitKind, Wake};
use run_queue::RealTimePriority;

use super::bucket::{Bucket, waiter};
use super::id::Slot;
use super::inheritance;
use super::table;
use super::thread::{State, Thread};
use super::{deadlines, scheduler};
use crate::arch::cpu::percpu;
use crate::arch::irq::interrupt_flag::InterruptsOff;
use crate::arch::time::clock;
use crate::sync::parking::{self, Lot};
use crate::sync::{IrqMutex, IrqMutexGuard, Rank};

const BUCKETS: usize = 256;

/// Each protects a bucket, and owns the waiters of its threads. Taken by threads that wait and by
/// code that wakes them, interrupt handlers too.
static BUCKETS_LOCKED: [IrqMutex<Bucket>; BUCKETS] =
    [const { IrqMutex::new(Rank::Parking, Bucket::new()) }; BUCKETS];

#[inline]
fn bucket_of(address: u64) -> &'static IrqMutex<Bucket> {
    // Fibonacci hashing: the upper bits depend on all of them. Words are 4 bytes apart.
    let hash = (address >> 2).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    &BUCKETS_LOCKED[(hash >> 56) as usize]
}

/// Opens the parking lot.
pub(super) fn start() {
    let held_ranks = || &table::current().held_ranks;
    parking::open(Lot { park, unpark, acquired, is_running, held_ranks });
}

fn park(word: &AtomicU32, expected: u32, wait: Wait) -> Wake {
    let interrupts_off = InterruptsOff::new();
    scheduler::check_may_leave(&interrupts_off);
    let thread = table::current();
    let address = address_of(word);
    let mut bucket = bucket_of(address).lock_within(&interrupts_off);
    if word.load(Ordering::Acquire) != expected {
        return Wake::Changed;
    }
    let is_interruptible = wait.kind == WaitKind::Interruptible;
    // Before the check: a canceller either sees the word and waits for the bucket, or has set the
    // flag before it is read here.
    thread.parked.set_word(address);
    if is_interruptible && thread.is_cancelled.load(Ordering::SeqCst) {
        thread.parked.clear_word();
        return Wake::Cancelled;
    }
    // After that check: a cancelled thread gets the error, however short its waits are.
    if wait.until_ns.is_some_and(|until_ns| until_ns <= clock::now_ns()) {
        thread.parked.clear_word();
        return Wake::TimedOut;
    }
    thread.parked.waiter.claim(&mut bucket);
    let (list, key) = bucket.parts();
    let own = waiter(thread, key);
    own.queue_end.set(wait.queue_end);
    own.priority.set(thread.policy().real_time_priority().map_or(0, RealTimePriority::get));
    own.is_interruptible.set(is_interruptible);
    own.until_ns.set(wait.until_ns);
    own.owner.set(wait.owner.and_then(Slot::of_lock_number).map(table::thread));
    list.insert(thread, key);
    thread.set_state(State::Waiting);
    let inherits = wait.owner.and_then(|_| {
        // Pairs with the fence in `lend_on`.
        fence(Ordering::SeqCst);
        inheritance::lend(thread, own)
    });
    drop(bucket);
    if let Some(lender) = inherits {
        lend_on(lender, &interrupts_off);
    }
    match wait.until_ns {
        None => scheduler::leave(&interrupts_off),
        Some(until_ns) => {
            let cpu = deadlines::insert(thread, until_ns);
            scheduler::leave(&interrupts_off);
            deadlines::remove(thread, cpu);
        }
    }
    thread.parked.wake()
}

#[inline]
fn address_of(word: &AtomicU32) -> u64 {
    word.as_ptr().addr() as u64
}

/// A bucket that is locked.
type LockedBucket<'i> = IrqMutexGuard<'static, Bucket, &'i InterruptsOff>;

/// Removes `thread` from its bucket. From then on the caller has to wake it, after it has ended
/// the lock's ownership of its waiter. Returns whether the thread waited for a mutex.
#[inline]
fn take_out(bucket: &mut LockedBucket<'_>, thread: &'static Thread, wake: Wake) -> bool {
    let (list, key) = bucket.parts();
    let own = waiter(thread, key);
    let has_owner = own.owner.get().is_some();
    if has_owner {
        inheritance::end_loan(own);
    }
    list.remove(own, key);
    thread.parked.clear_word();
    thread.parked.set_wake(wake);
    // The lock of the bucket keeps all others from changing it.
    assert!(thread.is_in(State::Waiting), "a thread in a bucket waits");
    thread.set_state(State::Waking);
    has_owner
}

fn unpark(word: &AtomicU32, count: u32, then: &mut dyn FnMut(Unparked)) {
    let interrupts_off = InterruptsOff::new();
    let address = address_of(word);
    let mut bucket = bucket_of(address).lock_within(&interrupts_off);
    let mut unparked = Unparked { woken: 0, first: None, next: None };
    // The threads that are taken out, in their order.
    let (mut first, mut last) = (None, None::<&'static Thread>);
    let mut has_owner = false;
    while unparked.woken < count {
        let (list, key) = bucket.parts();
        let Some(thread) = list.first_for(address, key) else {
            break;
        };
        has_owner |= take_out(&mut bucket, thread, Wake::Unparked);
        match last.replace(thread) {
            Some(last) => waiter(last, bucket.parts().1).next.set(Some(thread)),
            None => first = Some(thread),
        }
        unparked.woken += 1;
    }
    let (list, key) = bucket.parts();
    if !list.is_empty() {
        if has_owner {
            // The mutex is released: threads that still wait lend nothing to its previous owner.
            list.set_owner(address, None, key);
        }
        unparked.next = list.first_for(address, key).map(|next| waiter(next, key).queue_end.get());
    }
    unparked.first = first.map(|thread| thread.slot.lock_number());
    then(unparked);
    let (Some(mut thread), Some(last)) = (first, last) else {
        return;
    };
    // All but the last one are woken under the lock, which owns the links between them.
    while !core::ptr::eq(thread, last) {
        let next = waiter(thread, bucket.parts().1).next.get();
        thread.parked.waiter.disown(&mut bucket);
        scheduler::wake(thread, &interrupts_off);
        thread = next.expect("the last one has been linked");
    }
    thread.parked.waiter.disown(&mut bucket);
    drop(bucket);
    scheduler::wake(thread, &interrupts_off);
}

/// Ends the wait of `thread` by its deadline, if that was reached, or by its cancellation, if
/// that ends it. Returns whether it does.
fn end_wait(thread: &'static Thread, wake: Wake, interrupts_off: &InterruptsOff) -> bool {
    while let Some(address) = thread.parked.word() {
        let mut bucket = bucket_of(address.get()).lock_within(interrupts_off);
        if !thread.parked.waits_for(address.get()) {
            // It was woken, and may wait for something else by now.
            continue;
        }
        let own = waiter(thread, bucket.parts().1);
        let ends = match wake {
            Wake::TimedOut => own.until_ns.get().is_some_and(|at_ns| at_ns <= clock::now_ns()),
            _ => own.is_interruptible.get(),
        };
        if ends {
            take_out(&mut bucket, thread, wake);
            thread.parked.waiter.disown(&mut bucket);
            drop(bucket);
            scheduler::wake(thread, interrupts_off);
        }
        return ends;
    }
    false
}

/// Wakes the threads that began to wait on this CPU and whose deadline has come. Called by the
/// timer's interrupt handler.
pub(super) fn end_waits_in_time(now_ns: u64) {
    let interrupts_off = InterruptsOff::new();
    let cpu = super::cpu::this();
    while let Some(thread) = deadlines::pop_reached(cpu, now_ns) {
        end_wait(thread, Wake::TimedOut, &interrupts_off);
    }
}

/// The immediate effect of a cancellation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancellation {
    /// The thread was waiting; the wait ends with an error.
    WaitEnded,
    /// The thread runs, or its wait can't be cancelled: it learns of the cancellation when it
    /// begins its next wait that can be cancelled, or polls
    /// [`is_cancelled`](super::is_cancelled).
    Pending,
}

/// Cancels `thread`: requests that it ends. It stays cancelled until it ends: its wait, if that can
/// be cancelled, ends with an error, and so does each such wait that it begins later. The caller
/// holds the thread, by a [`JoinHandle`](super::JoinHandle) or a [`ThreadRef`](super::ThreadRef);
/// otherwise another thread might have its place by now.
///
/// A thread is never ended from outside, as it may hold locks. One that runs for long without
/// waiting polls [`is_cancelled`](super::is_cancelled).
pub fn cancel(thread: &'static Thread) -> Cancellation {
    thread.is_cancelled.store(true, Ordering::SeqCst);
    if end_wait(thread, Wake::Cancelled, &InterruptsOff::new()) {
        Cancellation::WaitEnded
    } else {
        Cancellation::Pending
    }
}

/// Makes the running thread, which has taken the mutex of `word`, the owner that its waiters wait
/// for.
fn acquired(word: &AtomicU32) {
    let address = address_of(word);
    let mut bucket = bucket_of(address).lock();
    let (list, key) = bucket.parts();
    list.set_owner(address, Some(table::current()), key);
}

/// Returns whether another CPU runs the thread with this number as the owner of locks.
fn is_running(owner: u32) -> bool {
    let cpu = Slot::of_lock_number(owner).and_then(|slot| percpu::get(table::thread(slot).cpu()));
    cpu.is_some_and(|cpu| !cpu.is_current() && parking::is_current_of(cpu, owner))
}

/// Lends the policy that `lender` has just inherited on, if it waits for a mutex, and so on. No
/// bucket is locked.
fn lend_on(mut lender: &'static Thread, interrupts_off: &InterruptsOff) {
    for _ in 1..inheritance::CHAIN_MAX {
        // Pairs with the fence in `park`: a thread that begins to wait after this look lends its
        // new policy itself.
        fence(Ordering::SeqCst);
        let Some(address) = lender.parked.word() else {
            return;
        };
        let mut bucket = bucket_of(address.get()).lock_within(interrupts_off);
        // It may have been woken, and wait for something else by now.
        if !lender.parked.waits_for(address.get()) {
            return;
        }
        let own = waiter(lender, bucket.parts().1);
        match inheritance::lend(lender, own) {
            Some(owner) => lender = owner,
            None => return,
        }
    }
}
