//! Locks, and the primitives with which threads wait.
//!
//! | for | take |
//! | --- | --- |
//! | data that interrupt handlers share, or whose lock is held for a few instructions | [`IrqMutex`] |
//! | data that only threads use, never while they sleep: per-CPU data, or data whose lock is held for longer | [`SpinMutex`] |
//! | data that a lock owns, but that is stored elsewhere | [`LockCell`] |
//! | data that a thread holds while it waits | [`Mutex`] |
//! | the same, mostly read | [`RwLock`] |
//! | a change by an interrupt handler or another CPU | [`WaitQueue`] |
//! | the end of something | [`Latch`] |
//!
//! The last five ([`Mutex`] and below) put the thread to sleep. They come from the crate `blocking`
//! and use the scheduler's parking lot. All locks have a [`Rank`]; debug builds check the order,
//! per CPU for spin locks and per thread for sleeping locks.

mod irq_mutex;
mod key;
#[expect(unsafe_code, reason = "opens what a lock owns to its holder")]
mod lock_cell;
mod lock_statistics;
mod mutex;
#[expect(unsafe_code, reason = "says that threads have numbers of their own")]
pub mod parking;
mod rank;
mod ranked_lock;
mod rw_lock;
mod sleeping_guard;
mod spin_mutex;

pub use irq_mutex::{IrqMutex, IrqMutexGuard};
pub use key::Key;
pub use lock_cell::LockCell;
pub use mutex::{Mutex, MutexGuard};
pub use rank::{Rank, held_ranks};
pub use rw_lock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
pub use spin_mutex::{SpinMutex, SpinMutexGuard};

use parking::KernelLot;

/// Threads that wait for a condition.
pub type WaitQueue = blocking::WaitQueue<KernelLot>;
/// A count that falls to 0, and threads that wait for that.
pub type Latch = blocking::Latch<KernelLot>;
