//! All files of a set.

use alloc::sync::Arc;
use alloc::vec::Vec;

use page_tree::PageTree;

use super::item::Item;
use super::ready::Slot;
use crate::fs::error::FsError;
use crate::fs::file::open_file::OpenFile;

/// The files of a set, by their slots. They are looked up by the descriptors with which they were
/// added.
pub(super) struct Items {
    slots: Vec<Option<Arc<Item>>>,
    free: Vec<Slot>,
    /// The slot of the last item that was added with each descriptor.
    by_fd: PageTree<Slot>,
    /// The number of items that are not in `by_fd`: their descriptors were closed and reused for
    /// other files, but another descriptor keeps the file open.
    hidden: usize,
}

impl Items {
    pub(super) const fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new(), by_fd: PageTree::new(), hidden: 0 }
    }

    /// Returns the number of slots.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn get(&self, slot: Slot) -> Option<&Arc<Item>> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// Returns the item that was last added as `fd`.
    pub(super) fn last_of(&self, fd: u32) -> Option<&Arc<Item>> {
        self.by_fd.get(fd.into()).and_then(|slot| self.get(*slot))
    }

    /// Returns the item of `file`, added as `fd`.
    pub(super) fn find(&self, fd: u32, file: &Arc<OpenFile>) -> Option<&Arc<Item>> {
        match self.last_of(fd) {
            Some(item) if item.is_for(fd, file) => Some(item),
            _ if self.hidden == 0 => None,
            _ => self.slots.iter().flatten().find(|item| item.is_for(fd, file)),
        }
    }

    /// Returns a free slot.
    pub(super) fn try_slot(&mut self) -> Result<Slot, FsError> {
        if let Some(slot) = self.free.last() {
            return Ok(*slot);
        }
        let slot = Slot::try_from(self.slots.len()).map_err(|_| FsError::NoMemory)?;
        self.slots.try_reserve(1)?;
        // Reserves room, so that each slot can be freed later without an allocation.
        self.free.try_reserve(self.slots.len() + 1)?;
        self.slots.push(None);
        self.free.push(slot);
        Ok(slot)
    }

    /// Adds an item, at the slot that [`try_slot`](Self::try_slot) has just returned.
    pub(super) fn add(&mut self, item: Arc<Item>) -> Result<(), FsError> {
        let slot = item.place.slot;
        let before = self.by_fd.try_insert(item.fd.into(), slot)?;
        self.hidden += usize::from(before.is_some());
        self.free.pop_if(|free| *free == slot);
        self.slots[slot as usize] = Some(item);
        Ok(())
    }

    /// Removes an item, and returns it, so that the caller can drop it without locks.
    pub(super) fn remove(&mut self, item: &Item) -> Option<Arc<Item>> {
        let removed = self.slots.get_mut(item.place.slot as usize)?.take()?;
        match self.by_fd.get(item.fd.into()) {
            Some(slot) if *slot == item.place.slot => drop(self.by_fd.remove(item.fd.into())),
            _ => self.hidden -= 1,
        }
        self.free.push(item.place.slot);
        Some(removed)
    }

    /// Removes all items.
    pub(super) fn take_all(&mut self) -> Vec<Option<Arc<Item>>> {
        self.by_fd = PageTree::new();
        self.free = Vec::new();
        self.hidden = 0;
        core::mem::take(&mut self.slots)
    }
}
