//! The order in which locks may be taken.

use crate::arch::cpu::percpu::PerCpu;
use crate::arch::debug::lock_statistics::LockStatistics;

/// A lock's rank. While a lock is held, only locks of higher rank may be taken,
/// so no two processors can wait for each other. Interrupt handlers take those
/// from [`Rank::Device`] on; as memory stands above, nothing is allocated while
/// one of these is held. From outer to inner; `docs/threads.md` has the same table, of the
/// first sentence of each and of whether interrupt handlers take it:
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Rank {
    /// Keys that were typed and not yet read.
    Input,
    /// The kernel's heap.
    Heap,
    /// The kernel's page tables.
    KernelSpace,
    /// Which frames are free.
    Frames,
    /// A device's state. Taken from interrupts. No allocation and no waiting while it is
    /// held.
    Device,
    /// A bucket of the parking lot. Taken from interrupts.
    Parking,
    /// A processor's run queue. Taken from interrupts. Never two at once.
    RunQueue,
    /// The times until which threads wait. Taken from interrupts.
    Deadlines,
    /// A part of a thread, or the list of free threads.
    Thread,
    /// The serial line and the screen. Taken from interrupts. Messages may be printed while
    /// any other lock is held.
    Console,
}

impl Rank {
    /// All of them, from outer to inner.
    pub const ALL: [Self; 10] = [
        Self::Input,
        Self::Heap,
        Self::KernelSpace,
        Self::Frames,
        Self::Device,
        Self::Parking,
        Self::RunQueue,
        Self::Deadlines,
        Self::Thread,
        Self::Console,
    ];

    /// Returns what `cpu` has counted of the locks of this rank, in debug builds.
    pub fn statistics(self, cpu: &PerCpu) -> &LockStatistics {
        &cpu.lock_statistics[self as usize]
    }

    const fn bit(self) -> u32 {
        1 << self as u8
    }

    /// Notes on `cpu` that a lock of this rank is about to be taken.
    ///
    /// # Panics
    /// If one of the same or a higher rank is held: that could deadlock.
    pub(super) fn enter(self, cpu: &PerCpu) {
        let held = cpu.held_ranks();
        assert!(
            held < self.bit(),
            "a lock of rank {self:?} is taken while ranks {held:#b} are held"
        );
        cpu.set_held_ranks(held | self.bit());
    }

    /// Notes on `cpu` that the lock of this rank was released.
    pub(super) fn leave(self, cpu: &PerCpu) {
        cpu.set_held_ranks(cpu.held_ranks() & !self.bit());
    }
}
