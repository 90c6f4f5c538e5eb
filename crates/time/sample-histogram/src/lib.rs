//! A histogram of measured times, in any unit: count, smallest and largest value, percentiles, and
//! a drawing as bars.
//!
//! The memory is allocated once, 7.5 KiB for values of 64 bits. Recording a value takes constant
//! time and allocates nothing.
//!
//! ```
//! use sample_histogram::Histogram;
//! let mut histogram = Histogram::try_new().expect("there is memory");
//! (1..=1000).for_each(|value| histogram.record(value));
//! assert_eq!((histogram.min(), histogram.max()), (1, 1000));
//! // At most 1/64 beside the exact value, which is 500.
//! assert!((493..=507).contains(&histogram.percentile(50)));
//! ```

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod bars;
mod bucket;
mod histogram;
mod row;
#[cfg(test)]
mod tests;

pub use bars::Bars;
pub use histogram::{Histogram, NoMemory};
pub use row::Row;
