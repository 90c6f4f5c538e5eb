//! The shape of a file's block map: 12 pointers in the inode to blocks, and one each to a table of
//! pointers, a table of tables, and a table of tables of tables.
//!
//! Source: "The Second Extended File System", D. Poirier, "i_block".

use crate::superblock::Superblock;

/// The pointers of an inode that lead to blocks directly.
pub(crate) const DIRECT: u64 = 12;
/// The most blocks of a file with extents.
const EXTENTS_MAX_BLOCKS: u64 = u32::MAX as u64;
/// The most tables between an inode and a block.
pub(crate) const DEPTH_MAX: usize = 3;

/// The way to a block of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// The number of tables on it.
    pub depth: usize,
    /// The slot of the inode, then that of each table.
    pub slots: [u32; DEPTH_MAX + 1],
}

impl Path {
    /// Returns the way to the block `index` of a file; `None` if a file can't have it.
    pub(crate) fn new(superblock: &Superblock, index: u64) -> Option<Self> {
        let shift = superblock.pointers_shift();
        if index < DIRECT {
            return Some(Self { depth: 0, slots: [index as u32, 0, 0, 0] });
        }
        let mut rest = index - DIRECT;
        for depth in 1..=DEPTH_MAX {
            let blocks = table_blocks(superblock, depth);
            if rest < blocks {
                let mut slots = [0; DEPTH_MAX + 1];
                slots[0] = DIRECT as u32 + depth as u32 - 1;
                for (level, slot) in slots[1..=depth].iter_mut().enumerate() {
                    let below = shift * (depth - 1 - level) as u32;
                    *slot = (rest >> below) as u32 & ((1 << shift) - 1);
                }
                return Some(Self { depth, slots });
            }
            rest -= blocks;
        }
        None
    }

    /// Returns how many blocks of the file from this one on are below the same slot of `level`.
    pub(crate) fn blocks_below(&self, superblock: &Superblock, level: usize) -> u64 {
        let shift = superblock.pointers_shift();
        let before = self.slots[level + 1..=self.depth]
            .iter()
            .fold(0, |blocks, slot| blocks << shift | u64::from(*slot));
        (1 << (shift * (self.depth - level) as u32)) - before
    }
}

/// Returns the number of blocks that a table of `depth` levels leads to.
pub(crate) fn table_blocks(superblock: &Superblock, depth: usize) -> u64 {
    1 << (superblock.pointers_shift() * depth as u32)
}

/// Returns the number of blocks that a file with pointers can have: as many as there are pointers, unless the
/// 32 bits that count its sectors, those of tables too, are the lower limit.
pub(crate) fn file_max_blocks(superblock: &Superblock) -> u64 {
    let pointers =
        DIRECT + (1..=DEPTH_MAX).map(|depth| table_blocks(superblock, depth)).sum::<u64>();
    let room = u64::from(u32::MAX) >> (superblock.block_shift - 9);
    // The tables that the largest file has in all; a file that is limited by the room has less.
    let per_table = table_blocks(superblock, 1);
    let tables = |blocks: u64| {
        let mut rest = blocks.saturating_sub(DIRECT);
        let mut tables = 0;
        for depth in 1..=DEPTH_MAX {
            let mut part = rest.min(table_blocks(superblock, depth));
            rest -= part;
            for _ in 0..depth {
                part = part.div_ceil(per_table);
                tables += part;
            }
        }
        tables
    };
    if pointers + tables(pointers) <= room { pointers } else { room - tables(room) }
}

/// Returns the largest size of a file, in bytes.
pub(crate) fn file_max_bytes(superblock: &Superblock) -> u64 {
    if superblock.features.has_extents() {
        return EXTENTS_MAX_BLOCKS << superblock.block_shift;
    }
    let bytes = file_max_blocks(superblock) << superblock.block_shift;
    // Revision 0 has no feature for files whose size exceeds 31 bits.
    if superblock.is_dynamic { bytes } else { bytes.min(i32::MAX as u64) }
}
