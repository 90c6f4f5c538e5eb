//! The one place where threads wait: by the address of a word, in buckets.
//!
//! Who waits is in its bucket's list. One of three takes it out: a wake-up, its deadline,
//! or its cancellation; that one settles how the wait has ended, and nobody else. After
//! WebKit's `WTF::ParkingLot` and Linux's `kernel/futex`.

use core::sync::atomic::{AtomicU32, Ordering, fence};

use blocking::{QueueEnd, Unparked, Wait, WaitKind, Wake};
use deadline_queue::NONE;
use run_queue::Policy;

use super::inheritance;
use super::table;
use super::thread::{State, Thread};
use super::{deadlines, scheduler};
use crate::arch::irq::interrupt_flag::InterruptsOff;
use crate::arch::time::clock;
use crate::sync::parking::{self, Lot};
use crate::sync::{IrqMutex, Rank};

const BUCKETS: usize = 256;

/// Protects who waits for the words that fall into this bucket. Taken by who waits and who
/// wakes, also by interrupt handlers.
static BUCKET_LOCKS: [IrqMutex<Bucket>; BUCKETS] =
    [const { IrqMutex::new(Rank::Parking, Bucket::new()) }; BUCKETS];

/// Threads that wait, first come first, but for those that came to the front.
struct Bucket {
    first: u32,
    last: u32,
    /// How many of them are real-time: only then the order isn't that of the list.
    urgent: u32,
}

impl Bucket {
    const fn new() -> Self {
        Self { first: NONE, last: NONE, urgent: 0 }
    }

    fn waiting(&self) -> impl Iterator<Item = &'static Thread> + use<> {
        let mut next = self.first;
        core::iter::from_fn(move || {
            let thread = (next != NONE).then(|| table::thread(next))?;
            next = thread.parked.next.load(Ordering::Relaxed);
            Some(thread)
        })
    }

    /// Returns the first in line for `word`: the one of the highest real-time priority, then
    /// the one that came to the front, then the one that came first.
    fn first_for(&self, word: u64) -> Option<&'static Thread> {
        let mut waiting =
            self.waiting().filter(|it| it.parked.word.load(Ordering::Relaxed) == word);
        if self.urgent == 0 {
            return waiting.next();
        }
        let first = waiting.next()?;
        Some(waiting.fold(first, |best, it| if priority(it) > priority(best) { it } else { best }))
    }

    fn insert(&mut self, thread: &'static Thread, queue_end: QueueEnd) {
        // Those that came to the front are a row at the beginning.
        let (previous, next) = match queue_end {
            QueueEnd::Back => (self.last, NONE),
            QueueEnd::Front => {
                let front =
                    self.waiting().take_while(|it| it.parked.queue_end() == QueueEnd::Front);
                let previous = front.last().map_or(NONE, |last| last.slot);
                let next = match previous {
                    NONE => self.first,
                    previous => table::thread(previous).parked.next.load(Ordering::Relaxed),
                };
                (previous, next)
            }
        };
        self.link(previous, thread.slot);
        self.link(thread.slot, next);
        self.urgent += u32::from(priority(thread) > 0);
    }

    fn remove(&mut self, thread: &'static Thread) {
        let parked = &thread.parked;
        self.link(parked.previous.load(Ordering::Relaxed), parked.next.load(Ordering::Relaxed));
        parked.word.store(0, Ordering::Relaxed);
        self.urgent -= u32::from(priority(thread) > 0);
    }

    /// Makes `owner` the thread that the waiters of `word` wait for.
    fn set_owner(&self, word: u64, owner: Option<&'static Thread>) {
        for waiter in self.waiting().filter(|it| it.parked.word.load(Ordering::Relaxed) == word) {
            inheritance::end_loan(waiter);
            waiter.parked.owner.store(owner.map_or(0, |it| it.slot + 1), Ordering::Relaxed);
            inheritance::lend(waiter);
        }
    }

    /// Makes two threads neighbours; [`NONE`] is the end on either side.
    fn link(&mut self, previous: u32, next: u32) {
        match previous {
            NONE => self.first = next,
            _ => table::thread(previous).parked.next.store(next, Ordering::Relaxed),
        }
        match next {
            NONE => self.last = previous,
            _ => table::thread(next).parked.previous.store(previous, Ordering::Relaxed),
        }
    }
}

/// Returns the real-time priority by which a thread stands in line, or 0. It is that of
/// its own policy: what it inherits while it waits doesn't move it.
fn priority(thread: &Thread) -> u8 {
    thread.parked.priority.load(Ordering::Relaxed)
}

fn bucket_of(word: u64) -> &'static IrqMutex<Bucket> {
    // Fibonacci hashing: the upper bits depend on all of them. Words are 4 bytes apart.
    let hash = (word >> 2).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    &BUCKET_LOCKS[(hash >> 56) as usize]
}

/// Opens the parking lot.
pub(super) fn start() {
    parking::open(Lot {
        current: || table::current().slot + 1,
        park,
        unpark,
        acquired,
        held_ranks: || &table::current().held_ranks,
    });
}

fn park(word: &AtomicU32, expected: u32, wait: Wait) -> Wake {
    let interrupts_off = InterruptsOff::new();
    scheduler::check_may_leave(&interrupts_off);
    let thread = table::current();
    let address = address_of(word);
    let inherits = {
        let mut bucket = bucket_of(address).lock();
        if word.load(Ordering::Acquire) != expected {
            return Wake::Changed;
        }
        if wait.until_ns.is_some_and(|until_ns| until_ns <= clock::now_ns()) {
            return Wake::TimedOut;
        }
        let parked = &thread.parked;
        let is_interruptible = wait.kind == WaitKind::Interruptible;
        parked.is_interruptible.store(is_interruptible.into(), Ordering::Relaxed);
        parked.queue_end.store(wait.queue_end as u8, Ordering::Relaxed);
        parked.until_ns.store(wait.until_ns.unwrap_or(u64::MAX), Ordering::Relaxed);
        parked.owner.store(wait.owner.unwrap_or(0), Ordering::Relaxed);
        let priority = match thread.policy() {
            Policy::RealTime(priority) => priority.get(),
            Policy::Fair(_) => 0,
        };
        parked.priority.store(priority, Ordering::Relaxed);
        // Before the look: who cancels sees the word and waits for the bucket, or is seen.
        parked.word.store(address, Ordering::SeqCst);
        if is_interruptible && thread.is_cancelled.load(Ordering::SeqCst) {
            parked.word.store(0, Ordering::Relaxed);
            return Wake::Cancelled;
        }
        bucket.insert(thread, wait.queue_end);
        thread.set_state(State::Waiting);
        // Pairs with the fence in `lend_on`.
        if wait.owner.is_some() {
            fence(Ordering::SeqCst);
        }
        inheritance::lend(thread)
    };
    if let Some(lender) = inherits {
        lend_on(lender);
    }
    if let Some(until_ns) = wait.until_ns {
        deadlines::insert(thread, until_ns);
    }
    scheduler::leave(&interrupts_off);
    if wait.until_ns.is_some() {
        deadlines::remove(thread);
    }
    drop(interrupts_off);
    match thread.parked.wake.load(Ordering::Relaxed) {
        wake if wake == Wake::TimedOut as u8 => Wake::TimedOut,
        wake if wake == Wake::Cancelled as u8 => Wake::Cancelled,
        _ => Wake::Unparked,
    }
}

fn address_of(word: &AtomicU32) -> u64 {
    word.as_ptr().addr() as u64
}

/// Takes `thread` out of its bucket, which is locked; from now on it is the caller's to wake.
fn take_out(bucket: &mut Bucket, thread: &'static Thread, wake: Wake) {
    inheritance::end_loan(thread);
    bucket.remove(thread);
    thread.parked.wake.store(wake as u8, Ordering::Relaxed);
    let was_waiting = thread.change_state(State::Waiting, State::Waking);
    assert!(was_waiting, "who is in a bucket waits");
}

fn unpark(word: &AtomicU32, count: u32, then: &mut dyn FnMut(Unparked)) {
    let interrupts_off = InterruptsOff::new();
    let address = address_of(word);
    let mut woken = Unparked { woken: 0, first: None, next: None };
    // Those that were taken out, in their order.
    let (mut first, mut last) = (NONE, NONE);
    {
        let mut has_owner = false;
        let mut bucket = bucket_of(address).lock();
        while woken.woken < count
            && let Some(thread) = bucket.first_for(address)
        {
            has_owner |= thread.parked.owner.load(Ordering::Relaxed) != 0;
            take_out(&mut bucket, thread, Wake::Unparked);
            thread.parked.next.store(NONE, Ordering::Relaxed);
            match last {
                NONE => first = thread.slot,
                _ => table::thread(last).parked.next.store(thread.slot, Ordering::Relaxed),
            }
            last = thread.slot;
            woken.woken += 1;
            woken.first.get_or_insert(thread.slot + 1);
        }
        if has_owner {
            // The mutex is released: those that still wait lend nothing to its previous owner.
            bucket.set_owner(address, None);
        }
        woken.next = bucket.first_for(address).map(|thread| thread.parked.queue_end());
        then(woken);
    }
    while first != NONE {
        let thread = table::thread(first);
        first = thread.parked.next.load(Ordering::Relaxed);
        scheduler::wake(thread, &interrupts_off);
    }
}

/// Ends the wait of `thread` by its deadline, if that was reached, or by its cancellation, if
/// that ends it.
fn end_wait(thread: &'static Thread, wake: Wake, interrupts_off: &InterruptsOff) {
    loop {
        let address = thread.parked.word.load(Ordering::SeqCst);
        if address == 0 {
            return;
        }
        {
            let mut bucket = bucket_of(address).lock();
            let parked = &thread.parked;
            if parked.word.load(Ordering::Relaxed) != address {
                // It was woken, and may wait for something else by now.
                continue;
            }
            let ends = match wake {
                Wake::TimedOut => parked.until_ns.load(Ordering::Relaxed) <= clock::now_ns(),
                _ => parked.is_interruptible.load(Ordering::Relaxed) != 0,
            };
            if !ends {
                return;
            }
            take_out(&mut bucket, thread, wake);
        }
        return scheduler::wake(thread, interrupts_off);
    }
}

/// Wakes the threads whose deadline has come, of those that began to wait on this
/// CPU. Called by the timer's interrupt handler.
pub(super) fn end_waits_in_time(now_ns: u64) {
    let interrupts_off = InterruptsOff::new();
    let cpu = super::cpu::this();
    while let Some(thread) = deadlines::pop_reached(cpu, now_ns) {
        end_wait(thread, Wake::TimedOut, &interrupts_off);
    }
}

/// Asks `thread` to end: waits that can be cancelled end with an error, as do those that it
/// begins later. The caller holds the thread, by a [`JoinHandle`](super::JoinHandle) or a
/// [`ThreadRef`](super::ThreadRef), or its place might be another one's by now.
///
/// It is a request: a thread is never ended from outside, as it may hold locks. It ends where
/// it waits, or where it looks at [`Thread::is_cancelled`] by itself.
pub fn cancel(thread: &'static Thread) {
    thread.is_cancelled.store(true, Ordering::SeqCst);
    let interrupts_off = InterruptsOff::new();
    end_wait(thread, Wake::Cancelled, &interrupts_off);
}

/// Makes the running thread, which has taken the mutex of `word`, the owner that its waiters wait
/// for.
fn acquired(word: &AtomicU32) {
    let address = address_of(word);
    bucket_of(address).lock().set_owner(address, Some(table::current()));
}

/// Lends the policy that `lender` has just inherited on, if it waits for a mutex, and so on. No
/// bucket is locked.
fn lend_on(mut lender: &'static Thread) {
    for _ in 1..inheritance::CHAIN_MAX {
        // Pairs with the fence in `park`: a thread that begins to wait after this look lends its
        // new policy by itself.
        fence(Ordering::SeqCst);
        let address = lender.parked.word.load(Ordering::Relaxed);
        if address == 0 {
            return;
        }
        let bucket = bucket_of(address).lock();
        // It may have been woken, and wait for something else by now.
        let waits = lender.parked.word.load(Ordering::Relaxed) == address;
        let inherits = waits.then(|| inheritance::lend(lender)).flatten();
        drop(bucket);
        match inherits {
            Some(owner) => lender = owner,
            None => return,
        }
    }
}
