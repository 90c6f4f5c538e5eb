//! The capabilities of threads, each a part of root's privileges, and Linux's rules for changing
//! them.
//!
//! A thread has five sets. The kernel checks the effective set. The permitted set has the
//! capabilities that the thread may add to the effective set. The inheritable, the ambient and the
//! bounding set determine the capabilities of programs that the thread executes.
//! [`ThreadCapabilities`] has the rules of capset(2), of prctl(2), of changes of users
//! ([`UserIds`]), and of execve(2) for files without capabilities.
//!
//! Source: capabilities(7); Linux, security/commoncap.c.
//!
//! ```
//! use capabilities::{Capability, ThreadCapabilities, UserIds};
//! let mut own = ThreadCapabilities::ROOT;
//! assert!(own.effective.has(Capability::Kill));
//! let root = UserIds { real: 0, effective: 0, saved: 0 };
//! own.change_users(root, UserIds { real: 7, effective: 7, saved: 7 });
//! assert!(!own.effective.has(Capability::Kill));
//! ```

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[cfg(test)]
extern crate std;

mod securebits;
mod set;
#[cfg(test)]
mod tests;
mod thread;

pub use securebits::{NotAllowed, SecureBits};
pub use set::{Capability, CapabilitySet};
pub use thread::{Executed, Sets, ThreadCapabilities, UserIds};
