//! A file system on a disk that is in use.

use alloc::boxed::Box;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use page_tree::PageTree;
use volume::{Access, NodeId, Properties, Time, Volume, VolumeError};

use super::convert::OperationError;
use crate::fs::device_cache::DeviceCache;
use crate::fs::error::FsError;
use crate::fs::file_system::FileSystem;
use crate::fs::inode::Inode;
use crate::fs::super_block::{SuperBlockOps, Usage};
use crate::fs::time;
use crate::sync::{Mutex, Rank, SpinMutex};

/// The number of inodes that are looked up while the lock is held once.
const BATCH: usize = 16;

/// A file system on a disk that is in use.
pub(super) struct Mounted {
    /// Held during each operation on names, attributes and block maps.
    volume: Mutex<Box<dyn Volume>>,
    properties: Properties,
    root: NodeId,
    cache: Arc<DeviceCache>,
    file_system: Arc<FileSystem>,
    /// Protects the inodes in memory, by the numbers of their nodes; held to find, add or remove one.
    /// Changed with the volume locked; not taken by interrupt handlers.
    inodes: SpinMutex<PageTree<Weak<Inode>>>,
    /// Protects the nodes whose inodes have ended, and that the volume doesn't know to be unused yet;
    /// held to add or to take some. It has room for all nodes in memory, so an end needs none.
    ended: SpinMutex<Vec<NodeId>>,
    /// Protects the inodes with changes, which it keeps in memory, by the numbers of their nodes; held to
    /// add or to take one.
    changed: SpinMutex<PageTree<Arc<Inode>>>,
    /// Held while changes are written back, so that a sync returns only after those that another thread
    /// has taken from the list are written, too.
    writing_back: Mutex<()>,
    access: Access,
    is_closed: AtomicBool,
    /// The address of the text of the damage that was logged last.
    logged_damage: AtomicUsize,
}

impl Mounted {
    /// Begins to use a volume on the device of `cache`.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub(super) fn try_new(
        volume: Box<dyn Volume>,
        cache: Arc<DeviceCache>,
        file_system: Arc<FileSystem>,
        access: Access,
    ) -> Result<Arc<Self>, FsError> {
        let (properties, root) = (volume.properties().clone(), volume.root());
        Ok(Arc::try_new(Self {
            volume: Mutex::new(Rank::Volume, volume),
            properties,
            root,
            cache,
            file_system,
            inodes: SpinMutex::new(Rank::Files, PageTree::new()),
            ended: SpinMutex::new(Rank::Files, Vec::new()),
            changed: SpinMutex::new(Rank::Files, PageTree::new()),
            writing_back: Mutex::new(Rank::WriteBack, ()),
            access,
            is_closed: AtomicBool::new(false),
            logged_damage: AtomicUsize::new(0),
        })?)
    }

    pub(super) fn properties(&self) -> &Properties {
        &self.properties
    }

    pub(super) fn cache(&self) -> &Arc<DeviceCache> {
        &self.cache
    }

    pub(super) fn file_system(&self) -> &Arc<FileSystem> {
        &self.file_system
    }

    /// Calls `action` with the volume, after it has forgotten the nodes whose inodes have ended. May
    /// wait. No memory of programs may be accessed in `action`. What is damaged is logged.
    pub(super) fn with<R>(
        &self,
        action: impl FnOnce(&mut dyn Volume) -> Result<R, OperationError>,
    ) -> Result<R, FsError> {
        let mut volume = self.volume.lock();
        self.check_is_open()?;
        self.forget_ended(&mut **volume);
        action(&mut **volume).map_err(|error| match error {
            OperationError::Volume(error) => self.noted(error),
            OperationError::Other(error) => error,
        })
    }

    /// Returns an error of the volume as that of a file. Logs what is damaged, unless that was the last
    /// thing to be logged.
    fn noted(&self, error: VolumeError) -> FsError {
        if let VolumeError::Damaged(what) = error {
            let place = what.as_ptr().addr();
            if self.logged_damage.swap(place, Ordering::Relaxed) != place {
                let name = self.cache.device().name();
                log::error!("{name}: {error}; unmount it and run fsck on it");
            }
        }
        error.into()
    }

    /// Checks that the file system is in use.
    ///
    /// # Errors
    /// [`FsError::Io`] after its last umount.
    pub(super) fn check_is_open(&self) -> Result<(), FsError> {
        if self.is_closed.load(Ordering::Relaxed) { Err(FsError::Io) } else { Ok(()) }
    }

    /// Lets the volume forget the nodes whose inodes have ended.
    fn forget_ended(&self, volume: &mut dyn Volume) {
        loop {
            let Some(node) = self.ended.lock().pop() else {
                return;
            };
            if self.find(node).is_some() {
                // It was looked up again in the meantime.
                continue;
            }
            self.inodes.lock().remove(node.0);
            if node == self.root {
                continue;
            }
            if let Err(error) = volume.forget(node, Time(time::now_ns())) {
                log::error!(
                    "{}: the room of file {} isn't free again: {error}",
                    self.cache.device().name(),
                    node.0
                );
            }
        }
    }

    /// Records that the inode of a node has ended. Called in any context in which inodes are dropped.
    pub(super) fn note_end(&self, node: NodeId) {
        let mut ended = self.ended.lock();
        if ended.len() < ended.capacity() {
            ended.push(node);
        }
        drop(ended);
        self.cache.note_change();
    }

    /// Returns the inode of a node, if it is in memory.
    pub(super) fn find(&self, node: NodeId) -> Option<Arc<Inode>> {
        self.inodes.lock().get(node.0).and_then(Weak::upgrade)
    }

    /// Adds the inode of a node, with the volume locked.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub(super) fn add(&self, node: NodeId, inode: &Arc<Inode>) -> Result<(), FsError> {
        let (old, count) = {
            let mut inodes = self.inodes.lock();
            let old = inodes.try_insert(node.0, Arc::downgrade(inode))?;
            (old, inodes.len() as usize)
        };
        drop(old);
        let mut ended = self.ended.lock();
        // An inode that was dropped and made again may be in the list twice.
        let missing = (2 * count).saturating_sub(ended.len());
        Ok(ended.try_reserve(missing)?)
    }

    /// Adds an inode with changes to those that are written back.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub(super) fn note_changed(&self, node: NodeId, inode: Arc<Inode>) -> Result<(), FsError> {
        let old = self.changed.lock().try_insert(node.0, inode)?;
        drop(old);
        self.cache.note_change();
        Ok(())
    }

    /// Removes an inode from those that are written back, because it has no name any more. So it ends
    /// as soon as nothing uses it.
    pub(super) fn leave_unwritten(&self, node: NodeId) {
        let inode = self.changed.lock().remove(node.0);
        drop(inode);
    }

    /// Calls `action` with each inode in memory, without a lock, until it returns false.
    fn each_inode(&self, mut action: impl FnMut(&Inode) -> bool) {
        let mut start = 0;
        loop {
            let mut batch = heapless::Vec::<Arc<Inode>, BATCH>::new();
            {
                let inodes = self.inodes.lock();
                while !batch.is_full()
                    && let Some((index, inode)) = inodes.first_from(start)
                {
                    start = index + 1;
                    if let Some(inode) = inode.upgrade() {
                        batch.push(inode).expect("it isn't full");
                    }
                }
            }
            if batch.is_empty() || !batch.iter().all(|inode| action(inode)) {
                return;
            }
        }
    }

    /// Returns whether a file without a name is in use.
    fn has_nameless(&self) -> bool {
        let mut found = false;
        self.each_inode(|inode| {
            found = inode.attributes().links() == 0;
            !found
        });
        found
    }

    /// Writes the changes of all inodes to the disk and to the volume. May wait.
    fn write_inodes_back(&self) -> Result<(), FsError> {
        let _writing = self.writing_back.lock();
        let mut result = Ok(());
        // Those that change meanwhile, and come before, are written the next time.
        let mut start = 0;
        loop {
            let Some((index, inode)) = self.changed.lock().remove_first_in(start..u64::MAX) else {
                return result;
            };
            result = result.and(inode.ops().write_back(&inode));
            start = index + 1;
        }
    }

    /// Writes all changes to the disk, and marks the file system as closed. It can be used again.
    ///
    /// # Errors
    /// The first error of the device.
    fn close(&self) -> Result<(), FsError> {
        let written = self.write_inodes_back();
        written.and(self.with(|volume| Ok(volume.close()?)))
    }
}

/// The operations of the file system for its superblock.
pub(super) struct Root {
    pub(super) mounted: Arc<Mounted>,
    pub(super) root: Arc<Inode>,
}

impl SuperBlockOps for Root {
    fn root(&self) -> Arc<Inode> {
        self.root.clone()
    }

    fn usage(&self) -> Usage {
        let properties = self.mounted.properties();
        let usage = self.mounted.with(|volume| Ok(volume.usage()?)).unwrap_or_default();
        Usage {
            block_bytes: properties.block_bytes.into(),
            blocks: usage.blocks,
            free_blocks: usage.free_blocks,
            available_blocks: usage.available_blocks,
            inodes: usage.nodes,
            free_inodes: usage.free_nodes,
            name_max_bytes: properties.name_max_bytes.into(),
            magic: properties.magic,
        }
    }

    fn sync(&self) -> Result<(), FsError> {
        let is_closed = self.mounted.is_closed.load(Ordering::Relaxed);
        if is_closed || self.mounted.access == Access::ReadOnly {
            // Programs may have written to the device.
            return self.mounted.cache().sync_pages();
        }
        let written = self.mounted.write_inodes_back();
        let committed = self.mounted.with(|volume| Ok(volume.commit()?));
        written.and(committed)
    }

    fn close(&self) -> Result<(), FsError> {
        self.mounted.close()
    }

    fn page_count(&self) -> u64 {
        let mut count = 0;
        self.mounted.each_inode(|inode| {
            count += inode.pages().len();
            true
        });
        count
    }

    fn reclaim(&self, most: u64) -> u64 {
        let mut freed = 0;
        self.mounted.each_inode(|inode| {
            freed += inode.pages().reclaim(most - freed);
            freed < most
        });
        freed
    }

    fn set_read_only(&self, is_read_only: bool) -> Result<(), FsError> {
        match is_read_only {
            // When such a file is closed, its room becomes free on the disk.
            true if self.mounted.has_nameless() => Err(FsError::Busy),
            true => self.mounted.close(),
            false if self.mounted.access == Access::ReadOnly => Err(FsError::ReadOnly),
            false => Ok(()),
        }
    }

    fn shut_down(&self) {
        let name = self.mounted.cache().device().name();
        if let Err(error) = self.mounted.close() {
            log::error!("{name}: unmounted, but changes can't be written: {error}");
        }
        self.mounted.is_closed.store(true, Ordering::Relaxed);
        self.mounted.cache().remove_mounted();
    }
}
