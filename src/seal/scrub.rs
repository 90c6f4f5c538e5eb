//! The check of all bytes of the medium.

use alloc::string::String;
use alloc::vec;
use core::fmt;

use hash_tree::{BLOCK_BYTES, CheckError, Verifier};

use super::check::Sealed;
use super::medium::{self, PART_BYTES};
use crate::drivers::block::request::IoError;

/// A medium of which each byte is as it was sealed.
#[derive(Clone, Debug)]
pub struct Scrubbed {
    /// The disk's name.
    pub disk: String,
    /// The length of what was checked.
    pub len_bytes: u64,
}

/// Why a medium isn't what was sealed.
#[derive(Clone, Debug)]
pub enum ScrubError {
    /// No disk has the manifest that was loaded.
    NoMedium,
    /// Bytes of the medium differ.
    Damage {
        /// The disk's name.
        disk: String,
        /// The place of the block that differs, in bytes.
        start: u64,
        /// Whether it is a block of the hash tree.
        is_tree: bool,
    },
    /// The disk can't be read.
    Read {
        /// The disk's name.
        disk: String,
        /// Why.
        error: IoError,
    },
}

impl fmt::Display for Scrubbed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { disk, len_bytes } = self;
        write!(f, "{disk}: all {} KiB of the image are right", len_bytes / 1024)
    }
}

impl fmt::Display for ScrubError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMedium => write!(f, "no disk has the manifest that was loaded"),
            Self::Damage { disk, start, is_tree } => {
                let tree = if *is_tree { " (in the hash tree)" } else { "" };
                write!(f, "{disk} differs from what was sealed, from byte {start} on{tree}")
            }
            Self::Read { disk, error } => write!(f, "{disk} can't be read: {error}"),
        }
    }
}

/// Reads the whole medium, and checks each block. May wait.
///
/// # Errors
/// [`ScrubError`], of the first block that differs.
pub fn scrub(sealed: &Sealed) -> Result<Scrubbed, ScrubError> {
    let (mut disk, medium) = medium::find(sealed).ok_or(ScrubError::NoMedium)?;
    let mut verifier = Verifier::new(medium.shape(), medium.root);
    let mut part = vec![0; PART_BYTES];
    let name = String::from(disk.device().name());
    let failed = |error| ScrubError::Read { disk: name.clone(), error };
    let blocks_per_part = (PART_BYTES / BLOCK_BYTES) as u64;
    for first in (0..medium.shape().data_blocks()).step_by(blocks_per_part as usize) {
        let start = first * BLOCK_BYTES as u64;
        let len = (medium.len_bytes - start).min(PART_BYTES as u64) as usize;
        disk.read_at(start, &mut part[..len]).map_err(failed)?;
        part[len..].fill(0);
        medium.leave_out(start, &mut part);
        for (block, bytes) in (first..).zip(part[..len.next_multiple_of(BLOCK_BYTES)].as_chunks().0)
        {
            let checked = verifier.check(block, bytes, |tree_block, to| {
                disk.read_at(medium.tree_start + tree_block * BLOCK_BYTES as u64, to)
            });
            let damage = |place: u64, is_tree| ScrubError::Damage {
                disk: name.clone(),
                start: place,
                is_tree,
            };
            checked.map_err(|error| match error {
                CheckError::Data => damage(block * BLOCK_BYTES as u64, false),
                CheckError::Tree { block } => {
                    damage(medium.tree_start + block * BLOCK_BYTES as u64, true)
                }
                CheckError::Read(error) => failed(error),
            })?;
        }
    }
    Ok(Scrubbed { disk: name, len_bytes: medium.len_bytes })
}
