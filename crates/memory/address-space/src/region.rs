//! One region.

use x86_64::VirtAddr;

use crate::range::PAGE_BYTES;
use crate::{Access, Attributes, Backing, PageRange, RegionFlags, Sharing};

/// The size of the guard gap below a region that grows downwards, in bytes: 256 pages, as on
/// Linux.
///
/// Without MAP_FIXED, nothing is placed in the gap, so that a stack that overflows faults
/// before it reaches another region.
pub const STACK_GUARD_BYTES: u64 = 256 * PAGE_BYTES;

/// A range of pages with common attributes and a common backing.
#[derive(Clone, Debug)]
pub struct Region<B> {
    pub(crate) range: PageRange,
    pub(crate) attributes: Attributes,
    /// Whether memory is committed for its pages. It stays committed if they become
    /// read-only, because they may have been written.
    pub(crate) committed: bool,
    pub(crate) backing: B,
}

impl<B: Backing> Region<B> {
    /// Makes a region; `backing` backs its first page.
    pub fn new(range: PageRange, attributes: Attributes, backing: B) -> Self {
        Self { range, attributes, committed: attributes.needs_commit(), backing }
    }

    /// Returns the backing of the page of `addr`, which is in the region.
    pub fn backing_at(&self, addr: VirtAddr) -> B {
        let page = addr.as_u64() & !(PAGE_BYTES - 1);
        self.backing.advanced_by(page.saturating_sub(self.range.start))
    }

    /// Returns whether the region is private anonymous memory.
    pub fn is_private_anonymous(&self) -> bool {
        self.attributes.sharing == Sharing::Private && self.backing.is_anonymous()
    }

    /// Returns whether `next` begins at this region's end, has its attributes and continues
    /// its backing.
    pub(crate) fn joins(&self, next: &Self) -> bool {
        self.range.end == next.range.start
            && self.attributes == next.attributes
            && self.committed == next.committed
            && self.backing.continues(self.range.len_bytes(), &next.backing)
    }

    /// Cuts the region at `at`, an address within it, and returns its upper part.
    pub(crate) fn split_off(&mut self, at: u64) -> Self {
        let upper = Self {
            range: PageRange::new(at, self.range.end),
            attributes: self.attributes,
            committed: self.committed,
            backing: self.backing.advanced_by(at - self.range.start),
        };
        self.range.end = at;
        upper
    }
}

impl<B> Region<B> {
    /// Returns its pages.
    pub fn range(&self) -> PageRange {
        self.range
    }

    /// Returns the attributes of its pages.
    pub fn attributes(&self) -> Attributes {
        self.attributes
    }

    /// Returns the accesses that a program may make to its pages.
    pub fn access(&self) -> Access {
        self.attributes.access
    }

    /// Returns the effect of a write to a page.
    pub fn sharing(&self) -> Sharing {
        self.attributes.sharing
    }

    /// Returns its other properties.
    pub fn flags(&self) -> RegionFlags {
        self.attributes.flags
    }

    /// Returns the backing of its first page.
    pub fn backing(&self) -> &B {
        &self.backing
    }

    /// Returns whether memory is committed for its pages.
    pub fn is_committed(&self) -> bool {
        self.committed
    }

    /// Returns the address up to which the kernel may place other regions: the start of the
    /// region, or of the guard gap below it.
    pub(crate) fn guarded_start(&self) -> u64 {
        if self.attributes.is_stack() {
            self.range.start.saturating_sub(STACK_GUARD_BYTES)
        } else {
            self.range.start
        }
    }
}
