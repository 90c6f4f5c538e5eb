//! The errors of page table operations.

use core::fmt;

/// Why an operation failed. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PagingError {
    /// No frame is left for a table.
    NoMemory,
    /// An address or a length isn't a multiple of the page size.
    NotAligned,
    /// Nothing is mapped there.
    NotMapped,
    /// A software entry is there, not a page.
    NotPresent,
    /// Something is mapped there.
    AlreadyMapped,
    /// The mapping of the page has changed since the caller read it.
    Changed,
    /// The address is within a large page, not at its start.
    MappedToHugePage,
    /// The address is in the half that belongs to another page table.
    NotOwned,
    /// An address isn't canonical or is too large, a range crosses the end of its half, or
    /// the CPU doesn't support that page size.
    InvalidAddress,
}

impl fmt::Display for PagingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoMemory => "no frame is left for a page table",
            Self::NotAligned => "the address or length isn't a multiple of the page size",
            Self::NotMapped => "nothing is mapped there",
            Self::NotPresent => "a software entry is there, not a page",
            Self::AlreadyMapped => "something is mapped there",
            Self::Changed => "the mapping of the page has changed",
            Self::MappedToHugePage => "the address lies within a large page",
            Self::NotOwned => "the address belongs to another page table",
            Self::InvalidAddress => "the address or page size isn't valid on this CPU",
        })
    }
}

impl core::error::Error for PagingError {}
