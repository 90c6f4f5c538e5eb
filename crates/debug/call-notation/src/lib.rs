//! System calls as strace(1) writes them: strings, flags and named numbers.
//!
//! ```
//! use call_notation::{OPEN_FLAGS, Quoted};
//! let text = format!("open({}, {})", Quoted::new(b"/etc/passwd\n", 32), OPEN_FLAGS.show(0o2_000_001));
//! assert_eq!(text, r#"open("/etc/passwd\n", O_WRONLY|O_CLOEXEC)"#);
//! ```

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[cfg(test)]
extern crate std;

mod flags;
mod names;
mod quoted;
mod sets;
#[cfg(test)]
mod tests;

pub use flags::{FlagSet, ShownFlags};
pub use names::{NumberNames, ShownNumber};
pub use quoted::Quoted;
pub use sets::{
    ACCESS, AT_FLAGS, CLOCKS, DESCRIPTOR_FLAGS, FCNTL_COMMANDS, IOCTL_COMMANDS, MAP_FLAGS,
    MASK_HOW, OPEN_FLAGS, PROTECTION, WAIT_OPTIONS, WHENCE,
};
