//! System calls as strace(1) writes them: strings, flags, named numbers and structures.
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

mod bytes;
mod file_status;
mod flags;
mod limit;
mod names;
mod poll;
mod quoted;
mod sets;
mod signal_action;
mod structures;
mod terminal;
#[cfg(test)]
mod tests;
mod time;
mod wait_status;

pub use flags::{FlagSet, ShownFlags};
pub use names::{NumberNames, ShownNumber};
pub use poll::PolledFile;
pub use quoted::Quoted;
pub use sets::{
    ACCESS, AT_FLAGS, CLOCKS, DESCRIPTOR_FLAGS, FCNTL_COMMANDS, IOCTL_COMMANDS, MAP_FLAGS,
    MASK_HOW, OPEN_FLAGS, PROTECTION, RESOURCES, TIMERS, WAIT_OPTIONS, WHENCE,
};
pub use structures::{ShownStructure, Structure};
