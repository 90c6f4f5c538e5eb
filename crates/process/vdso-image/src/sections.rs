//! The section headers, by which dietlibc finds the functions.

use super::writer::{ImageError, Writer};

/// The size of a section header.
pub(super) const HEADER_BYTES: usize = 64;

/// The size of a symbol.
pub(super) const SYMBOL_BYTES: usize = 24;

/// The size of an entry of the dynamic section.
pub(super) const DYNAMIC_ENTRY_BYTES: usize = 16;

/// The number of defined versions: that of the object itself, and that of the functions.
pub(super) const DEFINITIONS: usize = 2;

/// The number of headers; the first one is unused.
pub(super) const COUNT: u16 = 9;

const SYMBOLS: u16 = 2;
const STRINGS: u16 = 3;

/// The number of the section that has the code.
pub(super) const TEXT: u16 = 7;

/// The number of the section that has the names of sections.
pub(super) const NAMES: u16 = 8;

/// The names, each with a zero at its end; the first one is empty.
const NAME_BYTES: &[u8] =
    b"\0.hash\0.dynsym\0.dynstr\0.gnu.version\0.gnu.version_d\0.dynamic\0.text\0.shstrtab\0";

/// The offset of each section in the image, and its size.
pub(super) struct Places {
    pub(super) hash: (usize, usize),
    pub(super) symbols: (usize, usize),
    pub(super) strings: (usize, usize),
    pub(super) versions: (usize, usize),
    pub(super) definitions: (usize, usize),
    pub(super) dynamic: (usize, usize),
    pub(super) text: (usize, usize),
}

/// A section header without its name.
struct Section {
    /// `sh_type`.
    kind: u32,
    /// `sh_flags`.
    flags: u64,
    place: (usize, usize),
    /// `sh_link`: the section that this one refers to.
    link: u16,
    /// `sh_info`: a count, whose meaning depends on the kind.
    info: usize,
    alignment: u64,
    /// `sh_entsize`.
    entry_bytes: usize,
}

const ALLOCATED: u64 = 2;
const EXECUTABLE: u64 = 4;

/// Returns all sections except the first one. Source: System V ABI, "Section Header"; Linux
/// Standard Base Core, "Additional Section Types".
#[rustfmt::skip]
fn sections(places: &Places, names: (usize, usize)) -> [Section; COUNT as usize - 1] {
    let section = |kind, place, link, info, alignment, entry_bytes| {
        Section { kind, flags: ALLOCATED, place, link, info, alignment, entry_bytes }
    };
    [
        section(5, places.hash, SYMBOLS, 0, 8, 4),                               // SHT_HASH
        section(11, places.symbols, STRINGS, 1, 8, SYMBOL_BYTES),                // SHT_DYNSYM
        section(3, places.strings, 0, 0, 1, 0),                                  // SHT_STRTAB
        section(0x6FFF_FFFF, places.versions, SYMBOLS, 0, 8, 2),                 // SHT_GNU_versym
        section(0x6FFF_FFFD, places.definitions, STRINGS, DEFINITIONS, 8, 0),    // SHT_GNU_verdef
        section(6, places.dynamic, STRINGS, 0, 16, DYNAMIC_ENTRY_BYTES),         // SHT_DYNAMIC
        Section { flags: ALLOCATED | EXECUTABLE, ..section(1, places.text, 0, 0, 16, 0) },
        Section { flags: 0, ..section(3, names, 0, 0, 1, 0) },
    ]
}

/// Writes the names of the sections and their headers; returns where the headers are.
///
/// # Errors
/// There is no room for them.
pub(super) fn write(writer: &mut Writer<'_>, places: &Places) -> Result<usize, ImageError> {
    let names_at = writer.align(1);
    writer.bytes(NAME_BYTES)?;
    let headers_at = writer.align(8);
    writer.bytes(&[0; HEADER_BYTES])?;
    let mut name_at = 1;
    for section in sections(places, (names_at, NAME_BYTES.len())) {
        writer.u32s(&[name_at as u32, section.kind])?;
        let (offset, len_bytes) = section.place;
        // A section that isn't allocated has no address.
        let address = if section.flags == 0 { 0 } else { offset as u64 };
        writer.u64s(&[section.flags, address, offset as u64, len_bytes as u64])?;
        writer.u32s(&[u32::from(section.link), section.info as u32])?;
        writer.u64s(&[section.alignment, section.entry_bytes as u64])?;
        let name_bytes = NAME_BYTES[name_at..].iter().position(|byte| *byte == 0);
        name_at += name_bytes.map_or(0, |len_bytes| len_bytes + 1);
    }
    Ok(headers_at)
}
