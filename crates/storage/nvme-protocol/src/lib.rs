//! NVM Express, without its registers: what the driver writes to memory for a controller, and what it
//! reads there.
//!
//! | module | what |
//! | --- | --- |
//! | [`command`] | the commands that a driver submits |
//! | [`completion`] | a controller's answers |
//! | [`identify`] | the properties of a controller and of its namespaces |
//! | [`prp`] | the pointers of a command to its data |
//! | [`ring`] | the positions in a submission queue and in a completion queue |
//!
//! All that a controller writes is checked: it may be broken.
//!
//! Source: NVM Express Base Specification 2.0, NVM Command Set Specification 1.0.

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[cfg(test)]
extern crate std;

pub mod command;
pub mod completion;
pub mod identify;
pub mod prp;
pub mod ring;
#[cfg(test)]
mod tests;
