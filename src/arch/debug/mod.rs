//! What looks into the machine while it runs.

pub mod backtrace;
pub mod probe;
pub mod provoke;
pub mod register_patterns;
