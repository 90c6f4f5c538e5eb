//! The start and the end of a program's heap.

/// The start and the end of a program's heap. The heap is ordinary private anonymous
/// memory, which the program may unmap or replace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProgramBreak {
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// The size of the image's data, which counts against RLIMIT_DATA.
    pub(crate) image_data_bytes: u64,
}

impl ProgramBreak {
    /// No heap.
    pub(crate) const NONE: Self = Self { start: 0, end: 0, image_data_bytes: 0 };
}
