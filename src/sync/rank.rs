//! The order in which locks may be taken.

use crate::arch::lock_statistics::LockStatistics;
use crate::arch::percpu::PerCpu;

/// A lock's rank. While a lock is held, only locks of higher rank may be taken,
/// so no two processors can wait for each other. Interrupt handlers take those
/// from [`Rank::Device`] on; as memory stands above, nothing is allocated while
/// one of these is held. From outer to inner:
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Rank {
    /// What was typed, on its way from the devices to who reads it.
    Input,
    /// The kernel's heap.
    Heap,
    /// The kernel's own page tables.
    KernelSpace,
    /// Which frames are free.
    Frames,
    /// A device's state. No allocation and no waiting while it is held.
    Device,
    /// Who waits for what: a bucket of the parking lot.
    Parking,
    /// Who runs on a processor.
    RunQueue,
    /// Until when threads wait.
    Deadlines,
    /// A part of a thread, or the list of those that are free.
    Thread,
    /// A device that shows text, and so may be wanted while any other lock is
    /// held.
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

    /// Notes on `cpu` that the lock of this rank was given back.
    pub(super) fn leave(self, cpu: &PerCpu) {
        cpu.set_held_ranks(cpu.held_ranks() & !self.bit());
    }
}
