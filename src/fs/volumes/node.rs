//! A node of a volume whose inode is in memory.

use alloc::sync::{Arc, Weak};
use core::ops::Range;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use known_extents::{KnownExtents, Piece};
use spin::Once;
use volume::{Extent, MapFor, NodeId, Volume, VolumeError};

use super::convert::{OperationError, attributes_of};
use super::mounted::Mounted;
use crate::fs::error::FsError;
use crate::fs::inode::Inode;
use crate::sync::{Rank, SpinMutex};

/// The bytes whose places are looked up at once.
const LOOK_UP_BYTES: u64 = 4 << 20;

/// A node of a volume whose inode is in memory.
pub(super) struct Node {
    mounted: Arc<Mounted>,
    id: NodeId,
    /// The inode, which is made after this.
    inode: Once<Weak<Inode>>,
    /// Whether the inode is among those that are written back.
    is_listed: AtomicBool,
    /// Whether attributes were changed since they were written last.
    has_changes: AtomicBool,
    blocks_512: AtomicU64,
    /// Protects the places of the file's bytes on the disk that were looked up; held to read or to change
    /// them; not taken by interrupt handlers. They are added with the volume locked, and forgotten before
    /// that frees them.
    known: SpinMutex<KnownExtents>,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.mounted.note_end(self.id);
    }
}

impl Node {
    /// Makes the state of a node whose inode is about to be made.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub(super) fn try_new(
        mounted: Arc<Mounted>,
        id: NodeId,
        blocks_512: u64,
    ) -> Result<Arc<Self>, FsError> {
        Ok(Arc::try_new(Self {
            mounted,
            id,
            inode: Once::new(),
            is_listed: AtomicBool::new(false),
            has_changes: AtomicBool::new(false),
            blocks_512: AtomicU64::new(blocks_512),
            known: SpinMutex::new(Rank::Files, KnownExtents::new()),
        })?)
    }

    /// Sets the inode, once.
    pub(super) fn set_inode(&self, inode: &Arc<Inode>) {
        self.inode.call_once(|| Arc::downgrade(inode));
    }

    pub(super) fn id(&self) -> NodeId {
        self.id
    }

    pub(super) fn mounted(&self) -> &Arc<Mounted> {
        &self.mounted
    }

    pub(super) fn inode(&self) -> Option<Arc<Inode>> {
        self.inode.get().and_then(Weak::upgrade)
    }

    pub(super) fn size_bytes(&self) -> u64 {
        self.inode().map_or(0, |inode| inode.size_bytes())
    }

    /// Makes sure that the inode is written back.
    pub(super) fn note_changed(&self) -> Result<(), FsError> {
        if self.is_listed.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        // An inode that is being dropped has no users that could have changed it.
        let Some(inode) = self.inode() else {
            return Ok(());
        };
        if inode.attributes().links() == 0 {
            // Without a name, it needs not be found again.
            self.is_listed.store(false, Ordering::Release);
            return Ok(());
        }
        self.mounted.note_changed(self.id, inode).inspect_err(|_| {
            self.is_listed.store(false, Ordering::Release);
        })
    }

    /// Looks up where the bytes of the file from `offset` on are, at most `len_bytes` ones.
    pub(super) fn find(&self, offset: u64, len_bytes: u64) -> Result<Extent, FsError> {
        self.mounted.with(|volume| {
            let found = match volume.map(self.id, offset, LOOK_UP_BYTES, MapFor::Find) {
                // What is damaged may be behind the bytes that are needed.
                Err(VolumeError::Damaged(_)) => {
                    volume.map(self.id, offset, len_bytes, MapFor::Find)?
                }
                found => found?,
            };
            self.note_place(offset, &found);
            Ok(found)
        })
    }

    /// Returns where the byte of the file at `offset` is, and those after it, if that is known.
    pub(super) fn known(&self, offset: u64) -> Result<Option<Piece>, FsError> {
        self.mounted.check_is_open()?;
        Ok(self.known.lock().find(offset))
    }

    /// Records where the blocks with bytes of the file from `offset` on are, with the volume locked.
    fn note_place(&self, offset: u64, found: &Extent) {
        if let Some(place) = found.place {
            let block_bytes = u64::from(self.mounted.properties().block_bytes);
            let skipped = offset % block_bytes;
            let end = (offset + found.len_bytes).next_multiple_of(block_bytes);
            self.known.lock().add(offset - skipped..end, place - skipped);
        }
    }

    /// Makes sure that there is room on the disk for these bytes.
    pub(super) fn reserve(&self, range: Range<u64>) -> Result<(), FsError> {
        let mut at = range.start;
        while at < range.end {
            if let Some(piece) = self.known(at)? {
                at += piece.len_bytes;
                continue;
            }
            let extent = self.mounted.with(|volume| {
                let extent = volume.map(self.id, at, range.end - at, MapFor::Write)?;
                if extent.is_new {
                    self.set_blocks(volume)?;
                }
                self.note_place(at, &extent);
                Ok(extent)
            })?;
            at += extent.len_bytes;
        }
        Ok(())
    }

    /// Gives the room from `offset` on back, which is behind the end of the file.
    pub(super) fn release(&self, offset: u64) {
        if let Err(error) = self.truncate(offset) {
            log::error!("file {}: its room behind the end isn't free: {error}", self.id.0);
        }
    }

    /// Frees the blocks behind the new end of the file.
    pub(super) fn truncate(&self, size_bytes: u64) -> Result<(), FsError> {
        self.mounted.with(|volume| {
            self.known.lock().clear();
            volume.truncate(self.id, size_bytes)?;
            self.set_blocks(volume)
        })
    }

    fn set_blocks(&self, volume: &mut dyn Volume) -> Result<(), OperationError> {
        let attributes = volume.attributes(self.id)?;
        self.note_blocks(attributes.blocks_512);
        Ok(())
    }

    /// Records the room that the file takes.
    pub(super) fn note_blocks(&self, blocks_512: u64) {
        self.blocks_512.store(blocks_512, Ordering::Relaxed);
    }

    /// Returns the room that the file takes.
    pub(super) fn blocks_512(&self) -> u64 {
        self.blocks_512.load(Ordering::Relaxed)
    }

    /// Records that attributes were changed.
    pub(super) fn note_attributes(&self) {
        self.has_changes.store(true, Ordering::Release);
        if self.note_changed().is_err()
            && let Some(inode) = self.inode()
            && let Err(error) = self.write_attributes(&inode)
        {
            log::error!("the attributes of file {} can't be written: {error}", self.id.0);
        }
    }

    /// Records that the inode is written back now, or need not be.
    pub(super) fn note_unlisted(&self) {
        self.is_listed.store(false, Ordering::Release);
    }

    /// Writes changed attributes to the volume.
    pub(super) fn write_attributes(&self, inode: &Inode) -> Result<(), FsError> {
        if !self.has_changes.load(Ordering::Acquire) {
            return Ok(());
        }
        self.mounted.with(|volume| {
            // Cleared with the volume locked: another thread that finds no changes, and locks it
            // afterwards to commit them, commits these.
            self.has_changes.store(false, Ordering::Release);
            let result = volume.set_attributes(self.id, &attributes_of(inode));
            if result.is_err() {
                self.has_changes.store(true, Ordering::Release);
            }
            Ok(result?)
        })
    }
}
