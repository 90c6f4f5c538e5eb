//! The event log of a measured boot: what was extended into the PCRs of a TPM, and why.
//!
//! A PCR can't be read backwards, so firmware and programs list what they have extended. Whoever
//! has the list computes the PCRs from it ([`replay`]): if they are those of the TPM, the list is
//! true. This is the crypto agile format of the TCG, in which an event has a digest for each hash
//! function that the TPM uses. A log may come from a file or from a damaged machine: any bytes can
//! be read. It ends before the first event that isn't whole, or has no digest: firmware fills the
//! rest of its memory with zeros.
//!
//! ```
//! use event_log::{EventLog, IPL, event, header, replay};
//! use hash_tree::hash_of;
//!
//! let log = [header(), event(11, IPL, &hash_of(b"kernel"), b"the kernel")].concat();
//! let log = EventLog::open(&log).unwrap();
//! assert_eq!(log.events().count(), 1);
//! assert_eq!(replay(log.events())[11], hash_of(&[[0; 32], hash_of(b"kernel").0].concat()));
//! ```
//!
//! Source: TCG PC Client Platform Firmware Profile 1.05, "Event Logging". Numbers are little-endian.

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::{Event, EventLog, extended, replay};
pub use write::{event, header};

/// The kind of events that extend nothing.
pub const NO_ACTION: u32 = 3;
/// The kind of events of a loader or a kernel: the initial program load.
pub const IPL: u32 = 13;

/// The data of the first event, which has the old format, begins with this.
const SIGNATURE: &[u8; 16] = b"Spec ID Event03\0";
/// The length of a SHA-1 digest: the first event has one, of zeros.
const SHA1_BYTES: usize = 20;
