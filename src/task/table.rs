//! All threads, by their place in a table that only grows.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};

use run_queue::Policy;
use spin::Once;

use super::cpu::{Queue, SchedCpu};
use super::id::Slot;
use super::scheduling::Scheduling;
use super::thread::{DEFAULT_POLICY, State, Thread};
use crate::arch::cpu::percpu::StaticRef;
use crate::per_cpu;
use crate::sync::{IrqMutex, IrqMutexGuard, Key, LockCell, Rank, parking};

/// The number of threads that are allocated at once.
const CHUNK: usize = 64;
const CHUNKS_MAX: usize = 256;

/// The most threads that there can be.
pub(super) const THREADS_MAX: usize = CHUNK * CHUNKS_MAX;

static CHUNKS: [Once<&'static [Thread]>; CHUNKS_MAX] = [const { Once::new() }; CHUNKS_MAX];
/// How many of them are filled.
static FILLED: AtomicU32 = AtomicU32::new(0);

/// Protects the lists of free threads. Taken when a thread begins and when it is given up,
/// by the scheduler, too; by no interrupt handler.
static FREE: IrqMutex<Free> =
    IrqMutex::new(Rank::Thread, Free { with_stack: List::new(), bare: List::new() });

/// The free threads.
struct Free {
    /// Threads that still have the stack of the last thread in their slot.
    with_stack: List,
    bare: List,
}

/// Free threads: the one that was freed last is the first.
struct List {
    first: Option<&'static Thread>,
    len: u32,
}

impl List {
    const fn new() -> Self {
        Self { first: None, len: 0 }
    }

    fn push(&mut self, thread: &'static Thread, key: Key<'_>) {
        thread.scheduling.open(key).next_free.set(self.first.replace(thread));
        self.len += 1;
    }

    fn pop(&mut self, key: Key<'_>) -> Option<&'static Thread> {
        let thread = self.first?;
        self.first = thread.scheduling.open(key).next_free.take();
        self.len -= 1;
        Some(thread)
    }
}

/// Returns the thread in `slot`.
///
/// # Panics
/// If the table isn't that long.
#[inline]
pub(super) fn thread(slot: Slot) -> &'static Thread {
    let chunk = CHUNKS[slot.index() / CHUNK].get().expect("slots are those of threads");
    &chunk[slot.index() % CHUNK]
}

per_cpu! {
    /// The thread that runs.
    static CURRENT: StaticRef<Thread> = StaticRef::none();
}

/// Notes that `thread` runs on this CPU.
#[inline]
pub(super) fn set_current(thread: &'static Thread) {
    CURRENT.set(thread);
    parking::set_current(thread.slot.lock_number());
}

/// Returns the thread that this runs in.
///
/// # Panics
/// If there are no threads yet.
#[inline]
pub fn current() -> &'static Thread {
    CURRENT.get().expect("there are threads")
}

/// Takes a free thread, preferably one with a stack; makes more if there is none. `None` if
/// there is no memory for them, or there are [`THREADS_MAX`].
pub(super) fn take() -> Option<&'static Thread> {
    loop {
        let thread = {
            let mut free = FREE.lock();
            let (free, key) = free.parts();
            free.with_stack.pop(key).or_else(|| free.bare.pop(key))
        };
        if thread.is_some() {
            return thread;
        }
        grow()?;
    }
}

/// Takes a free thread that has a stack, if more than `kept` have one.
pub(super) fn take_with_stack(kept: u32) -> Option<&'static Thread> {
    let mut free = FREE.lock();
    let (free, key) = free.parts();
    (free.with_stack.len > kept).then(|| free.with_stack.pop(key)).flatten()
}

/// Makes the lock of the free threads the owner of the scheduling state of `thread`, which `queue`
/// owns.
pub(super) fn own_free<S>(thread: &'static Thread, queue: &mut IrqMutexGuard<'_, Queue, S>) {
    thread.scheduling.hand_over(queue, &FREE);
}

/// Makes the run queue of `cpu` the owner of the scheduling state of `thread`, which was free, and
/// sets its policy.
pub(super) fn hand_out(thread: &'static Thread, policy: Policy, cpu: &'static SchedCpu) {
    let mut free = FREE.lock();
    let scheduling = thread.scheduling.open(free.parts().1);
    scheduling.entity.set_policy(policy);
    scheduling.run_time_before_ns.set(scheduling.entity.run_time_ns());
    thread.show_policy(policy);
    thread.set_last_cpu(cpu);
    thread.scheduling.hand_over(&mut free, &cpu.run_queue);
}

/// Frees a thread whose scheduling state the lock of the free threads owns; it may still have its
/// stack.
pub(super) fn give_back(thread: &'static Thread) {
    thread.set_state(State::Free);
    put_free(thread);
}

/// Puts a thread on the list of the free ones.
fn put_free(thread: &'static Thread) {
    let mut free = FREE.lock();
    let (free, key) = free.parts();
    if thread.context.is_retired() {
        free.with_stack.push(thread, key);
    } else {
        free.bare.push(thread, key);
    }
}

/// Makes [`CHUNK`] more threads.
fn grow() -> Option<()> {
    let first = FILLED.fetch_add(1, Ordering::Relaxed) as usize;
    let made = make_chunk(first);
    if made.is_none() {
        // Unless another CPU has filled the place after it; then this one stays empty.
        let (behind, back) = (first as u32 + 1, first as u32);
        let _ = FILLED.compare_exchange(behind, back, Ordering::Relaxed, Ordering::Relaxed);
    }
    made
}

fn make_chunk(index: usize) -> Option<()> {
    let place = CHUNKS.get(index).filter(|place| !place.is_completed())?;
    let mut threads = Vec::new();
    threads.try_reserve_exact(CHUNK).ok()?;
    let first = index * CHUNK;
    threads.extend((first..first + CHUNK).map(|index| {
        Thread::new(Slot::new(index as u32), LockCell::new(&FREE, Scheduling::new(DEFAULT_POLICY)))
    }));
    let chunk = place.call_once(|| Box::leak(threads.into_boxed_slice()));
    // The first of them is taken first.
    chunk.iter().rev().for_each(put_free);
    Some(())
}

/// Gives all threads that aren't free to `found`.
pub fn for_each(mut found: impl FnMut(&'static Thread)) {
    for chunk in CHUNKS.iter().filter_map(Once::get) {
        chunk.iter().filter(|thread| thread.state() != State::Free).for_each(&mut found);
    }
}
