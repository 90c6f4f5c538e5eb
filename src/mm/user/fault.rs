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

use alloc::sync::Arc;

use ::address_space::{Access, PageRange, Region, RegionError, Sharing};
use paging::MappingFlags;
use x86_64::VirtAddr;

use super::address_space::{AddressSpace, NO_LIMITS};
use super::backing::{Backing, MappedObject, PageError};
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

/// Why a page is brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// The program accesses it: one of READ, WRITE and EXECUTE.
    Access(Access),
    /// The kernel reads it, for a debugger or before the program starts.
    ForeignRead,
    /// The kernel writes it likewise; a private page that the program can't write gets a frame of
    /// its own.
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

/// A page that an object was asked for.
struct ObjectPage {
    object: Arc<dyn MappedObject>,
    index: u64,
    frame: SharedFrame,
}

/// What came of an attempt to bring a page.
enum Brought {
    /// It is there.
    Mapped,
    /// It has changed meanwhile, and is to be looked at again.
    Again,
    /// The object has to be asked for its page of this index, with no lock held.
    Needs(Arc<dyn MappedObject>, u64),
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
        self.bring(address, Reason::Access(access), stack_limit_bytes)
    }

    /// Brings the page of `address`. May wait.
    pub(super) fn bring(
        &self,
        address: VirtAddr,
        reason: Reason,
        stack_limit_bytes: u64,
    ) -> Result<(), FaultError> {
        let page = address.align_down(PAGE_BYTES);
        let mut given: Option<ObjectPage> = None;
        loop {
            let regions = self.regions();
            let Some(region) = regions.find(address) else {
                drop(regions);
                self.grow_stack(address, stack_limit_bytes)?;
                continue;
            };
            if !reason.is_allowed(region) {
                return Err(FaultError::NotAllowed);
            }
            let (object, index) =
                match self.try_bring(region, page, reason.is_write(), given.as_ref())? {
                    Brought::Mapped => return Ok(()),
                    Brought::Again => continue,
                    Brought::Needs(object, index) => (object, index),
                };
            // An object may wait, for a disk or for another thread that has it locked. The region
            // may be another one afterwards.
            drop(regions);
            let frame = object.page(index)?;
            given = Some(ObjectPage { object, index, frame });
        }
    }

    /// Makes the stack above `address` grow down to it.
    fn grow_stack(&self, address: VirtAddr, limit_bytes: u64) -> Result<(), FaultError> {
        let mut regions = self.regions_for_change();
        match regions.grow_stack(address, limit_bytes, &NO_LIMITS, commit::try_commit) {
            Ok(_) => Ok(()),
            Err(RegionError::CommitLimit | RegionError::NoMemory) => Err(FaultError::NoMemory),
            Err(_) => Err(FaultError::NotMapped),
        }
    }

    /// Maps `page`, which is in `region`, for a read or a write; `given` is what an object was asked
    /// for, if that was necessary.
    fn try_bring(
        &self,
        region: &Region<Backing>,
        page: VirtAddr,
        is_write: bool,
        given: Option<&ObjectPage>,
    ) -> Result<Brought, FaultError> {
        let is_private = region.sharing() == Sharing::Private;
        let mut flags = flags_of(region.access());
        let mut table = self.table();
        if let Some(mapping) = table.query(page) {
            if !is_write || mapping.flags.contains(MappingFlags::WRITE) {
                // Another thread has served it, or the TLB had an older entry.
                table.protect(page, mapping.flags);
                return Ok(Brought::Mapped);
            }
            if !is_private || table.is_only_owner(&mapping) {
                table.protect(page, flags | MappingFlags::WRITE);
                return Ok(Brought::Mapped);
            }
            let old = table.frame(page).ok_or(FaultError::NoMemory)?;
            // Other pages are served during the copy. No write is lost: while the regions are locked,
            // no page becomes read-only.
            drop(table);
            let copy = old.try_copy(Purpose::User).ok_or(FaultError::NoMemory)?;
            let mut table = self.table();
            let is_unchanged = table.query(page).is_some_and(|now| {
                now.paddr == mapping.paddr && !now.flags.contains(MappingFlags::WRITE)
            });
            if !is_unchanged {
                return Ok(Brought::Again);
            }
            // The page is mapped, so no memory is needed for a table.
            let replaced = table.replace(page, copy, flags | MappingFlags::WRITE);
            return replaced.map(|()| Brought::Mapped).map_err(|_| FaultError::NoMemory);
        }
        drop(table);
        // The object that the frame is of, and the index there.
        let mut source = None;
        let frame = match region.backing_at(page) {
            Backing::Anonymous => {
                flags |= writable(region.access());
                SharedFrame::try_new_zeroed(Purpose::User).ok_or(FaultError::NoMemory)?
            }
            Backing::Object { object, page: index } => {
                let is_given = |given: &&ObjectPage| {
                    Arc::ptr_eq(&given.object, &object) && given.index == index
                };
                let Some(given) = given.filter(is_given) else {
                    return Ok(Brought::Needs(object, index));
                };
                source = Some(given);
                if is_private && is_write {
                    flags |= MappingFlags::WRITE;
                    given.frame.try_copy(Purpose::User).ok_or(FaultError::NoMemory)?
                } else {
                    if !is_private {
                        flags |= writable(region.access());
                    }
                    given.frame.try_clone().map_err(|_| FaultError::NoMemory)?
                }
            }
        };
        let mut table = self.table();
        if let Some(ObjectPage { object, index, frame }) = source
            && !object.has(*index, frame)
        {
            // The object has lost the page meanwhile, and unmaps it before or after this.
            return Ok(Brought::Needs(object.clone(), *index));
        }
        match table.map(page, frame, flags) {
            // If another thread was faster, the access is tried again with its page.
            Ok(()) | Err(PageTableError::AlreadyMapped) => Ok(Brought::Mapped),
            Err(_) => Err(FaultError::NoMemory),
        }
    }

    /// Brings all pages of `range`: for a write where the region of a page allows that, else for a
    /// read: MAP_POPULATE, mlock(2). Ends at the first that can't come. May wait.
    ///
    /// # Errors
    /// See [`FaultError`].
    pub fn populate(&self, range: PageRange) -> Result<(), FaultError> {
        self.populate_for(range, |region| match region.access().contains(Access::WRITE) {
            true => Access::WRITE,
            false => Access::READ,
        })
    }

    /// Brings all pages of `range`, each for the access that `access_of` returns for its region. Ends
    /// at the first that can't come. May wait.
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
            let access = self.regions().find(page).map(&access_of).ok_or(FaultError::NotMapped)?;
            self.serve_fault(page, access, 0)?;
        }
        Ok(())
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
