//! What looks into the machine while it runs.

pub mod backtrace;
pub mod patterns;
pub mod probe;
pub mod provoke;
