//! Futexes: threads that wait until a word of memory changes.
//!
//! A word in a shared mapping is identified by its frame and its offset there; any other word by
//! its address space and its address. A hash of this key selects the bucket that has the waiting
//! threads. The word is compared while the bucket is locked, and a thread changes the word before
//! it wakes others, so no wake-up is lost.
//!
//! Source: futex(2); Linux, Documentation/locking/robust-futexes.rst.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};

use blocking::WaitError;
use x86_64::VirtAddr;

use super::process::Process;
use super::thread::ProcessThread;
use crate::mm::kernel::layout::PROGRAMS_END;
use crate::mm::user::page_table::PAGE_BYTES;
use crate::mm::user::pointer::{self, BadAddress, UserPointer};
use crate::sync::{Rank, RwLock, SpinMutex, WaitQueue};

/// The number of buckets, a power of two.
const BUCKETS: usize = 256;

/// Protects the waiting threads, in the order in which they began to wait. The word is read while
/// it is held, which may allocate the word's page.
static WAITERS: [RwLock<Waiters>; BUCKETS] =
    [const { RwLock::new(Rank::Futex, Vec::new()) }; BUCKETS];

type Waiters = Vec<Arc<Waiter>>;

/// The identity of a futex: equal keys are the same futex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The address of the frame in a shared mapping, otherwise a number of the address space.
    space: u64,
    /// The offset in the frame, otherwise the address.
    place: u64,
    is_shared: bool,
}

/// A waiting thread.
struct Waiter {
    /// Protects the key of the futex that it waits for, which a requeue changes.
    key: SpinMutex<Key>,
    /// The bits of the wait: a wake-up with one of these bits ends it.
    bits: u32,
    is_woken: AtomicBool,
    queue: WaitQueue,
}

impl Waiter {
    fn key(&self) -> Key {
        *self.key.lock()
    }

    fn wake(&self) {
        self.is_woken.store(true, Ordering::Release);
        self.queue.wake_all();
    }
}

/// The reason why a wait ends without a wake-up, or a call has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FutexError {
    /// The address isn't mapped: EFAULT.
    BadAddress,
    /// The address isn't a multiple of 4: EINVAL.
    NotAligned,
    /// The word has another value: EAGAIN.
    Changed,
    /// The deadline was reached: ETIMEDOUT.
    TimedOut,
    /// A signal arrived: EINTR.
    Interrupted,
    /// No memory is left: ENOMEM.
    NoMemory,
}

impl From<BadAddress> for FutexError {
    fn from(_: BadAddress) -> Self {
        Self::BadAddress
    }
}

/// The processes that may use a futex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Only threads of the process: FUTEX_PRIVATE_FLAG.
    Private,
    /// All processes that map the memory.
    Shared,
}

/// The bits of a wait or a wake-up that specifies none: FUTEX_BITSET_MATCH_ANY.
pub const ANY_BITS: u32 = u32::MAX;

/// Returns the key of the word at `address` of the running program. May wait.
///
/// # Errors
/// [`FutexError::NotAligned`]; [`FutexError::BadAddress`] if the word isn't mapped, or, for a
/// private futex, only if the address is beyond those of programs.
pub fn key(process: &Process, address: u64, scope: Scope) -> Result<Key, FutexError> {
    if !address.is_multiple_of(size_of::<u32>() as u64) {
        return Err(FutexError::NotAligned);
    }
    let virt = VirtAddr::try_new(address).map_err(|_| FutexError::BadAddress)?;
    let memory = process.memory().ok_or(FutexError::BadAddress)?;
    if address >= PROGRAMS_END.as_u64() {
        return Err(FutexError::BadAddress);
    }
    if scope == Scope::Shared {
        UserPointer::<u32>::new(address).read()?;
        if let Some(phys) = memory.shared_page_of(virt) {
            let place = address % PAGE_BYTES;
            return Ok(Key { space: phys.as_u64(), place, is_shared: true });
        }
    }
    let space = Arc::as_ptr(&memory).addr() as u64;
    Ok(Key { space, place: address, is_shared: false })
}

fn bucket(key: Key) -> usize {
    /// The fractional part of the golden ratio.
    const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;
    let hash = (key.space ^ key.place.rotate_left(32)).wrapping_mul(MULTIPLIER);
    (hash >> (u64::BITS - BUCKETS.ilog2())) as usize
}

/// Waits for a wake-up with one of `bits`, if the word at `address` is `expected`. The wait ends at
/// `deadline_ns`, on the kernel's clock, if there is one.
///
/// # Errors
/// See [`FutexError`].
pub fn wait(
    key: Key,
    address: u64,
    expected: u32,
    bits: u32,
    deadline_ns: Option<u64>,
) -> Result<(), FutexError> {
    let waiter = Waiter {
        key: SpinMutex::new(Rank::ThreadSignals, key),
        bits,
        is_woken: AtomicBool::new(false),
        queue: WaitQueue::new(),
    };
    let waiter = Arc::try_new(waiter).map_err(|_| FutexError::NoMemory)?;
    {
        let mut waiters = WAITERS[bucket(key)].write();
        if UserPointer::<u32>::new(address).read()? != expected {
            return Err(FutexError::Changed);
        }
        waiters.try_reserve(1).map_err(|_| FutexError::NoMemory)?;
        waiters.push(waiter.clone());
    }
    let is_woken = || waiter.is_woken.load(Ordering::Acquire);
    let waited = waiter.queue.wait_until_cancellable(deadline_ns, is_woken);
    if waited.is_ok() || !withdraw(&waiter) {
        return Ok(());
    }
    match waited {
        Err(WaitError::TimedOut) => Err(FutexError::TimedOut),
        _ => Err(FutexError::Interrupted),
    }
}

/// Removes a thread that no longer waits; returns whether it was still there, and so was not woken.
fn withdraw(waiter: &Arc<Waiter>) -> bool {
    loop {
        let key = waiter.key();
        let mut waiters = WAITERS[bucket(key)].write();
        if waiter.key() != key {
            // The thread was requeued in the meantime.
            continue;
        }
        let index = waiters.iter().position(|other| Arc::ptr_eq(other, waiter));
        let removed = index.map(|index| waiters.remove(index));
        return removed.is_some();
    }
}

/// Wakes up to `count` threads that wait for `key` with one of `bits`; returns their number. May
/// wait.
pub fn wake(key: Key, count: usize, bits: u32) -> usize {
    wake_in(&mut WAITERS[bucket(key)].write(), key, count, bits)
}

fn wake_in(waiters: &mut Waiters, key: Key, count: usize, bits: u32) -> usize {
    let mut woken = 0;
    waiters.retain(|waiter| {
        let is_meant = woken < count && waiter.bits & bits != 0 && waiter.key() == key;
        if is_meant {
            woken += 1;
            waiter.wake();
        }
        !is_meant
    });
    woken
}

/// Calls `access` with the locked buckets of two keys; `None` means that both are the same bucket.
fn with_both<R>(
    key: Key,
    other: Key,
    access: impl FnOnce(&mut Waiters, Option<&mut Waiters>) -> R,
) -> R {
    let (index, other_index) = (bucket(key), bucket(other));
    if index == other_index {
        return access(&mut WAITERS[index].write(), None);
    }
    let mut lower = WAITERS[index.min(other_index)].write();
    let mut upper = WAITERS[index.max(other_index)].write_as(Rank::SecondFutex);
    match index < other_index {
        true => access(&mut lower, Some(&mut upper)),
        false => access(&mut upper, Some(&mut lower)),
    }
}

/// The arguments of a requeue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requeue {
    /// The number of threads to wake.
    pub wakes: usize,
    /// The largest number of other threads that are moved to the other word.
    pub moves: usize,
    /// The address of a word and its required value, without which nothing is done:
    /// FUTEX_CMP_REQUEUE.
    pub expected: Option<(u64, u32)>,
}

/// Wakes some threads that wait for `key`, and makes others wait for `other` instead. Returns the
/// numbers of woken and of moved threads. May wait.
///
/// # Errors
/// [`FutexError::Changed`], [`FutexError::BadAddress`], [`FutexError::NoMemory`].
pub fn requeue(key: Key, other: Key, request: Requeue) -> Result<(usize, usize), FutexError> {
    with_both(key, other, |from, to| {
        if let Some((address, expected)) = request.expected
            && UserPointer::<u32>::new(address).read()? != expected
        {
            return Err(FutexError::Changed);
        }
        let woken = wake_in(from, key, request.wakes, ANY_BITS);
        let mut moved = 0;
        let mut moves = |waiter: &Waiter| {
            let moves = moved < request.moves && waiter.key() == key;
            if moves {
                moved += 1;
                *waiter.key.lock() = other;
            }
            moves
        };
        match to {
            None => {
                from.iter().filter(|waiter| moves(waiter)).count();
            }
            Some(to) => {
                to.try_reserve(from.len()).map_err(|_| FutexError::NoMemory)?;
                to.extend(from.extract_if(.., |waiter| moves(waiter)));
            }
        }
        Ok((woken, moved))
    })
}

/// Changes the word at `address` by `change`, and wakes up to `count` threads that wait for `key`.
/// If `compare` returns true for the previous value of the word, also wakes up to `other_count`
/// threads that wait for `other`, the key of the word. Returns the number of woken threads. May
/// wait.
///
/// # Errors
/// [`FutexError::BadAddress`].
pub fn wake_op(
    (key, count): (Key, usize),
    (other, other_count): (Key, usize),
    address: u64,
    change: impl Fn(u32) -> u32,
    compare: impl FnOnce(u32) -> bool,
) -> Result<usize, FutexError> {
    with_both(key, other, |from, to| {
        let before = pointer::update(address, change)?;
        let mut woken = wake_in(from, key, count, ANY_BITS);
        if compare(before) {
            woken += wake_in(to.unwrap_or(from), other, other_count, ANY_BITS);
        }
        Ok(woken)
    })
}

/// Wakes a thread that waits for the word at `address`, which an ending thread has cleared.
pub(super) fn wake_one(process: &Process, address: u64) {
    if let Ok(key) = key(process, address, Scope::Shared) {
        wake(key, 1, ANY_BITS);
    }
}

// Source: Linux, include/uapi/linux/futex.h.
const OWNER_DIED: u32 = 0x4000_0000;
const HAS_WAITERS: u32 = 0x8000_0000;
const TID_MASK: u32 = 0x3FFF_FFFF;
/// The largest number of futexes in the list of a thread, as on Linux.
const HELD_MAX: usize = 2048;

/// Marks the futexes in the list of an ending thread as having lost their owner, and wakes a thread
/// for each. An address that isn't mapped ends the list. May wait.
pub(super) fn release_held(thread: &ProcessThread) {
    let head = thread.robust_list();
    if head != 0 {
        let _ = release_list(thread, head);
    }
}

fn release_list(thread: &ProcessThread, head: u64) -> Result<(), FutexError> {
    let word = |address: u64| UserPointer::<u64>::new(address).read();
    let [first, offset, pending] = [word(head)?, word(head + 8)?, word(head + 16)?];
    // The lowest bit marks a futex with priority inheritance.
    let mut entry = first & !1;
    for _ in 0..HELD_MAX {
        if entry == head {
            break;
        }
        let next = word(entry)?;
        if entry != pending & !1 {
            release(thread, entry.wrapping_add(offset))?;
        }
        entry = next & !1;
    }
    match pending & !1 {
        0 => Ok(()),
        pending => release(thread, pending.wrapping_add(offset)),
    }
}

fn release(thread: &ProcessThread, address: u64) -> Result<(), FutexError> {
    let key = key(thread.process(), address, Scope::Shared)?;
    let is_held = |word: u32| word & TID_MASK == thread.tid().number();
    let before = pointer::update(address, |word| match is_held(word) {
        true => word & HAS_WAITERS | OWNER_DIED,
        false => word,
    })?;
    if is_held(before) && before & HAS_WAITERS != 0 {
        wake(key, 1, ANY_BITS);
    }
    Ok(())
}
