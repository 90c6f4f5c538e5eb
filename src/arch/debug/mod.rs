//! Inspection of the running machine.

pub mod backtrace;
pub mod probe;
pub mod provoke;
pub mod register_patterns;
