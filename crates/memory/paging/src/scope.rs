//! The TLB entries to flush.

use x86_64::VirtAddr;

/// From this many pages on, one full flush is cheaper than one INVLPG for each page. A full
/// flush costs about as much as 30 INVLPGs, refills included (compare Linux's
/// `tlb_single_page_flush_ceiling`, 33).
const FULL_FLUSH_PAGES: u64 = 33;

/// The entries of the TLB that may be out of date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FlushScope {
    /// Nothing.
    #[default]
    Nothing,
    /// The pages from `first` to `last`, in steps of `step_bytes`.
    Pages {
        /// The first page.
        first: VirtAddr,
        /// The last page.
        last: VirtAddr,
        /// The size of the smallest page among them, in bytes.
        step_bytes: u64,
    },
}

impl FlushScope {
    /// Returns the number of pages in the range; pages that were not changed count, too.
    pub fn pages(self) -> u64 {
        match self {
            Self::Nothing => 0,
            Self::Pages { first, last, step_bytes } => {
                (last.as_u64() - first.as_u64()) / step_bytes + 1
            }
        }
    }

    /// Calls `flush_tlb` for each page, or with `None` for a full flush where that is
    /// cheaper.
    #[inline]
    pub fn flush_by(self, mut flush_tlb: impl FnMut(Option<VirtAddr>)) {
        match self {
            Self::Nothing => {}
            // `pages` would divide.
            Self::Pages { first, last, step_bytes }
                if last.as_u64() - first.as_u64() >= (FULL_FLUSH_PAGES - 1) * step_bytes =>
            {
                flush_tlb(None);
            }
            Self::Pages { first, last, step_bytes } => {
                let mut page = first.as_u64();
                while page < last.as_u64() {
                    flush_tlb(Some(VirtAddr::new_truncate(page)));
                    page += step_bytes;
                }
                flush_tlb(Some(last));
            }
        }
    }
}
