//! The ids of threads are numbers from 0 on.

/// The id that no thread has.
pub const NONE: u32 = u32::MAX;
