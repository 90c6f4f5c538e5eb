//! The audit of the memory of programs: whether each page and table has a frame of the right kind,
//! and whether the counted owners are those that are found.
//!
//! It is exact only while no program runs, because the address spaces are examined one after the
//! other.

use alloc::sync::Arc;
use alloc::vec::Vec;

use ::address_space::{Access, Region, Sharing};
use paging::{Mapping, MappingFlags};
use x86_64::{PhysAddr, VirtAddr};

use super::findings::{Audit, Rule};
use crate::mm::kernel::frames::{self, FrameUse, Purpose};
use crate::mm::kernel::layout::PROGRAMS_END;
use crate::mm::user::address_space::AddressSpace;
use crate::mm::user::backing::Backing;

/// No memory is left for the list of pages that the audit finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoMemory;

/// A page that was found.
struct Found {
    frame: PhysAddr,
    page: VirtAddr,
    /// Whether only mappings can own the frame: it isn't of a file or of shared memory.
    is_private: bool,
}

/// Checks the pages and tables of address spaces. May wait.
///
/// # Errors
/// [`NoMemory`].
pub fn run(spaces: &[Arc<AddressSpace>]) -> Result<Audit, NoMemory> {
    let mut audit = Audit::default();
    let mut all = Vec::new();
    for space in spaces {
        let mut pages = 0;
        space.for_each_page(|_, _, _| pages += 1);
        all.try_reserve(pages).map_err(|_| NoMemory)?;
        space.for_each_page(|page, mapping, region| {
            audit.pages += 1;
            judge(&mut audit, page, mapping, region);
            let is_private = region.is_some_and(|region| region.sharing() == Sharing::Private);
            // Pages that were added since the pages were counted are skipped if there is no room.
            if all.len() < all.capacity() {
                all.push(Found { frame: mapping.paddr, page, is_private });
            }
        });
        space.for_each_table(|frame| {
            audit.tables += 1;
            match frames::use_of(frame) {
                Some(FrameUse { purpose: Purpose::UserTables, owners: 1, .. }) => {}
                Some(FrameUse { purpose: Purpose::UserTables, .. }) => {
                    audit.add(Rule::Owners, VirtAddr::zero(), frame);
                }
                _ => audit.add(Rule::TableNotOwned, VirtAddr::zero(), frame),
            }
        });
    }
    all.sort_unstable_by_key(|found| found.frame);
    for sharers in all.chunk_by(|one, other| one.frame == other.frame) {
        check_sharers(&mut audit, sharers);
    }
    Ok(audit)
}

/// Checks a page on its own.
fn judge(audit: &mut Audit, page: VirtAddr, mapping: Mapping, region: Option<&Region<Backing>>) {
    let Mapping { paddr: frame, flags, .. } = mapping;
    let mut broken = |rule| audit.add(rule, page, frame);
    if page >= PROGRAMS_END {
        broken(Rule::OutsideLayout);
    }
    let Some(FrameUse { purpose, owners, .. }) = frames::use_of(frame) else {
        return broken(Rule::FrameNotOwned);
    };
    if !matches!(purpose, Purpose::User | Purpose::Files) {
        broken(Rule::FrameNotOwned);
    }
    let Some(region) = region else {
        return;
    };
    let has = |flag, access| !flags.contains(flag) || region.access().contains(access);
    if !has(MappingFlags::WRITE, Access::WRITE) {
        broken(Rule::Rights);
    }
    // A private page that can be written has one owner: other owners would see the writes.
    let is_private = region.sharing() == Sharing::Private;
    if is_private && flags.contains(MappingFlags::WRITE) && owners != 1 {
        broken(Rule::Sharers);
    }
}

/// Compares the number of a frame's mappings with the number of its owners.
fn check_sharers(audit: &mut Audit, sharers: &[Found]) {
    let Some(Found { frame, page, .. }) = sharers.first() else {
        return;
    };
    // A missing frame has been reported before.
    let Some(FrameUse { purpose, owners, .. }) = frames::use_of(*frame) else {
        return;
    };
    let mappings = sharers.len() as u64;
    let is_private = purpose == Purpose::User && sharers.iter().all(|found| found.is_private);
    let is_wrong = match is_private {
        true => u64::from(owners) != mappings,
        false => u64::from(owners) < mappings,
    };
    if is_wrong {
        audit.add(Rule::Sharers, *page, *frame);
    }
}

#[cfg(test)]
mod tests {
    use ::address_space::{Attributes, Limits, Overlap, PageRange, RegionFlags};

    use super::*;

    fn broken(spaces: &[Arc<AddressSpace>]) -> usize {
        run(spaces).expect("there is memory").broken
    }

    /// Returns an address space with 16 private pages, and their first address.
    fn new_space() -> (Arc<AddressSpace>, VirtAddr) {
        let space = Arc::new(AddressSpace::try_new().expect("there is memory"));
        let start = VirtAddr::new(0x40_0000);
        let range = PageRange::try_new(start.as_u64(), 16 * 4096).expect("it is a range");
        let attributes = Attributes {
            access: Access::READ | Access::WRITE,
            sharing: Sharing::Private,
            flags: RegionFlags::empty(),
        };
        let region = Region::new(range, attributes, Backing::Anonymous);
        space.map_region(region, Overlap::Refused, &Limits::UNLIMITED).expect("there is memory");
        for page in 0..16 {
            space.write_foreign(start + page * 4096, &[1]).expect("there is memory");
        }
        (space, start)
    }

    #[test_case]
    fn copies_and_sharers_are_counted() {
        let (space, start) = new_space();
        let child = Arc::new(space.try_fork().expect("there is memory"));
        child.write_foreign(start, &[2]).expect("there is memory");
        let both = [space, child];
        let audit = run(&both).expect("there is memory");
        audit.expect_clean();
        assert_eq!(audit.pages, 32);
        // Fifteen pages have an owner that was not examined.
        assert_eq!(broken(&both[..1]), 15);
    }
}
