//! Checks blocks against a tree that is not trusted.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::hash::{Hash, hash_of};
use crate::shape::{BLOCK_BYTES, Shape};

/// Why a block is not what the root vouches for, or why that isn't known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckError<E> {
    /// The block of data has another hash, or is none of the data's.
    Data,
    /// This block of the tree has another hash, so nothing is known of the data.
    Tree {
        /// Its number.
        block: u64,
    },
    /// The tree can't be read.
    Read(E),
}

/// Checks blocks of data against a root, by a tree that is read from where the data is.
///
/// It keeps the last block of each level that was found to be right, so that blocks in their order
/// need each block of the tree once. What it keeps isn't read again: a medium may change.
#[derive(Debug)]
pub struct Verifier {
    shape: Shape,
    root: Hash,
    /// One for each level, from level 0 on.
    known: Vec<Option<Known>>,
}

/// A block of the tree that is right.
#[derive(Debug)]
struct Known {
    block: u64,
    bytes: Box<[u8; BLOCK_BYTES]>,
}

impl Verifier {
    /// Returns the verifier of data of a shape, with a root.
    pub fn new(shape: Shape, root: Hash) -> Self {
        let known = core::iter::repeat_with(|| None).take(shape.levels()).collect();
        Self { shape, root, known }
    }

    /// Checks block `data_block` of the data, which is filled up with zeros if it is the last one.
    /// `read` reads a block of the tree.
    ///
    /// # Errors
    /// [`CheckError`].
    pub fn check<E>(
        &mut self,
        data_block: u64,
        data: &[u8; BLOCK_BYTES],
        mut read: impl FnMut(u64, &mut [u8; BLOCK_BYTES]) -> Result<(), E>,
    ) -> Result<(), CheckError<E>> {
        if data_block >= self.shape.data_blocks() {
            return Err(CheckError::Data);
        }
        // From the root down: each block is checked by one that is right.
        let mut wanted = self.root;
        let places = self.shape.places(data_block).into_iter();
        for (place, known) in places.zip(&mut self.known).rev() {
            let block = place.block;
            if known.as_ref().is_none_or(|known| known.block != block) {
                let mut bytes = Box::new([0; BLOCK_BYTES]);
                read(block, &mut bytes).map_err(CheckError::Read)?;
                if hash_of(&*bytes) != wanted {
                    return Err(CheckError::Tree { block });
                }
                *known = Some(Known { block, bytes });
            }
            let bytes = &known.as_ref().expect("it was just set").bytes;
            wanted = Hash(bytes.as_chunks().0[place.index]);
        }
        match hash_of(data) == wanted {
            true => Ok(()),
            false => Err(CheckError::Data),
        }
    }
}
