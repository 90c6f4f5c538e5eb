//! A Merkle tree over the blocks of a disk or of an image: one hash vouches for all of its bytes,
//! and each block can be checked alone.
//!
//! The data is divided into blocks of [`BLOCK_BYTES`]; the last one is filled up with zeros. The
//! SHA-256 hashes of 128 blocks are one block of level 0, the hashes of 128 such blocks one of level
//! 1, and so on, up to a level that is a single block; its hash is the root. The tree is stored from
//! level 0 on, each level in whole blocks, which end in zeros. This is the shape of dm-verity's tree,
//! without its salt and its superblock.
//!
//! Which levels there are follows from the length of the data alone ([`Shape`]). So who trusts a root
//! and a length has no need to tell the hash of a block from that of a level.
//!
//! ```
//! use hash_tree::{BLOCK_BYTES, Builder, Shape, Verifier};
//!
//! let data = [7; 3 * BLOCK_BYTES];
//! let mut builder = Builder::new(Shape::new(data.len() as u64));
//! data.chunks(BLOCK_BYTES).for_each(|block| builder.push(block));
//! let (tree, root) = builder.finish();
//!
//! let mut verifier = Verifier::new(Shape::new(data.len() as u64), root);
//! let read = |block: u64, to: &mut [u8; BLOCK_BYTES]| -> Result<(), ()> {
//!     to.copy_from_slice(&tree[block as usize * BLOCK_BYTES..][..BLOCK_BYTES]);
//!     Ok(())
//! };
//! assert!(verifier.check(1, &[7; BLOCK_BYTES], read).is_ok());
//! assert!(verifier.check(1, &[8; BLOCK_BYTES], read).is_err());
//! ```

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod builder;
mod hash;
mod shape;
#[cfg(test)]
mod tests;
mod verifier;

pub use builder::Builder;
pub use hash::{Hash, hash_of};
pub use shape::{BLOCK_BYTES, Shape};
pub use verifier::{CheckError, Verifier};
