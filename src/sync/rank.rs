//! The order in which locks may be taken.

use core::sync::atomic::{AtomicU64, Ordering};

use super::lock_statistics::LockStatistics;
use super::parking;
use crate::arch::cpu::percpu::Cpu;
use crate::per_cpu;

/// Declares the ranks, and the list of all ranks.
macro_rules! ranks {
    ($(#[$attribute:meta])* pub enum Rank { $($(#[$docs:meta])* $name:ident,)* }) => {
        $(#[$attribute])*
        pub enum Rank {
            $($(#[$docs])* $name,)*
        }

        impl Rank {
            /// All ranks, from outer to inner.
            pub const ALL: &[Self] = &[$(Self::$name),*];
        }
    };
}

ranks! {
    /// A lock's rank. While a lock is held, only locks of higher rank may be taken, so two threads
    /// or CPUs can't wait for each other. From outer to inner: the sleeping locks; the locks of
    /// memory; from [`Rank::Device`] on, those that interrupt handlers take. So no memory is
    /// allocated while one of the last group is held. `docs/threads.md` has a table with the first
    /// sentence of each rank, how its locks wait, and whether interrupt handlers take them.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    #[repr(u8)]
    pub enum Rank {
        /// A bucket of threads that wait for futexes.
        Futex,
        /// The second bucket of a requeue, which moves threads from one to the other.
        SecondFutex,
        /// The nesting of sets of files: no set contains itself.
        FileSets,
        /// The position of an open file.
        FilePosition,
        /// The state of a pipe or a device, or of the profiler.
        SpecialFile,
        /// Renames between directories: no directory becomes its own descendant.
        Renames,
        /// The names in a directory, or the contents of a file.
        Inode,
        /// The second directory of a rename.
        SecondInode,
        /// The file or directory whose name is removed or replaced.
        ThirdInode,
        /// The entries of a directory in memory.
        DirectoryEntries,
        /// All processes, and their relations.
        ProcessTable,
        /// The regions of an address space and its page table.
        AddressSpace,
        /// The allocated pages of shared memory.
        SharedMemory,
        /// The changes of a file system that are being written back.
        WriteBack,
        /// The transfers of a file's pages from and to a disk.
        PageTransfers,
        /// A file system on a disk: its names, attributes and block maps.
        Volume,
        /// The transfers of the pages of a block device, which hold the structures of a file system.
        DevicePages,
        /// The work of a disk's controller: open for commands, closed for a reset.
        ControllerGate,
        /// The admin commands of a disk's controller.
        Controller,
        /// Keys that were typed and not yet read.
        Input,
        /// The shared state of a process: descriptors, signals, directories. Never two at once.
        Process,
        /// The signals of a thread of a process.
        ThreadSignals,
        /// The state that file operations look up: directory entries, pages of a file, mounts.
        Files,
        /// The changed pages of a file or a block device.
        DirtyPages,
        /// The lists of drivers: owned functions, disks, the requests of a queue.
        Drivers,
        /// The end of the kernel's heap.
        HeapEnd,
        /// The free small blocks of a CPU.
        HeapCache,
        /// The kernel's heap.
        Heap,
        /// The kernel's page tables.
        KernelSpace,
        /// The free frames of a CPU.
        FrameCache,
        /// The free frames that are in no cache.
        Frames,
        /// The key of the random numbers.
        Random,
        /// A device's state. Taken from interrupts. No code allocates or waits while it is held.
        Device,
        /// The observers of a file. Taken from interrupts.
        Observers,
        /// The observers of all sets of files. Taken from interrupts.
        SetObservers,
        /// The files of a set that may be ready. Taken from interrupts.
        ReadyFiles,
        /// A bucket of the parking lot. Taken from interrupts.
        Parking,
        /// The records of a CPU about the progress of other CPUs. Taken from interrupts.
        Balance,
        /// A CPU's run queue. Taken from interrupts. Never two at once.
        RunQueue,
        /// The times until which threads wait. Taken from interrupts.
        Deadlines,
        /// A part of a thread, or the list of free threads.
        Thread,
        /// The buffer for a CPU's samples. Taken from interrupts. They only take it if it is free.
        Samples,
        /// The serial line and the screen. Taken from interrupts. Messages may be printed while
        /// any other lock is held.
        Console,
    }
}

per_cpu! {
    /// The ranks of the spin locks that this CPU holds, one bit each; in debug builds.
    static HELD: AtomicU64 = AtomicU64::new(0);
    /// This CPU's statistics of locks, by rank.
    static STATISTICS: [LockStatistics; Rank::ALL.len()] =
        [const { LockStatistics::new() }; Rank::ALL.len()];
}

/// Returns the ranks of the spin locks that this CPU holds, one bit each; in debug builds.
#[inline]
pub fn held_ranks() -> u64 {
    HELD.get()
}

impl Rank {
    /// The first rank of spin locks; the ranks before it are those of sleeping locks.
    pub const FIRST_SPINNING: Self = Self::Input;

    /// Returns whether threads that wait for a lock of this rank sleep.
    pub const fn is_sleeping(self) -> bool {
        (self as u8) < Self::FIRST_SPINNING as u8
    }

    /// Returns the statistics of `cpu` for the locks of this rank; in debug builds.
    pub fn statistics(self, cpu: &Cpu) -> &'static LockStatistics {
        &STATISTICS.of(cpu)[self as usize]
    }

    const fn bit(self) -> u64 {
        1 << self as u8
    }

    /// Checks that a lock of this rank may be taken while locks of the ranks in `held` are held.
    fn check(self, held: u64) {
        assert!(
            held < self.bit(),
            "a lock of rank {self:?} is taken while ranks {held:#b} are held"
        );
    }

    /// Records on this CPU that a spin lock of this rank is about to be taken.
    ///
    /// # Panics
    /// If one of the same or a higher rank is held: that could deadlock.
    pub(super) fn enter(self) {
        let held = HELD.get();
        self.check(held);
        HELD.set(held | self.bit());
    }

    /// Records on this CPU that the spin lock of this rank was released.
    pub(super) fn leave(self) {
        HELD.set(HELD.get() & !self.bit());
    }
}

/// Records that the running thread holds a sleeping lock, or is about to take one; in debug
/// builds. The thread keeps the record, because it may move to another CPU while it holds the
/// lock.
pub(super) struct HeldByThread {
    rank: Rank,
}

impl HeldByThread {
    /// Makes the record of a lock of `rank`.
    ///
    /// # Panics
    /// In debug builds, if the thread holds a sleeping lock of the same or a higher rank, or any
    /// spin lock: that could deadlock.
    #[inline]
    pub(super) fn new(rank: Rank) -> Self {
        if cfg!(debug_assertions) {
            rank.check(HELD.get());
            let of_thread = parking::held_ranks();
            let held = of_thread.load(Ordering::Relaxed);
            rank.check(held);
            // Only the thread itself writes this.
            of_thread.store(held | rank.bit(), Ordering::Relaxed);
        }
        Self { rank }
    }
}

impl Drop for HeldByThread {
    #[inline]
    fn drop(&mut self) {
        if cfg!(debug_assertions) {
            let of_thread = parking::held_ranks();
            let held = of_thread.load(Ordering::Relaxed);
            of_thread.store(held & !self.rank.bit(), Ordering::Relaxed);
        }
    }
}
