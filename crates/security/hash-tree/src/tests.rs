use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;

/// Makes the tree of `data`.
fn tree_of(data: &[u8]) -> (Vec<u8>, Hash) {
    let mut builder = Builder::new(Shape::new(data.len() as u64));
    data.chunks(BLOCK_BYTES).for_each(|block| builder.push(block));
    builder.finish()
}

/// The tree by its definition: level for level, from whole levels. Returns it with its root.
fn naive_tree_of(data: &[u8]) -> (Vec<u8>, Hash) {
    let mut level = data.to_vec();
    let mut tree = Vec::new();
    loop {
        level.resize(level.len().next_multiple_of(BLOCK_BYTES), 0);
        if level.len() <= BLOCK_BYTES && (!tree.is_empty() || level.is_empty()) {
            return (tree, hash_of(&level));
        }
        level = level.chunks(BLOCK_BYTES).flat_map(|block| hash_of(block).0).collect();
        level.resize(level.len().next_multiple_of(BLOCK_BYTES), 0);
        tree.extend(&level);
    }
}

/// Checks all blocks of `data` against a root by a tree; returns the numbers of the wrong ones.
fn wrong_blocks(data: &[u8], tree: &[u8], root: Hash) -> Vec<u64> {
    let mut verifier = Verifier::new(Shape::new(data.len() as u64), root);
    let blocks = data.chunks(BLOCK_BYTES).enumerate();
    blocks
        .filter_map(|(number, block)| {
            let mut whole = [0; BLOCK_BYTES];
            whole[..block.len()].copy_from_slice(block);
            verifier.check(number as u64, &whole, |at, to| read(tree, at, to)).err()?;
            Some(number as u64)
        })
        .collect()
}

fn read(tree: &[u8], block: u64, to: &mut [u8; BLOCK_BYTES]) -> Result<(), ()> {
    to.copy_from_slice(
        tree.get(block as usize * BLOCK_BYTES..).ok_or(())?.get(..BLOCK_BYTES).ok_or(())?,
    );
    Ok(())
}

/// Data of which no two blocks are equal.
fn sample(len_bytes: usize) -> Vec<u8> {
    (0..len_bytes).map(|at| (at / 7 + at / BLOCK_BYTES * 31) as u8).collect()
}

#[test]
fn trees_are_those_of_the_definition() {
    for blocks in [0, 1, 2, 127, 128, 129, 300, 128 * 128, 128 * 128 + 1] {
        let data = sample(blocks * BLOCK_BYTES);
        assert_eq!(tree_of(&data), naive_tree_of(&data), "{blocks} blocks");
        assert_eq!(Shape::new(data.len() as u64).tree_bytes(), tree_of(&data).0.len() as u64);
    }
}

/// Source: FIPS 180-2, appendix B.1.
#[test]
fn hash_is_that_of_the_standard() {
    let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(std::format!("{}", hash_of(b"abc")), text);
    assert_eq!(text.parse(), Ok(hash_of(b"abc")));
}

#[test]
fn texts_that_are_no_hash_are_refused() {
    let good = "0".repeat(64);
    for bad in [
        "",
        &good[1..],
        &std::format!("{good}0"),
        &good.replace('0', "A"),
        &std::format!("+{}", &good[1..]),
        &std::format!("{}é", &good[2..]),
    ] {
        assert!(bad.parse::<Hash>().is_err(), "{bad}");
    }
}

#[test]
fn length_is_part_of_the_shape() {
    assert_eq!(Shape::new(0).levels(), 0);
    assert_eq!(Shape::new(1).levels(), 1);
    assert_eq!(Shape::new(128 * 4096).levels(), 1);
    assert_eq!(Shape::new(128 * 4096 + 1).levels(), 2);
    // All lengths that there are.
    assert!(Shape::new(u64::MAX).levels() <= 8);
}

#[test]
fn block_behind_the_end_is_refused() {
    let data = sample(3 * BLOCK_BYTES);
    let (tree, root) = tree_of(&data);
    let mut verifier = Verifier::new(Shape::new(data.len() as u64), root);
    // Its place in the tree holds zeros, or nothing.
    for block in [3, 127, 128, u64::MAX] {
        let refused = verifier.check(block, &[0; BLOCK_BYTES], |at, to| read(&tree, at, to));
        assert_eq!(refused, Err(CheckError::Data));
    }
}

#[test]
fn tree_that_cannot_be_read_is_said() {
    let (_, root) = tree_of(&sample(BLOCK_BYTES));
    let mut verifier = Verifier::new(Shape::new(BLOCK_BYTES as u64), root);
    let refused = verifier.check(0, &[0; BLOCK_BYTES], |_, _| Err("gone"));
    assert_eq!(refused, Err(CheckError::Read("gone")));
}

/// What was found to be right stays so, whatever the medium returns later.
#[test]
fn known_blocks_are_not_read_again() {
    let data = sample(130 * BLOCK_BYTES);
    let (tree, root) = tree_of(&data);
    let mut verifier = Verifier::new(Shape::new(data.len() as u64), root);
    let mut reads = vec![];
    for (number, block) in data.chunks(BLOCK_BYTES).enumerate() {
        verifier
            .check(number as u64, block.try_into().unwrap(), |at, to| {
                reads.push(at);
                read(&tree, at, to)
            })
            .unwrap();
    }
    assert_eq!(reads, [2, 0, 1]);
}

proptest! {
    /// Each changed bit of the data makes exactly its block wrong.
    #[test]
    fn changed_bit_is_found(len_bytes in 1..600_000_usize, place: u64, bit in 0..8_u8) {
        let mut data = sample(len_bytes);
        let (tree, root) = tree_of(&data);
        prop_assert_eq!(wrong_blocks(&data, &tree, root), []);
        let place = place as usize % len_bytes;
        data[place] ^= 1 << bit;
        prop_assert_eq!(wrong_blocks(&data, &tree, root), [(place / BLOCK_BYTES) as u64]);
    }

    /// Each changed bit of the tree, of its zeros too, makes some block wrong.
    #[test]
    fn changed_bit_of_the_tree_is_found(len_bytes in 1..600_000_usize, place: u64, bit in 0..8_u8) {
        let data = sample(len_bytes);
        let (mut tree, root) = tree_of(&data);
        let place = place as usize % tree.len();
        tree[place] ^= 1 << bit;
        prop_assert!(!wrong_blocks(&data, &tree, root).is_empty());
    }

    /// No other length has the same root and passes.
    #[test]
    fn other_length_is_found(blocks in 1..300_usize, others in 1..300_usize) {
        prop_assume!(blocks.div_ceil(128) != others.div_ceil(128) || others > blocks);
        let (tree, root) = tree_of(&sample(blocks * BLOCK_BYTES));
        let mut data = sample(blocks * BLOCK_BYTES);
        data.resize(others * BLOCK_BYTES, 0);
        prop_assert!(!wrong_blocks(&data, &tree, root).is_empty());
    }
}
