//! x

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[cfg(test)]
extern crate std;

mod balance;
mod cpu_set;
mod fair;
mod list;
mod node;
mod pick;
mod policy;
mod queue;
mod steal;
#[cfg(test)]
mod tests;
mod tree;
mod virtual_time;

pub use balance::{Processors, place, victim};
pub use cpu_set::{CpuSet, OutOfRange};
pub use node::{NONE, Node, Nodes, State};
pub use pick::Former;
pub use policy::{NICE_0_WEIGHT, Nice, Policy, REAL_TIME_SLICE_NS, RealTimePriority, Slice};
pub use queue::{RunQueue, Start};
