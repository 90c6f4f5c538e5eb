//! Clock arithmetic.
//!
//! | module | does |
//! | --- | --- |
//! | [`conversion`] | converts between a counter's ticks and nanoseconds, and between CPUs |
//! | [`calibration`] | estimates a counter's frequency from samples of a reference counter |
//! | [`comparison`] | bounds the deviation of a clock from an independent one |
//! | [`stated`] | chooses among the frequencies that CPUID states |

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod calibration;
pub mod comparison;
pub mod conversion;
pub mod stated;
