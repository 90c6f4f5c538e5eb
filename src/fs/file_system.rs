//! The common state of all inodes of a file system.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::attributes::DeviceNumber;
use super::error::FsError;
use super::page_cache::PageBudget;

/// The number of the next file system.
static NEXT_NUMBER: AtomicU64 = AtomicU64::new(1);

/// The time for which a name that was looked up is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// Until it is changed in the tree.
    Kept,
    /// Only for this walk: the next walk looks it up again, because the files are generated, or because
    /// several names that differ in the case of letters are one.
    Generated,
}

/// The code that may make files in a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker {
    /// Programs and the kernel.
    Program,
    /// Only the kernel.
    Kernel,
}

/// The common state of all inodes of a file system.
#[derive(Debug)]
pub struct FileSystem {
    number: u64,
    kind: &'static str,
    budget: Option<Arc<PageBudget>>,
    names: Names,
    maker: Maker,
    is_on_disk: bool,
    /// The number of open files that may write.
    writers: AtomicU32,
}

impl FileSystem {
    /// Returns a file system in memory, whose files programs can make.
    fn new(number: u64, kind: &'static str) -> Self {
        Self {
            number,
            kind,
            budget: None,
            names: Names::Kept,
            maker: Maker::Program,
            is_on_disk: false,
            writers: AtomicU32::new(0),
        }
    }

    /// Makes a file system of `kind`, whose pages count against `budget`, and in which `maker` may
    /// make files.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub(super) fn try_new(
        kind: &'static str,
        budget: Option<Arc<PageBudget>>,
        maker: Maker,
    ) -> Result<Arc<Self>, FsError> {
        let number = NEXT_NUMBER.fetch_add(1, Ordering::Relaxed);
        Ok(Arc::try_new(Self { budget, maker, ..Self::new(number, kind) })?)
    }

    /// Makes a file system of `kind` whose files are generated.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub(super) fn try_new_generated(kind: &'static str) -> Result<Arc<Self>, FsError> {
        let number = NEXT_NUMBER.fetch_add(1, Ordering::Relaxed);
        let (names, maker) = (Names::Generated, Maker::Kernel);
        Ok(Arc::try_new(Self { names, maker, ..Self::new(number, kind) })?)
    }

    /// Makes a file system of `kind` on the block device with this number.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub(super) fn try_new_on_device(
        kind: &'static str,
        device: DeviceNumber,
        names: Names,
    ) -> Result<Arc<Self>, FsError> {
        let is_on_disk = true;
        Ok(Arc::try_new(Self { names, is_on_disk, ..Self::new(device.encoded(), kind) })?)
    }

    /// Returns whether changes of its files have to be written to a disk.
    pub(super) fn is_on_disk(&self) -> bool {
        self.is_on_disk
    }

    /// Adds an open file that may write.
    pub(super) fn add_writer(&self) {
        self.writers.fetch_add(1, Ordering::Relaxed);
    }

    /// Removes an open file that may write.
    pub(super) fn remove_writer(&self) {
        self.writers.fetch_sub(1, Ordering::Relaxed);
    }

    /// Returns whether a file is open that may write.
    pub(super) fn has_writers(&self) -> bool {
        self.writers.load(Ordering::Relaxed) != 0
    }

    /// Returns the time for which a name that was looked up is valid.
    pub(super) fn names(&self) -> Names {
        self.names
    }

    /// Returns its number, which stat shows as the number of a device.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Returns the name of its kind, such as `tmpfs`.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// Returns the code that may make files in it.
    pub(super) fn maker(&self) -> Maker {
        self.maker
    }

    /// Checks that programs may remove, rename and add names of its files.
    ///
    /// # Errors
    /// [`FsError::NotPermitted`].
    pub(super) fn check_names_change(&self) -> Result<(), FsError> {
        match self.maker {
            Maker::Program => Ok(()),
            Maker::Kernel => Err(FsError::NotPermitted),
        }
    }

    /// Returns the limit that its pages count against.
    pub(super) fn budget(&self) -> Option<&Arc<PageBudget>> {
        self.budget.as_ref()
    }
}
