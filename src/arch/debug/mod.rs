//! Inspection of the running machine.

pub mod backtrace;
pub mod interrupted_calls;
pub mod probe;
pub mod provoke;
