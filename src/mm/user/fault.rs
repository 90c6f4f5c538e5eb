//! Page faults: pages are allocated at the first access.
//!
//! ```text
//!  the page is                        │ read, executed                   │ written
//! ────────────────────────────────────┼──────────────────────────────────┼───────────────────────────────
//!  anonymous, not present             │ a frame of zeros, or a huge page │ the same
//!  shared, of an object, not present  │ the object's frame               │ the object's frame
//!  private, of an object, not present │ the object's frame, read-only    │ a copy of the object's frame
//!  private, present, read-only        │ (spurious)                       │ a copy if the frame has other
//!                                     │                                  │ owners; then writable
//! ```
//!
//! The mappings are locked for reading, so the faults of several threads are handled at the same
//! time. Each ends with a compare-exchange of one entry of the page table. It fails if another
//! thread has handled the same fault in the meantime; then the unused frame is freed.

use alloc::sync::Arc;

use ::address_space::{Access, PageRange, Region, RegionError, Sharing};
use paging::{Mapping, MappingFlags, PageSize};
use x86_64::VirtAddr;

use super::address_space::{AddressSpace, NO_LIMITS};
use super::backing::{Backing, MappedObject, PageError};
use super::commit;
use super::fault_around::FaultAround;
use super::frame_references::{self, NewFrames};
use super::huge_pages;
use super::page_table::{HUGE_PAGE_BYTES, PAGE_BYTES, PageTableError, UserPageTable};
use crate::mm::kernel::frames::{Purpose, SharedFrame};
use crate::mm::kernel::reclaim;

/// The reason why a page fault isn't handled. The program receives a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultError {
    /// No region has the address: SIGSEGV with SEGV_MAPERR.
    NotMapped,
    /// The region doesn't allow the access: SIGSEGV with SEGV_ACCERR.
    NotAllowed,
    /// The object has no such page: SIGBUS with BUS_ADRERR.
    BeyondEnd,
    /// No memory is left.
    NoMemory,
}

impl From<PageError> for FaultError {
    fn from(error: PageError) -> Self {
        match error {
            PageError::Unavailable => Self::BeyondEnd,
            PageError::NoMemory => Self::NoMemory,
        }
    }
}

/// The reason for making a page present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// The program accesses it: one of READ, WRITE and EXECUTE.
    Access(Access),
    /// The kernel reads it, for a debugger or before the program starts.
    ForeignRead,
    /// The kernel writes it, for the same reasons. A private page that the program can't write is
    /// replaced by a copy.
    ForeignWrite,
}

impl Reason {
    pub(super) fn is_write(self) -> bool {
        matches!(self, Self::Access(Access::WRITE) | Self::ForeignWrite)
    }

    fn is_allowed(self, region: &Region<Backing>) -> bool {
        match self {
            Self::Access(access) => is_allowed(region.access(), access),
            Self::ForeignRead => true,
            Self::ForeignWrite => region.sharing() == Sharing::Private,
        }
    }
}

/// A page that an object has returned, with its object and index.
struct ObjectPage {
    object: Arc<dyn MappedObject>,
    index: u64,
    frame: SharedFrame,
}

/// The result of an attempt to map a page.
enum Brought {
    /// The page is present.
    Mapped,
    /// The page table has changed in the meantime: the attempt is repeated.
    Again,
    /// The page is a part of a huge page, which has to be split.
    InHugePage,
    /// The page with this index has to be requested from the object, with no lock held.
    Needs(Arc<dyn MappedObject>, u64),
}

impl AddressSpace {
    /// Handles a page fault: an access of the kind `access`, one of READ, WRITE and EXECUTE, to
    /// `address`. A stack grows up to `stack_limit_bytes`. May wait.
    ///
    /// # Errors
    /// See [`FaultError`].
    pub fn serve_fault(
        &self,
        address: VirtAddr,
        access: Access,
        stack_limit_bytes: u64,
    ) -> Result<(), FaultError> {
        self.bring(address, Reason::Access(access), stack_limit_bytes)
    }

    /// Makes the page of `address` present. May wait.
    pub(super) fn bring(
        &self,
        address: VirtAddr,
        reason: Reason,
        stack_limit_bytes: u64,
    ) -> Result<(), FaultError> {
        loop {
            match self.try_bring_page(address, reason, stack_limit_bytes) {
                Err(FaultError::NoMemory) if reclaim::free_some() => {}
                result => return result,
            }
        }
    }

    /// As [`bring`](Self::bring), but fails if no frame is free.
    fn try_bring_page(
        &self,
        address: VirtAddr,
        reason: Reason,
        stack_limit_bytes: u64,
    ) -> Result<(), FaultError> {
        let page = address.align_down(PAGE_BYTES);
        let mut given: Option<ObjectPage> = None;
        loop {
            let mappings = self.mappings();
            let Some(region) = mappings.regions.find(address) else {
                drop(mappings);
                self.grow_stack(address, stack_limit_bytes)?;
                continue;
            };
            if !reason.is_allowed(region) {
                return Err(FaultError::NotAllowed);
            }
            let table = &mappings.table;
            let (object, index) =
                match try_bring(table, region, page, reason.is_write(), given.as_ref())? {
                    Brought::Mapped => return Ok(()),
                    Brought::Again => continue,
                    Brought::InHugePage => {
                        drop(mappings);
                        let table = &mut self.mappings_for_change().table;
                        table.split(page).map_err(|_| FaultError::NoMemory)?;
                        continue;
                    }
                    Brought::Needs(object, index) => (object, index),
                };
            // The object may wait, for a disk or for its own lock. The region may have changed
            // after that.
            drop(mappings);
            let frame = object.page(index)?;
            given = Some(ObjectPage { object, index, frame });
        }
    }

    /// Makes the stack above `address` grow down to it.
    fn grow_stack(&self, address: VirtAddr, limit_bytes: u64) -> Result<(), FaultError> {
        let regions = &mut self.mappings_for_change().regions;
        match regions.grow_stack(address, limit_bytes, &NO_LIMITS, commit::try_commit) {
            Ok(_) => Ok(()),
            Err(RegionError::CommitLimit | RegionError::NoMemory) => Err(FaultError::NoMemory),
            Err(_) => Err(FaultError::NotMapped),
        }
    }

    /// Makes all pages of `range` present: writable if the region allows that, otherwise readable;
    /// for MAP_POPULATE and mlock(2). Stops at the first page that fails. May wait.
    ///
    /// # Errors
    /// See [`FaultError`].
    pub fn populate(&self, range: PageRange) -> Result<(), FaultError> {
        self.populate_for(range, |region| match region.access().contains(Access::WRITE) {
            true => Access::WRITE,
            false => Access::READ,
        })
    }

    /// Makes all pages of `range` present, each for the access that `access_of` returns for its
    /// region. Stops at the first page that fails. May wait.
    ///
    /// # Errors
    /// See [`FaultError`].
    pub fn populate_for(
        &self,
        range: PageRange,
        access_of: impl Fn(&Region<Backing>) -> Access,
    ) -> Result<(), FaultError> {
        for index in 0..range.pages() {
            let page = range.start() + index * PAGE_BYTES;
            let access =
                self.mappings().regions.find(page).map(&access_of).ok_or(FaultError::NotMapped)?;
            self.serve_fault(page, access, 0)?;
        }
        Ok(())
    }
}

/// Maps `page`, which is in `region`, for a read or a write. `given` is the page of an object, if
/// one was requested.
fn try_bring(
    table: &UserPageTable,
    region: &Region<Backing>,
    page: VirtAddr,
    is_write: bool,
    given: Option<&ObjectPage>,
) -> Result<Brought, FaultError> {
    if let Some(mapping) = table.query(page) {
        return match is_write && !mapping.flags.contains(MappingFlags::WRITE) {
            true => make_writable(table, region, page, &mapping),
            // Another thread has handled the fault, or the TLB had an older entry, which the fault
            // has removed (Intel SDM volume 3A, "Operations that Invalidate TLBs and
            // Paging-Structure Caches").
            false => Ok(Brought::Mapped),
        };
    }
    let is_private = region.sharing() == Sharing::Private;
    let mut flags = flags_of(region.access());
    let mut around = None;
    let frame = match region.backing_at(page) {
        Backing::Anonymous => {
            flags |= writable(region.access());
            if let Some(block) = huge_pages::block_of(region, page)
                && table.is_unused(block)
                && let Some(frames) = huge_pages::try_new_frames()
                && table.map_huge(block, NewFrames::new(frames), flags).is_ok()
            {
                return Ok(Brought::Mapped);
            }
            SharedFrame::try_new_zeroed(Purpose::User).ok_or(FaultError::NoMemory)?
        }
        Backing::Object { object, page: index } => {
            let is_given =
                |given: &&ObjectPage| Arc::ptr_eq(&given.object, &object) && given.index == index;
            // The object may have removed the page since it returned it. If it removes the page
            // from now on, it waits for the lock of the mappings, and then unmaps the page.
            let has_it = |given: &&ObjectPage| object.has(index, &given.frame);
            let mut pages = FaultAround::find(region, page, &*object, index, is_write);
            let own = match (pages.take_own(), given.filter(is_given).filter(has_it)) {
                (Some(own), _) => own,
                (None, Some(given)) => given.frame.try_clone().map_err(|_| FaultError::NoMemory)?,
                (None, None) => return Ok(Brought::Needs(object, index)),
            };
            if !is_private {
                flags |= writable(region.access());
            }
            around = Some(pages);
            if is_private && is_write {
                flags |= MappingFlags::WRITE;
                own.try_copy(Purpose::User).ok_or(FaultError::NoMemory)?
            } else {
                own
            }
        }
    };
    match table.map(page, frame, flags) {
        // If another thread was faster, the access is repeated with its page.
        Ok(()) | Err(PageTableError::AlreadyMapped) => {}
        Err(_) => return Err(FaultError::NoMemory),
    }
    if let Some(around) = around {
        around.map_others(table, flags);
    }
    Ok(Brought::Mapped)
}

/// Makes `page`, which was found to be mapped read-only, writable. A private page is copied first
/// if it has other owners.
fn make_writable(
    table: &UserPageTable,
    region: &Region<Backing>,
    page: VirtAddr,
    mapping: &Mapping,
) -> Result<Brought, FaultError> {
    let flags = flags_of(region.access()) | MappingFlags::WRITE;
    if mapping.size != PageSize::Size4K {
        let page = page.align_down(HUGE_PAGE_BYTES);
        let whole = table.query(page).filter(frame_references::are_only);
        // If the program may not write to the page, only the part that the kernel writes may
        // change.
        let Some(whole) = whole.filter(|_| region.access().contains(Access::WRITE)) else {
            return Ok(Brought::InHugePage);
        };
        table.protect(page, &whole, flags);
        return Ok(Brought::Mapped);
    }
    if region.sharing() == Sharing::Shared || frame_references::are_only(mapping) {
        table.protect(page, mapping, flags);
        return Ok(Brought::Mapped);
    }
    // No write is lost: while the mappings are locked, no page becomes read-only. Nor can the same
    // frame be mapped here again after another thread has replaced and freed it.
    let copy =
        SharedFrame::try_copy_of(mapping.paddr, Purpose::User).ok_or(FaultError::NoMemory)?;
    match table.exchange(page, mapping, copy, flags) {
        Ok(()) => Ok(Brought::Mapped),
        Err(PageTableError::Changed) => Ok(Brought::Again),
        Err(_) => Err(FaultError::NoMemory),
    }
}

/// Returns whether a region that allows `allowed` allows `access`. On this CPU, every page that can
/// be written or executed can also be read.
fn is_allowed(allowed: Access, access: Access) -> bool {
    match access {
        Access::READ => !allowed.is_empty(),
        access => allowed.contains(access),
    }
}

/// Returns the flags of a page without write access.
pub(super) fn flags_of(access: Access) -> MappingFlags {
    let mut flags = MappingFlags::READ | MappingFlags::USER;
    if access.is_empty() {
        flags |= MappingFlags::NO_ACCESS;
    }
    if access.contains(Access::EXECUTE) {
        flags |= MappingFlags::EXECUTE;
    }
    flags
}

fn writable(access: Access) -> MappingFlags {
    match access.contains(Access::WRITE) {
        true => MappingFlags::WRITE,
        false => MappingFlags::empty(),
    }
}
