//! All regions of an address space, and lookups.

use alloc::vec::Vec;
use core::fmt;

use x86_64::VirtAddr;

use crate::program_break::ProgramBreak;
use crate::search::Iter;
use crate::tree::RegionTree;
use crate::{Bounds, Lock, PageRange, Region, Usage};

/// The regions of an address space. They don't overlap. Adjacent regions differ in their
/// attributes, or the backing of the upper one doesn't continue that of the lower one.
pub struct Regions<B> {
    pub(crate) tree: RegionTree<B>,
    pub(crate) bounds: Bounds,
    pub(crate) usage: Usage,
    pub(crate) program_break: ProgramBreak,
    /// Whether regions that are added are locked.
    pub(crate) future_lock: Lock,
}

/// The regions that an operation has removed.
#[derive(Clone, Debug)]
#[must_use = "the pages have to be unmapped, and memory uncommitted"]
pub struct Removed<B> {
    /// The regions or parts of regions, lowest first. The caller unmaps their pages, then
    /// drops them.
    pub regions: Vec<Region<B>>,
    /// The number of pages by which the committed memory of the address space fell; 0 if it
    /// rose, in which case `commit` was called.
    pub uncommitted_pages: u64,
}

impl<B> Removed<B> {
    /// Nothing was removed.
    pub(crate) const NOTHING: Self = Self { regions: Vec::new(), uncommitted_pages: 0 };
}

impl<B> Regions<B> {
    /// Makes an address space without regions and without a heap.
    pub const fn new(bounds: Bounds) -> Self {
        Self {
            tree: RegionTree::new(),
            bounds,
            usage: Usage {
                total_pages: 0,
                data_pages: 0,
                stack_pages: 0,
                code_pages: 0,
                committed_pages: 0,
                locked_pages: 0,
            },
            program_break: ProgramBreak::NONE,
            future_lock: Lock::None,
        }
    }

    /// Returns the number of regions.
    pub fn len(&self) -> usize {
        self.tree.len()
    }

    /// Returns whether there is no region.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the addresses that a program may map.
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// Returns the numbers of pages by kind, in constant time.
    ///
    /// Before it drops an address space, the caller uncommits its `committed_pages`.
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// Returns the region that has the byte at `addr`, in O(log n).
    pub fn find(&self, addr: VirtAddr) -> Option<&Region<B>> {
        self.tree.containing(addr.as_u64())
    }

    /// Returns the region that has the byte at `addr`, or else the lowest one above it, in
    /// O(log n): Linux's find_vma.
    pub fn find_or_next(&self, addr: VirtAddr) -> Option<&Region<B>> {
        self.tree.first_above(addr.as_u64())
    }

    /// Returns all regions, lowest first.
    pub fn iter(&self) -> Iter<'_, B> {
        self.tree.between(0, u64::MAX)
    }

    /// Returns the regions that have a page in `range`, lowest first. The first and the last
    /// may extend beyond it.
    pub fn iter_range(&self, range: PageRange) -> Iter<'_, B> {
        self.tree.between(range.start, range.end)
    }

    /// Returns the first address of `range` that is in no region; `None` if all are in
    /// regions.
    ///
    /// mincore(2), msync(2) and mlock(2) return ENOMEM if there is such an address.
    pub fn first_hole(&self, range: PageRange) -> Option<VirtAddr> {
        let mut covered = range.start;
        for region in self.iter_range(range) {
            if region.range.start > covered {
                break;
            }
            covered = region.range.end;
        }
        (covered < range.end).then(|| VirtAddr::new(covered))
    }
}

impl<'a, B> IntoIterator for &'a Regions<B> {
    type Item = &'a Region<B>;
    type IntoIter = Iter<'a, B>;

    fn into_iter(self) -> Iter<'a, B> {
        self.iter()
    }
}

impl<B: fmt::Debug> fmt::Debug for Regions<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}
