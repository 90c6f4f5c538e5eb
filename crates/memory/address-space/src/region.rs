//! One region.

use x86_64::VirtAddr;

use crate::range::PAGE_BYTES;
use crate::{Access, Attributes, Backing, PageRange, RegionFlags, Sharing};

/// The size of the guard gap below a region that grows downwards, in bytes: 256 pages, as on
/// Linux.
///
/// Nothing is placed there without MAP_FIXED, so that a stack that overflows causes a fault
/// before it reaches another region.
pub const STACK_GUARD_BYTES: u64 = 256 * PAGE_BYTES;

/// A range of pages with the same attributes, backed by one thing.
#[derive(Clone, Debug)]
pub struct Region<B> {
    pub(crate) range: PageRange,
    pub(crate) attributes: Attributes,
    /// Whether memory is committed for its pages. It stays so if they become read-only: they
    /// may have been written.
    pub(crate) committed: bool,
    pub(crate) backing: B,
}

impl<B: Backing> Region<B> {
    /// Makes a region; `backing` backs its first page.
    pub fn new(range: PageRange, attributes: Attributes, backing: B) -> Self {
        Self { range, attributes, committed: attributes.needs_commit(), backing }
    }

    /// Returns what backs the page of `addr`, which is in the region.
    pub fn backing_at(&self, addr: VirtAddr) -> B {
        let page = addr.as_u64() & !(PAGE_BYTES - 1);
        self.backing.advanced_by(page.saturating_sub(self.range.start))
    }

    /// Returns whether it is private anonymous memory.
    pub fn is_private_anonymous(&self) -> bool {
        self.attributes.sharing == Sharing::Private && self.backing.is_anonymous()
    }

    /// Returns whether `next` begins where this region ends, is alike and continues it.
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

    /// Returns what its pages have in common.
    pub fn attributes(&self) -> Attributes {
        self.attributes
    }

    /// Returns what a program may do with its pages.
    pub fn access(&self) -> Access {
        self.attributes.access
    }

    /// Returns what happens when a page is written.
    pub fn sharing(&self) -> Sharing {
        self.attributes.sharing
    }

    /// Returns its other properties.
    pub fn flags(&self) -> RegionFlags {
        self.attributes.flags
    }

    /// Returns what backs its first page.
    pub fn backing(&self) -> &B {
        &self.backing
    }

    /// Returns whether memory is committed for its pages.
    pub fn is_committed(&self) -> bool {
        self.committed
    }

    /// Returns the address up to which the kernel may place other regions: the start, or that
    /// of the guard gap below it.
    pub(crate) fn guarded_start(&self) -> u64 {
        if self.attributes.is_stack() {
            self.range.start.saturating_sub(STACK_GUARD_BYTES)
        } else {
            self.range.start
        }
    }
}
