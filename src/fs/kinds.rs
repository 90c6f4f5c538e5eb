//! The kinds of file systems that can be mounted.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::error::FsError;
use super::super_block::SuperBlock;
use crate::sync::{Rank, SpinMutex};

/// A kind of file system. No kind needs a device.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The name for mount(2).
    pub name: &'static str,
    /// Returns the file system to mount, which may be one that is already mounted. The argument is
    /// the list of options, separated by commas.
    pub make: fn(&[u8]) -> Result<Arc<SuperBlock>, FsError>,
}

/// Protects the list; held to add or to look up a kind; not taken by interrupt handlers.
static KINDS: SpinMutex<Vec<Kind>> = SpinMutex::new(Rank::Files, Vec::new());

/// Adds `kind`.
///
/// # Errors
/// [`FsError::Exists`] if a kind has this name; [`FsError::NoMemory`].
pub fn register(kind: Kind) -> Result<(), FsError> {
    let mut kinds = KINDS.lock();
    if kinds.iter().any(|other| other.name == kind.name) {
        return Err(FsError::Exists);
    }
    kinds.try_reserve(1)?;
    kinds.push(kind);
    Ok(())
}

/// Returns the kind with this name.
pub fn find(name: &[u8]) -> Option<Kind> {
    KINDS.lock().iter().find(|kind| kind.name.as_bytes() == name).copied()
}

/// Returns the kind at this index of the list.
pub fn nth(index: usize) -> Option<Kind> {
    KINDS.lock().get(index).copied()
}
