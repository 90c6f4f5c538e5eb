//! The ELF image.

use super::sections::{self, DEFINITIONS, DYNAMIC_ENTRY_BYTES, Places, SYMBOL_BYTES};
use super::writer::{CODE_OFFSET, IMAGE_BYTES, ImageError, Writer};

/// The value of DT_SONAME.
const OBJECT_NAME: &[u8] = b"linux-vdso.so.1";

/// The version of all functions.
const VERSION: &[u8] = b"LINUX_2.6";

/// A function of the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function<'a> {
    /// Its name, such as `__vdso_time`.
    pub name: &'a str,
    /// The offset of its first byte in the code.
    pub offset: usize,
    /// Its length in bytes.
    pub len_bytes: usize,
}

const HEADER_BYTES: usize = 64;
const PROGRAM_HEADER_BYTES: usize = 56;
const PROGRAM_HEADERS: usize = 2;
const DYNAMIC_ENTRIES: usize = 10;
const VERSION_BYTES: usize = 28;

/// Returns the hash of a name, as DT_HASH and the version definitions use it.
fn hash(name: &[u8]) -> u32 {
    name.iter().fold(0_u32, |hash, byte| {
        let hash = (hash << 4).wrapping_add(u32::from(*byte));
        let high = hash & 0xF000_0000;
        (hash ^ high >> 24) & !high
    })
}

/// Builds the image of `code` with `functions`.
///
/// # Errors
/// See [`ImageError`].
pub fn build(code: &[u8], functions: &[Function<'_>]) -> Result<[u8; IMAGE_BYTES], ImageError> {
    if code.len() > IMAGE_BYTES - CODE_OFFSET {
        return Err(ImageError::CodeTooLarge);
    }
    let is_in_code = |function: &Function<'_>| {
        function.offset.checked_add(function.len_bytes).is_some_and(|end| end <= code.len())
    };
    if !functions.iter().all(is_in_code) {
        return Err(ImageError::OutsideOfCode);
    }
    let mut image = [0; IMAGE_BYTES];
    image[CODE_OFFSET..CODE_OFFSET + code.len()].copy_from_slice(code);
    let mut writer =
        Writer { image: &mut image, at: HEADER_BYTES + PROGRAM_HEADERS * PROGRAM_HEADER_BYTES };
    let tables = write_tables(&mut writer, functions)?;
    let dynamic = write_dynamic(&mut writer, &tables)?;
    let sections = sections::write(&mut writer, &places(&tables, dynamic, functions, code))?;
    writer.at = 0;
    write_headers(&mut writer, dynamic, sections)?;
    Ok(image)
}

/// The offsets of the tables in the image.
struct Tables {
    hash: usize,
    symbols: usize,
    strings: usize,
    strings_bytes: usize,
    versions: usize,
    definitions: usize,
    /// The offset of the object's name in the strings.
    object_name: usize,
}

fn write_tables(writer: &mut Writer<'_>, functions: &[Function<'_>]) -> Result<Tables, ImageError> {
    // Symbol 0 is reserved. All others are in the chain of the one bucket, the last one
    // first.
    let symbols = functions.len() + 1;
    let hash_at = writer.align(8);
    writer.u32s(&[1, symbols as u32, functions.len() as u32])?;
    for symbol in 0..symbols as u32 {
        writer.u32s(&[symbol.saturating_sub(1)])?;
    }

    // The names of the functions come first.
    let symbols_at = writer.align(8);
    writer.bytes(&[0; SYMBOL_BYTES])?;
    let mut name_at = 1;
    for function in functions {
        /// A global function.
        const INFO: u16 = 1 << 4 | 2;
        writer.u32s(&[name_at as u32])?;
        writer.u16s(&[INFO, sections::TEXT])?;
        writer.u64s(&[(CODE_OFFSET + function.offset) as u64, function.len_bytes as u64])?;
        name_at += function.name.len() + 1;
    }

    let strings_at = writer.at;
    writer.string(b"")?;
    functions.iter().try_for_each(|function| writer.string(function.name.as_bytes()))?;
    let object_name = writer.at - strings_at;
    writer.string(OBJECT_NAME)?;
    let version_name = writer.at - strings_at;
    writer.string(VERSION)?;
    let strings_bytes = writer.at - strings_at;

    // The version of each symbol: 1 is the version of the object itself.
    let versions = writer.align(8);
    writer.u16s(&[0])?;
    functions.iter().try_for_each(|_| writer.u16s(&[2]))?;
    let definitions = writer.align(8);
    let names: [_; DEFINITIONS] = [(OBJECT_NAME, object_name), (VERSION, version_name)];
    for (index, (name, name_at)) in names.into_iter().enumerate() {
        /// The version of the object itself.
        const BASE: u16 = 1;
        let is_last = index + 1 == names.len();
        writer.u16s(&[1, if index == 0 { BASE } else { 0 }, index as u16 + 1, 1])?;
        let next = if is_last { 0 } else { VERSION_BYTES as u32 };
        // The offset of the version's name follows directly.
        writer.u32s(&[hash(name), 20, next, name_at as u32, 0])?;
    }
    Ok(Tables {
        hash: hash_at,
        symbols: symbols_at,
        strings: strings_at,
        strings_bytes,
        versions,
        definitions,
        object_name,
    })
}

fn write_dynamic(writer: &mut Writer<'_>, tables: &Tables) -> Result<usize, ImageError> {
    let at = writer.align(16);
    // Source: System V ABI, "Dynamic Section"; Linux Standard Base Core, "Additional Dynamic
    // Section Entries".
    let entries: [(u64, usize); DYNAMIC_ENTRIES] = [
        (14, tables.object_name),          // DT_SONAME
        (4, tables.hash),                  // DT_HASH
        (5, tables.strings),               // DT_STRTAB
        (6, tables.symbols),               // DT_SYMTAB
        (10, tables.strings_bytes),        // DT_STRSZ
        (11, SYMBOL_BYTES),                // DT_SYMENT
        (0x6FFF_FFF0, tables.versions),    // DT_VERSYM
        (0x6FFF_FFFC, tables.definitions), // DT_VERDEF
        (0x6FFF_FFFD, DEFINITIONS),        // DT_VERDEFNUM
        (0, 0),                            // DT_NULL
    ];
    for (tag, value) in entries {
        writer.u64s(&[tag, value as u64])?;
    }
    Ok(at)
}

/// Returns where each section is, and how many bytes it has.
fn places(tables: &Tables, dynamic: usize, functions: &[Function<'_>], code: &[u8]) -> Places {
    let symbols = functions.len() + 1;
    Places {
        hash: (tables.hash, 4 * (3 + symbols)),
        symbols: (tables.symbols, symbols * SYMBOL_BYTES),
        strings: (tables.strings, tables.strings_bytes),
        versions: (tables.versions, 2 * symbols),
        definitions: (tables.definitions, DEFINITIONS * VERSION_BYTES),
        dynamic: (dynamic, DYNAMIC_ENTRIES * DYNAMIC_ENTRY_BYTES),
        text: (CODE_OFFSET, code.len()),
    }
}

fn write_headers(
    writer: &mut Writer<'_>,
    dynamic: usize,
    sections: usize,
) -> Result<(), ImageError> {
    // 64 bits, little-endian, version 1, System V.
    writer.bytes(b"\x7FELF\x02\x01\x01\0\0\0\0\0\0\0\0\0")?;
    // A shared object for x86-64, version 1.
    writer.u16s(&[3, 62])?;
    writer.u32s(&[1])?;
    // No entry point, then the offsets of the program headers and of the section headers.
    writer.u64s(&[0, HEADER_BYTES as u64, sections as u64])?;
    writer.u32s(&[0])?;
    let sizes = [HEADER_BYTES, PROGRAM_HEADER_BYTES, PROGRAM_HEADERS, sections::HEADER_BYTES];
    writer.u16s(&sizes.map(|size| size as u16))?;
    writer.u16s(&[sections::COUNT, sections::NAMES])?;
    let dynamic_bytes = DYNAMIC_ENTRIES * DYNAMIC_ENTRY_BYTES;
    for (kind, flags, offset, len_bytes, alignment) in [
        // PT_LOAD, readable and executable.
        (1, 5, 0, IMAGE_BYTES, IMAGE_BYTES),
        // PT_DYNAMIC, readable.
        (2, 4, dynamic, dynamic_bytes, 8),
    ] {
        writer.u32s(&[kind, flags])?;
        let [offset, len_bytes, alignment] = [offset, len_bytes, alignment].map(|it| it as u64);
        writer.u64s(&[offset, offset, offset, len_bytes, len_bytes, alignment])?;
    }
    Ok(())
}
