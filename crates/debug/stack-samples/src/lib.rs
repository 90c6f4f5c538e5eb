//! Samples of what CPUs execute.
//!
//! An interrupt handler appends samples to the [`SampleBuffer`] of its CPU: the interrupted thread,
//! and the addresses of its calls. A [`Profile`] is made of the samples of all CPUs later: equal
//! stacks are one row with a count, from which follow the sums of each function and the folded
//! stacks that flame graph tools read.
//!
//! | module | what |
//! | --- | --- |
//! | [`buffer`] | the samples of a CPU, in memory that is allocated before the first one |
//! | [`profile`] | the sums of samples |
//! | [`heap_sort`] | a sort that needs no stack |

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod buffer;
mod heap_sort;
mod profile;
#[cfg(test)]
mod tests;

pub use buffer::{FRAMES_MAX, Mode, NAME_BYTES, NoMemory, Owner, Sample, SampleBuffer};
pub use profile::{FunctionCount, OwnerCount, Profile};
