//! What several commands print.

pub(in crate::monitor) mod dump;
pub(in crate::monitor) mod fields;
pub(in crate::monitor) mod labels;
