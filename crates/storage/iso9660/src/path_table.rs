//! The path table, which has all directories with their parents.
//!
//! It finds the parents in Joliet's tree: xorriso writes a `..` there that leads to the directory
//! itself.
//!
//! Source: ECMA-119, "Path Table".

use alloc::vec::Vec;

use volume::{Medium, VolumeError};

use crate::image::{Image, SECTOR_BYTES};

/// The length of the fields before the identifier, in bytes.
const FIXED_BYTES: u64 = 8;

const DAMAGED: VolumeError = VolumeError::Damaged("the path table");

/// The place of the table.
#[derive(Clone, Copy)]
pub(crate) struct PathTable {
    pub(crate) start: u64,
    pub(crate) len_bytes: u32,
}

/// An entry of the table.
#[derive(Clone, Copy)]
struct Row {
    /// The node of the directory.
    node: u64,
    /// The number of the parent's row, from 1 on.
    parent: u16,
}

impl PathTable {
    /// Returns the parent of a directory.
    pub(crate) fn parent_of<M: Medium>(
        &self,
        image: &Image<M>,
        node: u64,
    ) -> Result<u64, VolumeError> {
        let parent = self.find(image, |_, row| row.node == node)?.parent;
        Ok(self.find(image, |number, _| number == u32::from(parent))?.node)
    }

    /// Returns the first row for which `is_right` returns true. It is passed the row's number.
    fn find<M: Medium>(
        &self,
        image: &Image<M>,
        is_right: impl Fn(u32, Row) -> bool,
    ) -> Result<Row, VolumeError> {
        if !image.contains(self.start, self.len_bytes.into()) {
            return Err(DAMAGED);
        }
        let end = self.start + u64::from(self.len_bytes);
        let mut window = Vec::new();
        window.try_reserve_exact(SECTOR_BYTES as usize).map_err(|_| VolumeError::NoMemory)?;
        let (mut at, mut window_at) = (self.start, self.start);
        for number in 1_u32.. {
            if end.saturating_sub(at) < FIXED_BYTES {
                break;
            }
            if at + FIXED_BYTES > window_at + window.len() as u64 {
                // The room has been reserved.
                window.resize((end - at).min(SECTOR_BYTES) as usize, 0);
                image.read(at, &mut window)?;
                window_at = at;
            }
            let row = &window[(at - window_at) as usize..];
            let [name_bytes, attributes_blocks, e0, e1, e2, e3, p0, p1] =
                *row.first_chunk().expect("the window has the fixed fields");
            let start = image.block(u32::from_le_bytes([e0, e1, e2, e3]));
            let node = start + image.block(attributes_blocks.into());
            let row = Row { node, parent: u16::from_le_bytes([p0, p1]) };
            if is_right(number, row) {
                return Ok(row);
            }
            at += FIXED_BYTES + u64::from(name_bytes).next_multiple_of(2);
        }
        Err(DAMAGED)
    }
}
