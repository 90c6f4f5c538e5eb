//! Devices. Each driver owns its ports or its memory, and nothing else does.

pub mod acpi;
pub mod bus;
pub mod char;
pub mod video;
