//! Names for the numbers that identify PCI devices.
//!
//! ```
//! assert_eq!(pci_names::class(0x02, 0x00, 0x00), "Ethernet controller");
//! assert_eq!(pci_names::vendor(0x8086), Some("Intel"));
//! assert_eq!(pci_names::device(0x8086, 0x100E), Some("82540EM (e1000)"));
//! assert_eq!(pci_names::capability(0x11), Some("MSI-X"));
//! ```

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod classes;
mod devices;
#[cfg(test)]
mod tests;

pub use classes::{capability, class};
pub use devices::{device, vendor};
