//! Inspection of the running machine.

pub mod backtrace;
pub mod probe;
pub mod provoke;
