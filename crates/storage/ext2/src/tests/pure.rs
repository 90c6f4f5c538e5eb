//! Bitmaps and the ways to blocks, against simple models.

use std::vec::Vec;

use proptest::prelude::*;
use volume::Access;

use super::host;
use crate::bitmap;
use crate::features::Format;
use crate::superblock::Superblock;
use crate::tree::{DIRECT, Path, file_max_blocks};

/// The bits of the bitmaps: several words of 64.
const BITS: usize = 256;

/// Bytes with long runs of equal bits.
fn bits() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![20 => Just(0xFF_u8), 2 => Just(0_u8), 3 => any::<u8>()];
    prop::collection::vec(byte, BITS / 8)
}

proptest! {
    #[test]
    fn bitmaps(bytes in bits(), from in 0..=BITS, len in 0..=BITS, goal in 0..BITS + 16, value: bool) {
        let end = (from + len).min(BITS);
        let is_set = |index: usize| bytes[index / 8] & 1 << (index % 8) != 0;
        let clear = (from..end).find(|index| !is_set(*index));
        prop_assert_eq!(bitmap::first_clear(&bytes, from..end), clear);
        prop_assert_eq!(bitmap::all_set(&bytes, from..end), clear.is_none());
        let run = (from..end).find(|index| is_set(*index)).unwrap_or(end) - from.min(end);
        prop_assert_eq!(bitmap::clear_len(&bytes, from.min(end), end), run);

        let found = bitmap::find(&bytes, goal, end);
        prop_assert_eq!(found.is_some(), (0..end).any(|index| !is_set(index)));
        if let Some(found) = found {
            prop_assert!(found < end && !is_set(found));
            prop_assert!(found == goal || goal >= end || is_set(goal));
        }

        let mut changed = bytes.clone();
        let count = bitmap::put(&mut changed, from.min(end)..end, value);
        prop_assert_eq!(count, (from..end).filter(|index| is_set(*index) != value).count());
        for index in 0..BITS {
            let now = changed[index / 8] & 1 << (index % 8) != 0;
            prop_assert_eq!(now, if (from..end).contains(&index) { value } else { is_set(index) });
        }
    }
}

#[test]
fn ways_to_blocks_lead_to_each_once() {
    for block_bytes in ["1024", "2048", "4096"] {
        let bytes = host::make(2048, &["-t", "ext2", "-b", block_bytes]);
        let superblock = bytes[1024..2048].try_into().unwrap();
        let superblock =
            Superblock::parse(superblock, 2 << 20, Format::Ext2, Access::ReadOnly).unwrap();
        let per_table = u64::from(superblock.block_bytes()) / 4;
        // The index of the block to which a path leads.
        let index = |path: &Path| {
            let before = (1..path.depth).map(|depth| per_table.pow(depth as u32)).sum::<u64>();
            let first = if path.depth == 0 { u64::from(path.slots[0]) } else { DIRECT + before };
            let slots = path.slots[1..=path.depth].iter();
            first + slots.fold(0, |index, slot| index * per_table + u64::from(*slot))
        };
        let pointers = DIRECT + per_table + per_table.pow(2) + per_table.pow(3);
        let edges =
            [0, DIRECT, DIRECT + per_table, DIRECT + per_table + per_table.pow(2), pointers];
        for edge in edges {
            for number in edge.saturating_sub(3)..edge + 3 {
                let path = Path::new(&superblock, number);
                assert_path(path.as_ref(), number, pointers, index);
                let Some(path) = path else { continue };
                for level in 0..=path.depth {
                    // Up to the next block that has another slot there.
                    let blocks = path.blocks_below(&superblock, level);
                    let last = Path::new(&superblock, number + blocks - 1).unwrap();
                    assert_eq!(last.slots[..=level], path.slots[..=level]);
                    let next = Path::new(&superblock, number + blocks);
                    assert!(next.is_none_or(|next| next.slots[..=level] != path.slots[..=level]));
                }
            }
        }
        assert!(file_max_blocks(&superblock) <= pointers);
    }
}

fn assert_path(path: Option<&Path>, number: u64, pointers: u64, index: impl Fn(&Path) -> u64) {
    assert_eq!(path.is_some(), number < pointers);
    if let Some(path) = path {
        assert_eq!(index(path), number);
    }
}
