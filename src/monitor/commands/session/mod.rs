//! Commands for the prompt itself, for tests, and to end the machine.

pub(in crate::monitor) mod bench;
pub(in crate::monitor) mod boot;
pub(in crate::monitor) mod cat;
pub(in crate::monitor) mod clear;
pub(in crate::monitor) mod color;
pub(in crate::monitor) mod echo;
pub(in crate::monitor) mod fault;
pub(in crate::monitor) mod help;
pub(in crate::monitor) mod info;
pub(in crate::monitor) mod layout;
pub(in crate::monitor) mod log;
pub(in crate::monitor) mod poweroff;
pub(in crate::monitor) mod reboot;
pub(in crate::monitor) mod resume;
pub(in crate::monitor) mod test;
pub(in crate::monitor) mod watch;
