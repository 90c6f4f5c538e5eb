//! How threads wait for each other, over one parking lot.
//!
//! The kernel implements a place where threads wait for the address of a word
//! ([`Parking`]). Everything else is done here, by atomic operations on that word. So a
//! primitive takes a few bytes, is made at compile time, and costs one operation while no
//! thread waits.
//!
//! | module | what it has |
//! |---|---|
//! | `parking` | the interface that the kernel implements, and how waits end |
//! | `raw_mutex`, `mutex` | [`Mutex`]: one thread at a time |
//! | `raw_rw_lock`, `rw_lock` | [`RwLock`]: many readers at once, or one writer |
//! | `wait_queue` | [`WaitQueue`]: until a condition is true, for interrupt handlers too |
//! | `latch` | [`Latch`]: until a count is 0 |
//! | `event_count` | detects wake-ups between a thread's decision to sleep and its sleep |
//! | `atomic` | the atomic words of `core`, or those of the model checker |
//!
//! Each wait has three forms: endless; `…_until` a deadline; and `…_cancellable`, with or
//! without a deadline. A wait that ends without a wake-up has no effect. If the wake-up
//! came first, it counts; so no wake-up is lost.

#![no_std]
#![deny(unsafe_code)]
#![warn(missing_docs)]

#[cfg(test)]
extern crate std;

mod atomic;
mod event_count;
mod latch;
#[expect(unsafe_code, reason = "converts a lock into access to what it protects")]
mod mutex;
mod parking;
mod raw_mutex;
mod raw_rw_lock;
#[expect(unsafe_code, reason = "converts a lock into access to what it protects")]
mod rw_lock;
#[cfg(test)]
mod tests;
mod wait_queue;

pub use latch::Latch;
pub use mutex::{Mutex, MutexGuard};
pub use parking::{Parking, QueueEnd, Unparked, Wait, WaitError, WaitKind, Wake};
pub use rw_lock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
pub use wait_queue::{Prepared, WaitQueue};
