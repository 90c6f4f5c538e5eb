//! Access to the memory of a program that doesn't run: a new one before it starts, or another
//! process.

use ::address_space::{Access, Region};
use x86_64::VirtAddr;

use super::address_space::AddressSpace;
use super::fault::{FaultError, Reason, flags_of};
use super::page_table::PAGE_BYTES;
use crate::mm::kernel::frames::{FrameBytes, SharedFrame};

impl AddressSpace {
    /// Writes `bytes` at `address`, even to private pages that the program can't write. May wait.
    ///
    /// # Errors
    /// See [`FaultError`]; a part may have been written.
    pub fn write_foreign(&self, address: VirtAddr, bytes: &[u8]) -> Result<(), FaultError> {
        let mut rest = bytes;
        self.for_each_part(address, bytes.len(), Reason::ForeignWrite, |part| {
            let (now, later) = rest.split_at(part.len());
            part.write(now);
            rest = later;
        })
    }

    /// Writes zeros to `len_bytes` bytes from `address`, as [`write_foreign`](Self::write_foreign).
    ///
    /// # Errors
    /// As there.
    pub fn clear_foreign(&self, address: VirtAddr, len_bytes: usize) -> Result<(), FaultError> {
        self.for_each_part(address, len_bytes, Reason::ForeignWrite, |part| part.zero())
    }

    /// Reads `bytes.len()` bytes from `address`. May wait.
    ///
    /// # Errors
    /// See [`FaultError`]; a part may have been read.
    pub fn read_foreign(&self, address: VirtAddr, bytes: &mut [u8]) -> Result<(), FaultError> {
        let mut done = 0;
        self.for_each_part(address, bytes.len(), Reason::ForeignRead, |part| {
            part.read(&mut bytes[done..done + part.len()]);
            done += part.len();
        })
    }

    /// Calls `access` with the bytes of each page from `address` on.
    fn for_each_part(
        &self,
        address: VirtAddr,
        len_bytes: usize,
        reason: Reason,
        mut access: impl FnMut(FrameBytes<'_>),
    ) -> Result<(), FaultError> {
        let end = address.as_u64().checked_add(len_bytes as u64).ok_or(FaultError::NotMapped)?;
        let mut at = address.as_u64();
        while at < end {
            let start = (at % PAGE_BYTES) as usize;
            let len = (PAGE_BYTES as usize - start).min((end - at) as usize);
            let at_address = VirtAddr::try_new(at).map_err(|_| FaultError::NotMapped)?;
            let frame = self.foreign_page(at_address, reason)?;
            access(frame.bytes(start..start + len));
            at += len as u64;
        }
        Ok(())
    }

    /// Returns the frame of the page of `address`, after bringing it.
    fn foreign_page(&self, address: VirtAddr, reason: Reason) -> Result<SharedFrame, FaultError> {
        self.bring(address, reason, 0)?;
        let page = address.align_down(PAGE_BYTES);
        let regions = self.regions();
        let access = regions.find(address).map(Region::access).ok_or(FaultError::NotMapped)?;
        let mut table = self.table();
        if reason == Reason::ForeignWrite && !access.contains(Access::WRITE) {
            table.protect(page, flags_of(access));
        }
        table.frame(page).ok_or(FaultError::NoMemory)
    }
}
