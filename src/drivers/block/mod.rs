//! Disks, and their controllers.
//!
//! | module | what |
//! | --- | --- |
//! | [`disk`] | what every disk offers to the block layer |
//! | [`request`] | a transfer, and the memory that takes part in it |
//! | [`controllers`] | the list of controllers |
//! | [`trace`] | the last requests of a disk, and how long they took |
//! | [`queued`] | what disks with queues have in common |
//! | [`slots`] | the requests that a device has, and their ends |
//! | [`messages`] | the interrupts of a controller |
//! | [`ahci`] | controllers of Serial ATA disks |
//! | [`nvme`] | controllers of NVM Express |
//! | [`virtio`] | disks of virtual machines |

pub mod ahci;
pub mod controllers;
pub mod disk;
mod messages;
pub mod nvme;
mod queued;
pub mod request;
mod slots;
pub mod trace;
pub mod virtio;
