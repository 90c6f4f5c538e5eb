//! A look at every tag's size, before its content is read.

use core::fmt;

use crate::{Error, rsdp};

/// The tags whose content is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagKind {
    /// Type 1.
    CommandLine,
    /// Type 2.
    LoaderName,
    /// Type 3, may stand more than once.
    Module,
    /// Type 6.
    MemoryMap,
    /// Type 8.
    Framebuffer,
    /// Type 14: a copy of the RSDP of ACPI 1.0.
    OldAcpi,
    /// Type 15: a copy of the RSDP of ACPI 2.0 or later.
    NewAcpi,
}

impl TagKind {
    const ALL: [Self; 7] = [
        Self::CommandLine,
        Self::LoaderName,
        Self::Module,
        Self::MemoryMap,
        Self::Framebuffer,
        Self::OldAcpi,
        Self::NewAcpi,
    ];

    /// Returns the kind of a tag's type number, if it is one that is read.
    fn from_type(tag_type: u32) -> Option<Self> {
        Some(match tag_type {
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

    /// Tells whether `tag`, a whole tag with its head, can be read as this kind.
    fn suits(self, tag: &[u8]) -> bool {
        match self {
            Self::CommandLine | Self::LoaderName => tag.len() > HEAD_BYTES,
            Self::Module => tag.len() > HEAD_BYTES + 8,
            Self::MemoryMap => {
                read_u32(tag, 8) == Some(MEMORY_ENTRY_BYTES as u32)
                    && tag.len() >= 16
                    && (tag.len() - 16).is_multiple_of(MEMORY_ENTRY_BYTES)
            }
            Self::Framebuffer => {
                // Up to the type and a reserved word, then what the type needs.
                let Some((head, colours)) = tag.split_at_checked(32) else {
                    return false;
                };
                match head[29] {
                    0 => colours
                        .first_chunk()
                        .is_some_and(|&n| colours.len() >= 2 + 3 * u16::from_le_bytes(n) as usize),
                    1 => colours.len() >= 6,
                    _ => true,
                }
            }
            Self::OldAcpi => tag.len() >= HEAD_BYTES + rsdp::OLD_BYTES,
            Self::NewAcpi => tag.len() >= HEAD_BYTES + rsdp::NEW_BYTES,
        }
    }
}

impl fmt::Display for TagKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CommandLine => "command line",
            Self::LoaderName => "loader's name",
            Self::Module => "module list",
            Self::MemoryMap => "memory map",
            Self::Framebuffer => "framebuffer description",
            Self::OldAcpi => "RSDP of ACPI 1.0",
            Self::NewAcpi => "RSDP of ACPI 2.0",
        })
    }
}

/// A tag's type and size.
const HEAD_BYTES: usize = 8;
/// The only size of a memory map's entry that has been defined so far.
const MEMORY_ENTRY_BYTES: usize = 24;

const END: u32 = 0;
const EFI_SYSTEM_TABLE_32: u32 = 11;
const EFI_SYSTEM_TABLE_64: u32 = 12;

/// Which kinds of tags can be read.
#[derive(Default)]
pub(crate) struct Verdicts<'a> {
    malformed: [bool; TagKind::ALL.len()],
    has_efi_system_table: bool,
    /// What the last tag of each kind holds.
    payloads: [Option<&'a [u8]>; TagKind::ALL.len()],
}

impl<'a> Verdicts<'a> {
    /// Tells whether all tags of `kind` are sound.
    pub(crate) fn is_usable(&self, kind: TagKind) -> bool {
        !self.malformed[kind as usize]
    }

    /// Returns what `find` finds, unless a tag of `kind` is malformed.
    pub(crate) fn usable<T>(&self, kind: TagKind, find: impl FnOnce() -> Option<T>) -> Option<T> {
        self.is_usable(kind).then(find).flatten()
    }

    /// Returns what the last tag of `kind` holds, unless a tag of it is malformed.
    pub(crate) fn payload(&self, kind: TagKind) -> Option<&'a [u8]> {
        self.usable(kind, || self.payloads[kind as usize])
    }

    /// Tells whether the loader handed on an EFI system table.
    pub(crate) fn has_efi_system_table(&self) -> bool {
        self.has_efi_system_table
    }

    /// Returns the kinds of which a tag is not.
    pub(crate) fn malformed(&self) -> impl Iterator<Item = TagKind> {
        TagKind::ALL.into_iter().filter(|&kind| !self.is_usable(kind))
    }
}

/// Walks the tags up to the end tag.
///
/// # Errors
/// [`Error`] if the structure or its sequence of tags makes no sense.
pub(crate) fn check(bytes: &[u8]) -> Result<Verdicts<'_>, Error> {
    if !bytes.as_ptr().addr().is_multiple_of(8) {
        return Err(Error::NotAligned);
    }
    let said_bytes = read_u32(bytes, 0).map_or(HEAD_BYTES, |size| size as usize);
    if said_bytes > bytes.len() {
        return Err(Error::Truncated { said_bytes, given_bytes: bytes.len() });
    }
    if said_bytes < 2 * HEAD_BYTES {
        return Err(Error::TooSmall(said_bytes));
    }
    let bytes = &bytes[..said_bytes];

    let mut verdicts = Verdicts::default();
    let mut offset_bytes = HEAD_BYTES;
    while let (Some(tag_type), Some(size)) =
        (read_u32(bytes, offset_bytes), read_u32(bytes, offset_bytes + 4))
    {
        let size_bytes = size as usize;
        let tag = bytes[offset_bytes..].get(..size_bytes);
        let tag = match tag {
            Some(tag)
                if size_bytes == HEAD_BYTES || (tag_type != END && size_bytes > HEAD_BYTES) =>
            {
                tag
            }
            _ => return Err(Error::BrokenTag { offset_bytes, size_bytes }),
        };
        if tag_type == END {
            return Ok(verdicts);
        }
        if let Some(kind) = TagKind::from_type(tag_type) {
            verdicts.malformed[kind as usize] |= !kind.suits(tag);
            verdicts.payloads[kind as usize] = tag.get(HEAD_BYTES..);
        }
        verdicts.has_efi_system_table |=
            matches!(tag_type, EFI_SYSTEM_TABLE_32 | EFI_SYSTEM_TABLE_64);
        offset_bytes += size_bytes.next_multiple_of(8);
    }
    Err(Error::NoEndTag)
}

fn read_u32(bytes: &[u8], offset_bytes: usize) -> Option<u32> {
    let field = bytes.get(offset_bytes..)?.first_chunk()?;
    Some(u32::from_le_bytes(*field))
}
