//! Buses.

pub mod pci;
