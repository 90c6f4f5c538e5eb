//! Drivers of devices. Each driver alone owns its ports and its memory.

pub mod acpi;
pub mod bus;
pub mod char;
pub mod video;
