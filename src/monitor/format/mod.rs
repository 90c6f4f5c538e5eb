//! Formats that several commands use.

pub(in crate::monitor) mod dump;
pub(in crate::monitor) mod fields;
pub(in crate::monitor) mod labels;
