//! The sequence of tags. Each has a number, a size and a payload.

use core::fmt;

use crate::error::Error;
use table_bytes::read_u32;

/// The kinds of tags that the kernel reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagKind {
    /// Number 1.
    CommandLine,
    /// Number 2.
    LoaderName,
    /// Number 3; there may be more than one.
    Module,
    /// Number 6.
    MemoryMap,
    /// Number 8.
    Framebuffer,
    /// Number 14: a copy of the RSDP of ACPI 1.0.
    OldAcpi,
    /// Number 15: a copy of the RSDP of ACPI 2.0 or later.
    NewAcpi,
}

impl TagKind {
    /// The number of kinds.
    pub(crate) const COUNT: usize = 7;

    /// Returns the kind of the tags with this number, or `None` if the kernel doesn't read
    /// them.
    pub(crate) fn from_number(number: u32) -> Option<Self> {
        Some(match number {
            1 => Self::CommandLine,
            2 => Self::LoaderName,
            3 => Self::Module,
            6 => Self::MemoryMap,
            8 => Self::Framebuffer,
            14 => Self::OldAcpi,
            15 => Self::NewAcpi,
            _ => return None,
        })
    }
}

impl fmt::Display for TagKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CommandLine => "command line",
            Self::LoaderName => "loader's name",
            Self::Module => "description of a module",
            Self::MemoryMap => "memory map",
            Self::Framebuffer => "framebuffer description",
            Self::OldAcpi => "RSDP of ACPI 1.0",
            Self::NewAcpi => "RSDP of ACPI 2.0",
        })
    }
}

/// The size of a tag's head (its number and size), and of the structure's own head.
const HEAD_BYTES: usize = 8;
/// The alignment of tags.
const ALIGN_BYTES: usize = 8;

const END: u32 = 0;
pub(crate) const EFI_SYSTEM_TABLE_32: u32 = 11;
pub(crate) const EFI_SYSTEM_TABLE_64: u32 = 12;

/// A tag.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tag<'a> {
    /// Its type, as the specification numbers it.
    pub(crate) number: u32,
    /// The bytes after its head.
    pub(crate) payload: &'a [u8],
}

/// The tags before the end tag, which [`check`] has checked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tags<'a> {
    rest: &'a [u8],
}

impl Tags<'_> {
    /// No tags.
    pub(crate) const NONE: Self = Self { rest: &[] };
}

impl<'a> Iterator for Tags<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        let (tag, rest) = split_first(self.rest).ok()?;
        self.rest = rest;
        (tag.number != END).then_some(tag)
    }
}

/// Splits off the first tag; the rest starts with the next one.
///
/// # Errors
/// The size in the tag's head, if it is impossible; `None` if there is no whole head.
fn split_first(bytes: &[u8]) -> Result<(Tag<'_>, &[u8]), Option<usize>> {
    let (number, size) = read_u32(bytes, 0).zip(read_u32(bytes, 4)).ok_or(None)?;
    let size_bytes = size as usize;
    let is_sound = size_bytes == HEAD_BYTES || (number != END && size_bytes > HEAD_BYTES);
    let payload = bytes.get(HEAD_BYTES..size_bytes).filter(|_| is_sound).ok_or(Some(size_bytes))?;
    let rest = bytes.get(size_bytes.next_multiple_of(ALIGN_BYTES)..).unwrap_or_default();
    Ok((Tag { number, payload }, rest))
}

/// Checks the structure and its tags up to the end tag, and returns the tags.
///
/// # Errors
/// [`Error`] if the structure or its sequence of tags is invalid.
pub(crate) fn check(bytes: &[u8]) -> Result<Tags<'_>, Error> {
    let said_bytes = read_u32(bytes, 0).map_or(HEAD_BYTES, |size| size as usize);
    if said_bytes > bytes.len() {
        return Err(Error::Truncated { said_bytes, given_bytes: bytes.len() });
    }
    if said_bytes < 2 * HEAD_BYTES {
        return Err(Error::TooSmall(said_bytes));
    }
    let tags = Tags { rest: &bytes[HEAD_BYTES..said_bytes] };
    let mut rest = tags.rest;
    loop {
        let (tag, next) = split_first(rest).map_err(|size_bytes| match size_bytes {
            Some(size_bytes) => {
                Error::BrokenTag { offset_bytes: said_bytes - rest.len(), size_bytes }
            }
            None => Error::NoEndTag,
        })?;
        if tag.number == END {
            return Ok(tags);
        }
        rest = next;
    }
}
