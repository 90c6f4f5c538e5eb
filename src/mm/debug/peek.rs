//! Memory as a debugger sees it: any address can be read and written without a fault.
//!
//! Only the commands of the prompt that take an address use it.

use x86_64::VirtAddr;

use crate::arch::debug::probe;
use crate::mm::debug::walk;
use paging::{GenericPTE, MappingFlags};

/// The reason why a byte can't be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteError {
    /// Nothing is mapped there.
    NotMapped,
    /// The page is read-only.
    ReadOnly,
    /// The write faulted, although the page table allows it.
    Faulted,
}

impl core::fmt::Display for WriteError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::NotMapped => "nothing is mapped there",
            Self::ReadOnly => "the page is read-only",
            Self::Faulted => "the CPU refuses it",
        })
    }
}

impl core::error::Error for WriteError {}

/// Returns the byte at `address`, or `None` if it can't be read. Reading a device's register may
/// have side effects.
pub fn read(address: VirtAddr) -> Option<u8> {
    probe::read_u8(address).ok()
}

/// Returns the word of 64 bits at `address`, which need not be aligned, or `None` if not all of it
/// can be read. Reading a device's register may have side effects.
pub fn read_u64(address: VirtAddr) -> Option<u64> {
    probe::read_u64(address).ok()
}

/// Writes the byte at `address`, as a debugger does, without any check of the byte's use. The
/// kernel may stop working.
///
/// # Errors
/// See [`WriteError`].
pub fn write(address: VirtAddr, value: u8) -> Result<(), WriteError> {
    let steps = walk::steps(address);
    let (page, _) = walk::page(&steps).ok_or(WriteError::NotMapped)?;
    if !page.entry.flags().contains(MappingFlags::WRITE) {
        return Err(WriteError::ReadOnly);
    }
    // SAFETY: nothing guarantees that the write is harmless: the user of the command requests it,
    // and the command's help warns of it.
    unsafe { probe::write_u8(address, value) }.map_err(|_| WriteError::Faulted)
}
