//! A fair spin lock for a kernel: first come, first served.
//!
//! Who comes draws a ticket, and waits until it is served; who leaves serves the next
//! ticket. So no processor waits longer than the others that came before it need
//! (Reed and Kanodia, "Synchronization with Eventcounts and Sequencers", 1979; Linux
//! had such spin locks from 2.6.25 to 4.1).
//!
//! | Module    | Subject                                                    |
//! |-----------|------------------------------------------------------------|
//! | `tickets` | who is served when: the protocol, without `unsafe`         |
//! | `mutex`   | [`TicketMutex`] and its guard: the value behind the ticket |
//! | `atomics` | the atomics of `core`, or in tests those of loom           |
//!
//! A lock that an interrupt handler takes must be taken with interrupts off; so must
//! every lock whose holder may be interrupted by who waits for it.
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
#[expect(unsafe_code, reason = "gives the holder of a ticket the value")]
mod mutex;
#[cfg(test)]
mod tests;
mod tickets;

pub use mutex::{TicketMutex, TicketMutexGuard};
