//! The volume descriptors, which say where the root directory is.
//!
//! Source: ECMA-119, "Volume Descriptors"; Joliet specification, "Escape Sequences".

use alloc::vec::Vec;

use volume::{Medium, VolumeError};

use crate::image::{Image, SECTOR_BYTES};
use crate::path_table::PathTable;
use crate::record::Record;

/// The sector of the first descriptor.
const FIRST_SECTOR: u64 = 16;
/// The most descriptors that are read. Linux reads as many.
const DESCRIPTORS_MAX: u64 = 84;

const IDENTIFIER: &[u8] = b"CD001";
const PRIMARY: u8 = 1;
const SUPPLEMENTARY: u8 = 2;
const TERMINATOR: u8 = 255;

const BLOCKS: usize = 80;
const ESCAPE_SEQUENCES: usize = 88;
const BLOCK_BYTES: usize = 128;
const PATH_TABLE_BYTES: usize = 132;
const PATH_TABLE: usize = 140;
const ROOT: core::ops::Range<usize> = 156..190;

/// The sequences of Joliet's three levels.
const JOLIET: [&[u8]; 3] = [b"%/@", b"%/C", b"%/E"];

/// The sizes that a block can have, in bytes.
const BLOCK_SIZES: [u16; 3] = [512, 1024, 2048];

/// What a descriptor says.
#[derive(Clone, Copy)]
pub(crate) struct Descriptor {
    /// The size of a block, in bytes.
    pub(crate) block_bytes: u32,
    /// The number of blocks.
    pub(crate) blocks: u32,
    /// The place of the root directory.
    pub(crate) root: u64,
    pub(crate) path_table: PathTable,
}

/// The descriptors of a disk.
pub(crate) struct Descriptors {
    pub(crate) primary: Descriptor,
    /// That of the tree with Joliet's names.
    pub(crate) joliet: Option<Descriptor>,
}

/// Reads the descriptors.
pub(crate) fn read<M: Medium>(image: &mut Image<M>) -> Result<Descriptors, VolumeError> {
    let mut sector = Vec::new();
    sector.try_reserve_exact(SECTOR_BYTES as usize).map_err(|_| VolumeError::NoMemory)?;
    sector.resize(SECTOR_BYTES as usize, 0);
    let (mut primary, mut joliet) = (None, None);
    for number in FIRST_SECTOR..FIRST_SECTOR + DESCRIPTORS_MAX {
        let at = number * SECTOR_BYTES;
        if !image.contains(at, SECTOR_BYTES) {
            break;
        }
        image.read(at, &mut sector)?;
        if &sector[1..6] != IDENTIFIER || sector[0] == TERMINATOR {
            break;
        }
        let has_joliet =
            || JOLIET.iter().any(|level| sector[ESCAPE_SEQUENCES..].starts_with(level));
        match sector[0] {
            PRIMARY if primary.is_none() => primary = Some(parse(image, at, &sector)?),
            SUPPLEMENTARY if joliet.is_none() && has_joliet() => {
                joliet = Some(parse(image, at, &sector)?);
            }
            _ => {}
        }
    }
    Ok(Descriptors { primary: primary.ok_or(VolumeError::OtherKind)?, joliet })
}

/// Returns what the descriptor in `sector`, which is at `at`, says.
fn parse<M: Medium>(
    image: &mut Image<M>,
    at: u64,
    sector: &[u8],
) -> Result<Descriptor, VolumeError> {
    let block_bytes = u16::from_le_bytes([sector[BLOCK_BYTES], sector[BLOCK_BYTES + 1]]);
    if !BLOCK_SIZES.contains(&block_bytes) {
        return Err(VolumeError::Damaged("the size of a block"));
    }
    image.block_bytes = block_bytes.into();
    let u32_at = |at: usize| {
        u32::from_le_bytes(*sector[at..].first_chunk().expect("a sector has more bytes"))
    };
    let root = Record::parse(at + ROOT.start as u64, &sector[ROOT])?
        .filter(Record::is_directory)
        .ok_or(VolumeError::Damaged("the record of the root directory"))?;
    Ok(Descriptor {
        block_bytes: block_bytes.into(),
        blocks: u32_at(BLOCKS),
        root: root.extent(image),
        path_table: PathTable {
            start: image.block(u32_at(PATH_TABLE)),
            len_bytes: u32_at(PATH_TABLE_BYTES),
        },
    })
}
