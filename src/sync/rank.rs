//! The order in which locks may be taken.

use core::sync::atomic::AtomicU32;

use super::lock_statistics::LockStatistics;
use crate::arch::cpu::percpu::Cpu;
use crate::per_cpu;

/// A lock's rank. While a lock is held, only locks of higher rank may be taken, so two CPUs can't
/// wait for each other. Interrupt handlers take those from [`Rank::Device`] on; the ranks of memory
/// come before those, so nothing is allocated while one of these is held. From outer to inner;
/// `docs/threads.md` has the same table, of the first sentence of each and of whether interrupt
/// handlers take it:
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Rank {
    /// Keys that were typed and not yet read.
    Input,
    /// Where the kernel's heap ends.
    HeapEnd,
    /// The free small blocks of a CPU.
    HeapCache,
    /// The kernel's heap.
    Heap,
    /// The kernel's page tables.
    KernelSpace,
    /// The free frames of a CPU.
    FrameCache,
    /// Which frames are free and in no cache.
    Frames,
    /// A device's state. Taken from interrupts. No allocation and no waiting while it is
    /// held.
    Device,
    /// A bucket of the parking lot. Taken from interrupts.
    Parking,
    /// What a CPU has found out about the progress of others. Taken from interrupts.
    Balance,
    /// A CPU's run queue. Taken from interrupts. Never two at once.
    RunQueue,
    /// The times until which threads wait. Taken from interrupts.
    Deadlines,
    /// A part of a thread, or the list of free threads.
    Thread,
    /// The serial line and the screen. Taken from interrupts. Messages may be printed while
    /// any other lock is held.
    Console,
}

per_cpu! {
    /// The ranks of the locks that this CPU holds, a bit each; in debug builds.
    static HELD: AtomicU32 = AtomicU32::new(0);
    /// This CPU's statistics of locks, by rank.
    static STATISTICS: [LockStatistics; Rank::ALL.len()] =
        [const { LockStatistics::new() }; Rank::ALL.len()];
}

/// Returns the ranks of the locks that this CPU holds, a bit each; in debug builds.
#[inline]
pub fn held_ranks() -> u32 {
    HELD.get()
}

impl Rank {
    /// All of them, from outer to inner.
    pub const ALL: [Self; 14] = [
        Self::Input,
        Self::HeapEnd,
        Self::HeapCache,
        Self::Heap,
        Self::KernelSpace,
        Self::FrameCache,
        Self::Frames,
        Self::Device,
        Self::Parking,
        Self::Balance,
        Self::RunQueue,
        Self::Deadlines,
        Self::Thread,
        Self::Console,
    ];

    /// Returns the statistics of `cpu` for the locks of this rank; in debug builds.
    pub fn statistics(self, cpu: &Cpu) -> &'static LockStatistics {
        &STATISTICS.of(cpu)[self as usize]
    }

    const fn bit(self) -> u32 {
        1 << self as u8
    }

    /// Records on this CPU that a lock of this rank is about to be taken.
    ///
    /// # Panics
    /// If one of the same or a higher rank is held: that could deadlock.
    pub(super) fn enter(self) {
        let held = HELD.get();
        assert!(
            held < self.bit(),
            "a lock of rank {self:?} is taken while ranks {held:#b} are held"
        );
        HELD.set(held | self.bit());
    }

    /// Records on this CPU that the lock of this rank was released.
    pub(super) fn leave(self) {
        HELD.set(HELD.get() & !self.bit());
    }
}
