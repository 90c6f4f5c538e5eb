//! A node of a volume whose inode is in memory.

use alloc::sync::{Arc, Weak};
use core::ops::Range;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use spin::Once;
use volume::{MapFor, NodeId, Volume};

use super::convert::attributes_of;
use super::mounted::Mounted;
use crate::fs::error::FsError;
use crate::fs::inode::Inode;
use crate::sync::{Rank, SpinMutex};

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
    /// Protects the bytes of the file that were found to have room on the disk; held to read or to
    /// replace it; not taken by interrupt handlers.
    reserved: SpinMutex<Range<u64>>,
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
            reserved: SpinMutex::new(Rank::Files, 0..0),
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

    /// Makes sure that there is room on the disk for these bytes.
    pub(super) fn reserve(&self, range: Range<u64>) -> Result<(), FsError> {
        let mut at = range.start;
        while at < range.end {
            let reserved = self.reserved.lock().clone();
            if reserved.contains(&at) {
                at = reserved.end;
                continue;
            }
            let len = range.end - at;
            let extent = self.mounted.with(|volume| {
                let extent = volume.map(self.id, at, len, MapFor::Write)?;
                if extent.is_new {
                    self.set_blocks(volume)?;
                }
                Ok(extent)
            })?;
            let end = at + extent.len_bytes;
            let mut reserved = self.reserved.lock();
            *reserved = if reserved.end == at { reserved.start..end } else { at..end };
            drop(reserved);
            at = end;
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
        *self.reserved.lock() = 0..0;
        self.mounted.with(|volume| {
            volume.truncate(self.id, size_bytes)?;
            self.set_blocks(volume)
        })
    }

    fn set_blocks(&self, volume: &mut dyn Volume) -> Result<(), FsError> {
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
