//! Connects sleeping locks to the scheduler, which is above this room and registers its parking lot
//! by [`open`].

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use blocking::{Parking, Unparked, Wait, Wake};
use spin::Once;

use crate::arch::cpu::percpu::Cpu;
use crate::arch::irq::interrupt_flag;
use crate::per_cpu;

/// The scheduler's functions; [`Parking`] describes each.
#[derive(Clone, Copy)]
#[expect(missing_docs, reason = "they are those of the trait")]
pub struct Lot {
    pub park: fn(&AtomicU32, u32, Wait) -> Wake,
    pub unpark: fn(&AtomicU32, u32, &mut dyn FnMut(Unparked)),
    pub acquired: fn(&AtomicU32),
    pub is_running: fn(u32) -> bool,
    /// Returns the ranks of the sleeping locks that the running thread holds, as the thread stores
    /// them.
    pub held_ranks: fn() -> &'static AtomicU64,
}

static LOT: Once<Lot> = Once::new();

/// The number of the only thread before the scheduler starts.
const FIRST: u32 = 1;

per_cpu! {
    /// The number of the running thread as the owner of locks.
    static CURRENT: AtomicU32 = AtomicU32::new(FIRST);
}

/// Sets the number of the thread that this CPU runs from now on, as the owner of sleeping locks.
#[inline]
pub fn set_current(number: u32) {
    CURRENT.set(number);
}

/// Returns whether `cpu` runs the thread with this number.
#[inline]
pub fn is_current_of(cpu: &Cpu, number: u32) -> bool {
    CURRENT.of(cpu).load(Ordering::Relaxed) == number
}

/// Registers `lot`, so that threads can wait. Before that there is only one thread, which can't
/// wait.
///
/// # Panics
/// If a lot was registered before.
pub fn open(lot: Lot) {
    assert!(!LOT.is_completed(), "there is one parking lot");
    LOT.call_once(|| lot);
}

/// Returns whether the running code may wait now: there are threads, interrupts are on, and no
/// interrupt handler runs.
pub fn may_wait() -> bool {
    LOT.is_completed() && interrupt_flag::may_wait()
}

/// Returns the ranks of the sleeping locks that the running thread holds, one bit each. Only that
/// thread changes them.
pub(super) fn held_ranks() -> &'static AtomicU64 {
    static BEFORE_THREADS: AtomicU64 = AtomicU64::new(0);
    LOT.get().map_or(&BEFORE_THREADS, |lot| (lot.held_ranks)())
}

/// The kernel's parking lot.
#[derive(Debug)]
pub struct KernelLot;

// SAFETY: the scheduler numbers threads by their slots in its table, which they keep as long as
// they live; before that there is only one thread.
unsafe impl Parking for KernelLot {
    #[inline]
    fn current() -> u32 {
        CURRENT.get()
    }

    fn park(word: &AtomicU32, expected: u32, wait: Wait) -> Wake {
        let lot = LOT.get().expect("no code waits before there are threads");
        (lot.park)(word, expected, wait)
    }

    fn unpark(word: &AtomicU32, count: u32, then: impl FnOnce(Unparked)) {
        let mut then = Some(then);
        let mut once = |unparked| {
            if let Some(then) = then.take() {
                then(unparked);
            }
        };
        match LOT.get() {
            Some(lot) => (lot.unpark)(word, count, &mut once),
            None => once(Unparked { woken: 0, first: None, next: None }),
        }
    }

    fn acquired(word: &AtomicU32) {
        if let Some(lot) = LOT.get() {
            (lot.acquired)(word);
        }
    }

    fn is_running(owner: u32) -> bool {
        LOT.get().is_some_and(|lot| (lot.is_running)(owner))
    }
}
