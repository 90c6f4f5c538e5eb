//! Commands for devices and time.

pub(in crate::monitor) mod acpi;
pub(in crate::monitor) mod blkdump;
pub(in crate::monitor) mod blktrace;
pub(in crate::monitor) mod cache;
pub(in crate::monitor) mod date;
pub(in crate::monitor) mod disks;
pub(in crate::monitor) mod irq;
pub(in crate::monitor) mod lspci;
pub(in crate::monitor) mod ports;
pub(in crate::monitor) mod seal;
pub(in crate::monitor) mod ticks;
pub(in crate::monitor) mod time;
pub(in crate::monitor) mod tpm;
