//! Buses that devices are found on.

pub mod pci;
