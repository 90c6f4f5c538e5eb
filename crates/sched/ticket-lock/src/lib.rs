//! A fair spin lock for a kernel: first come, first served.
//!
//! A CPU that takes the lock draws a ticket, and waits until the ticket is served. A CPU
//! that releases the lock serves the next ticket. So a CPU waits only for those that came
//! before it (Reed and Kanodia, "Synchronization with Eventcounts and Sequencers", 1979;
//! Linux had such spin locks from 2.6.25 to 4.1).
//!
//! | Module    | Subject                                                    |
//! |-----------|------------------------------------------------------------|
//! | `tickets` | the order of the turns: the protocol, without `unsafe`     |
//! | `mutex`   | [`TicketMutex`] and its guard: the protected value         |
//! | `atomics` | the atomics of `core`, or in tests those of loom           |
//!
//! A lock that an interrupt handler takes must always be taken with interrupts off: the
//! handler would wait for ever for the code that it has interrupted.
//!
//! ```
//! use ticket_lock::TicketMutex;
//! static COUNTER: TicketMutex<u64> = TicketMutex::new(0);
//! std::thread::scope(|scope| {
//!     for _ in 0..2 {
//!         scope.spawn(|| {
//!             for _ in 0..1000 {
//!                 *COUNTER.lock_with(std::thread::yield_now) += 1;
//!             }
//!         });
//!     }
//! });
//! assert_eq!(COUNTER.try_lock().as_deref(), Some(&2000));
//! ```

#![no_std]
#![deny(unsafe_code)]
#![warn(missing_docs)]

#[cfg(test)]
extern crate std;

mod atomics;
#[expect(unsafe_code, reason = "gives access to the value to the holder of the turn")]
mod mutex;
#[cfg(test)]
mod tests;
mod tickets;

pub use mutex::{TicketMutex, TicketMutexGuard};
