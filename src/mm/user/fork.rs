//! A copy of an address space, whose private pages are copied when they are written.

use alloc::sync::Arc;

use ::address_space::{Region, RegionError, RegionFlags, Sharing};
use paging::OnClone;
use x86_64::VirtAddr;

use super::address_space::AddressSpace;
use super::backing::Backing;
use super::commit;
use super::mappings::Mappings;
use super::page_table::PageTableError;
use crate::arch::smp::tlb::Space;

/// Returns how a child receives the pages of a region.
fn on_clone_of(region: &Region<Backing>) -> OnClone {
    let skipped = RegionFlags::DONT_FORK | RegionFlags::WIPE_ON_FORK;
    match region.sharing() {
        _ if region.flags().intersects(skipped) => OnClone::Skip,
        Sharing::Private => OnClone::CopyOnWrite,
        Sharing::Shared => OnClone::Share,
    }
}

impl AddressSpace {
    /// Makes a copy for a child: fork(2). May wait.
    ///
    /// # Errors
    /// [`RegionError::NoMemory`], [`RegionError::CommitLimit`].
    pub fn try_fork(&self) -> Result<Self, RegionError> {
        let mut own = self.mappings_for_change();
        let Mappings { regions: own_regions, table: own_table } = &mut *own;
        let mut committed_pages = 0;
        let regions = own_regions.try_clone(|pages| {
            let is_committed = commit::try_commit(pages);
            if is_committed {
                committed_pages = pages;
            }
            is_committed
        })?;
        let space = Arc::try_new(Space::new()).map_err(|_| PageTableError::NoMemory);
        let table = space.and_then(|space| {
            // Pages are visited in ascending order, as are the regions.
            let mut parts = own_regions.iter();
            let mut part = parts.next();
            // The end of the pages that `on_clone` is for.
            let (mut end, mut on_clone) = (VirtAddr::zero(), OnClone::Share);
            let table = own_table.try_fork(&space, |page| {
                if page < end {
                    return on_clone;
                }
                while part.is_some_and(|region| region.range().end() <= page) {
                    part = parts.next();
                }
                (end, on_clone) = match part {
                    Some(region) if region.range().contains(page) => {
                        (region.range().end(), on_clone_of(region))
                    }
                    // A page that was mapped outside of all regions.
                    _ => (page, OnClone::Share),
                };
                on_clone
            })?;
            Ok((table, space))
        });
        let child = match table {
            Ok((table, space)) => Self::try_of(regions, table, space),
            Err(error) => Err(error),
        };
        let Ok(child) = child else {
            drop(own);
            commit::uncommit(committed_pages);
            return Err(RegionError::NoMemory);
        };
        // Before a walk of a reverse map can continue with the parent, so that it also reaches the
        // child.
        let mut last = None;
        let noted = own_regions.iter().try_for_each(|region| {
            let map = region.backing().reverse_map().map(core::ptr::from_ref);
            // The regions of a program are adjacent, and of one file.
            if map.is_none() || map == last {
                return Ok(());
            }
            last = map;
            child.note_mapping(region.backing())
        });
        drop(own);
        noted.map(|()| child)
    }
}
