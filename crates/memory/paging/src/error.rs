//! Why a page table can't do what it is asked for.

use core::fmt;

/// Why a page table can't do what it is asked for. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PagingError {
    /// No frame is left for a table.
    NoMemory,
    /// An address or a length isn't a multiple of the page size.
    NotAligned,
    /// Nothing is mapped there.
    NotMapped,
    /// An entry of software's is there, in place of a page.
    NotPresent,
    /// Something is mapped there.
    AlreadyMapped,
    /// The address lies within a large page, not at its start.
    MappedToHugePage,
    /// The address is in the half that belongs to another page table.
    NotOwned,
    /// An address isn't canonical or too large, a range runs over the end of its
    /// half, or the processor doesn't have that page size.
    InvalidAddress,
}

impl fmt::Display for PagingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoMemory => "no frame is left for a page table",
            Self::NotAligned => "the address or length isn't a multiple of the page size",
            Self::NotMapped => "nothing is mapped there",
            Self::NotPresent => "an entry of software's is there, not a page",
            Self::AlreadyMapped => "something is mapped there",
            Self::MappedToHugePage => "the address lies within a large page",
            Self::NotOwned => "the address belongs to another page table",
            Self::InvalidAddress => "the address or page size isn't one of this processor",
        })
    }
}

impl core::error::Error for PagingError {}
