//! Drivers of devices. Only the driver of a device accesses its ports and its memory.

pub mod acpi;
pub mod block;
pub mod bus;
pub mod char;
pub mod table;
pub mod tpm;
pub mod video;
mod wait;
