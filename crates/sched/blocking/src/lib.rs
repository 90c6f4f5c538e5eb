//! How threads wait for each other, over one parking lot.
//!
//! The kernel gives a place where threads wait by the address of a word ([`Parking`]);
//! everything else is done here, by atomic operations on that word. So a primitive is a
//! few bytes, made at compile time, and what nobody waits for costs one operation.
//!
//! | module | what it has |
//! |---|---|
//! | `parking` | what the kernel gives, and how waits end |
//! | `raw_mutex`, `mutex` | [`Mutex`]: one thread at a time |
//! | `condvar` | [`Condvar`]: until what a mutex protects has changed |
//! | `semaphore` | [`Semaphore`]: until one of a number of permits is free |
//! | `channel` | [`Channel`]: until there is a value, or room for one |
//! | `wait_queue` | [`WaitQueue`]: until a condition is true, for interrupt handlers too |
//! | `latch` | [`Latch`]: until a count is 0 |
//! | `event_count` | what tells a thread that decides to sleep of wake-ups since |
//! | `atomic` | the processor's words, or the model checker's |
//!
//! Each wait has three forms: endless; `…_until` a deadline; and `…_cancellable`, with
//! or without a deadline. A wait that is given up leaves everything as if it had not
//! been: a wake-up that came first counts, and none is lost to who gave up.

#![no_std]
#![deny(unsafe_code)]
#![warn(missing_docs)]

#[cfg(test)]
extern crate std;

mod atomic;
mod channel;
mod condvar;
mod event_count;
mod latch;
#[expect(unsafe_code, reason = "turns a lock into access to what it protects")]
mod mutex;
mod parking;
mod raw_mutex;
mod semaphore;
#[cfg(test)]
mod tests;
mod wait_queue;

pub use channel::{Channel, ChannelError, Unsent};
pub use condvar::Condvar;
pub use latch::Latch;
pub use mutex::{Mutex, MutexGuard};
pub use parking::{Parking, Place, Unparked, Wait, WaitError, WaitKind, Wake};
pub use semaphore::{PERMITS_MAX, Semaphore};
pub use wait_queue::WaitQueue;
