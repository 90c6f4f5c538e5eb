//! Where a program's heap begins and ends.

/// Where a program's heap begins and ends. Its pages are ordinary private anonymous memory;
/// the program may unmap or replace them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProgramBreak {
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// The size of the program's data, which counts for RLIMIT_DATA.
    pub(crate) image_data_bytes: u64,
}

impl ProgramBreak {
    /// No heap.
    pub(crate) const NONE: Self = Self { start: 0, end: 0, image_data_bytes: 0 };
}
