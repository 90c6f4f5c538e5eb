//! Page faults: pages that come when they are touched.
//!
//! ```text
//!  the page is                    │ read, executed              │ written
//!  ───────────────────────────────┼─────────────────────────────┼──────────────────────────────
//!  anonymous, not there           │ a frame of zeros            │ a frame of zeros
//!  of an object, not there, shared│ the object's frame          │ the object's frame
//!  of an object, not there, private│ the object's frame,        │ a copy of the object's frame
//!                                 │ read-only                   │
//!  there, private, read-only      │ (spurious)                  │ a copy, unless it has no other
//!                                 │                             │ owner: then it can be written
//! ```
//!
//! What was found is looked at again under the lock of the page table: another thread may have
//! served the same fault meanwhile.

use ::address_space::{Access, PageRange, Region, RegionError, Sharing};
use paging::MappingFlags;
use x86_64::VirtAddr;

use super::address_space::{AddressSpace, NO_LIMITS};
use super::backing::{Backing, PageError};
use super::commit;
use super::page_table::{PAGE_BYTES, PageTableError};
use crate::mm::kernel::frames::{Purpose, SharedFrame};

/// Why a page fault isn't served. The program gets a signal.
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

impl AddressSpace {
    /// Serves a page fault: an access of the kind `access`, one of READ, WRITE and EXECUTE, to
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
        let mut regions = self.regions();
        if regions.find(address).is_none() {
            let grown =
                regions.grow_stack(address, stack_limit_bytes, &NO_LIMITS, commit::try_commit);
            match grown {
                Ok(_) => {}
                Err(RegionError::CommitLimit | RegionError::NoMemory) => {
                    return Err(FaultError::NoMemory);
                }
                Err(_) => return Err(FaultError::NotMapped),
            }
        }
        let region = regions.find(address).ok_or(FaultError::NotMapped)?;
        if !is_allowed(region.access(), access) {
            return Err(FaultError::NotAllowed);
        }
        self.bring_page(region, address.align_down(PAGE_BYTES), access.contains(Access::WRITE))
    }

    /// Maps `page`, which is in `region`, for a read or a write.
    fn bring_page(
        &self,
        region: &Region<Backing>,
        page: VirtAddr,
        is_write: bool,
    ) -> Result<(), FaultError> {
        let is_private = region.sharing() == Sharing::Private;
        let mut flags = flags_of(region.access());
        let mut table = self.table();
        if let Some(mapping) = table.query(page) {
            if !is_write || mapping.flags.contains(MappingFlags::WRITE) {
                // Another thread has served it, or the TLB had an older entry.
                table.protect(page, mapping.flags - MappingFlags::NO_ACCESS);
                return Ok(());
            }
            if !is_private || table.is_only_owner(&mapping) {
                table.protect(page, flags | MappingFlags::WRITE);
                return Ok(());
            }
            let old = table.frame(page).ok_or(FaultError::NoMemory)?;
            let copy = old.try_copy(Purpose::User).ok_or(FaultError::NoMemory)?;
            // The page is mapped, so no memory is needed for a table.
            let replaced = table.replace(page, copy, flags | MappingFlags::WRITE);
            return replaced.map_err(|_| FaultError::NoMemory);
        }
        drop(table);
        let frame = match region.backing_at(page) {
            Backing::Anonymous => {
                flags |= writable(region.access());
                SharedFrame::try_new_zeroed(Purpose::User).ok_or(FaultError::NoMemory)?
            }
            Backing::Object { object, page } => {
                let frame = object.page(page)?;
                match (is_private, is_write) {
                    (false, _) => {
                        flags |= writable(region.access());
                        frame
                    }
                    (true, false) => frame,
                    (true, true) => {
                        flags |= MappingFlags::WRITE;
                        frame.try_copy(Purpose::User).ok_or(FaultError::NoMemory)?
                    }
                }
            }
        };
        match self.table().map(page, frame, flags) {
            // If another thread was faster, the access is tried again with its page.
            Ok(()) | Err(PageTableError::AlreadyMapped) => Ok(()),
            Err(_) => Err(FaultError::NoMemory),
        }
    }

    /// Brings all pages of `range` that are in regions, for a read, or a write where that is
    /// allowed: MAP_POPULATE. Pages that can't come are left out. May wait.
    pub fn populate(&self, range: PageRange) {
        let regions = self.regions();
        for region in regions.iter_range(range) {
            let Some(part) = region.range().intersection(range) else {
                continue;
            };
            let is_write = region.access().contains(Access::WRITE);
            if region.access().is_empty() {
                continue;
            }
            for index in 0..part.pages() {
                let page = part.start() + index * PAGE_BYTES;
                if self.bring_page(region, page, is_write).is_err() {
                    return;
                }
            }
        }
    }
}

/// Returns whether a region that allows `allowed` allows `access`. The CPU can't keep a page from
/// being read that can be written or executed.
fn is_allowed(allowed: Access, access: Access) -> bool {
    match access {
        Access::READ => !allowed.is_empty(),
        access => allowed.contains(access),
    }
}

/// Returns the flags of a page that is not to be written by this mapping yet.
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
