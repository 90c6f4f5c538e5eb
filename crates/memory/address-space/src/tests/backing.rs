//! A backing for tests, which counts its clones.

use std::rc::Rc;

use crate::{Access, Backing, PAGE_BYTES, Sharing};

/// The files of these tests end before this offset.
pub(super) const OFFSET_MAX: u64 = 1 << 40;

/// Zeros, or a file. Files with an odd number aren't open for writing.
#[derive(Clone, Debug)]
pub(super) struct TestBacking {
    /// The number of the file, and the offset in bytes.
    pub(super) file: Option<(u32, u64)>,
    /// A reference for each live clone.
    pub(super) live: Rc<()>,
}

impl TestBacking {
    /// Makes a backing of a file at a page, or of zeros.
    pub(super) fn new(file: Option<(u32, u64)>, live: &Rc<()>) -> Self {
        Self { file: file.map(|(file, page)| (file, page * PAGE_BYTES)), live: live.clone() }
    }

    /// Returns the file and the page of it.
    pub(super) fn file_page(&self) -> Option<(u32, u64)> {
        self.file.map(|(file, offset)| (file, offset / PAGE_BYTES))
    }
}

impl Backing for TestBacking {
    fn advanced_by(&self, bytes: u64) -> Self {
        let file = self.file.map(|(file, offset)| (file, offset + bytes));
        Self { file, live: self.live.clone() }
    }

    fn continues(&self, bytes: u64, next: &Self) -> bool {
        self.file.map(|(file, offset)| (file, offset + bytes)) == next.file
    }

    fn is_anonymous(&self) -> bool {
        self.file.is_none()
    }

    fn allows(&self, access: Access, sharing: Sharing) -> bool {
        let is_read_only = self.file.is_some_and(|(file, _)| file % 2 == 1);
        !(is_read_only && sharing == Sharing::Shared && access.contains(Access::WRITE))
    }

    fn spans(&self, len_bytes: u64) -> bool {
        self.file.is_none_or(|(_, offset)| {
            offset.checked_add(len_bytes).is_some_and(|end| end <= OFFSET_MAX)
        })
    }
}
