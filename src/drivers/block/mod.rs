//! Disks, and their controllers.
//!
//! | module | what |
//! | --- | --- |
//! | [`disk`] | what every disk offers to the block layer |
//! | [`request`] | a transfer, and the memory that takes part in it |
//! | [`nvme`] | controllers of NVM Express |

pub mod disk;
pub mod nvme;
pub mod request;
