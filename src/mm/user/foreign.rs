//! Access to the memory of a program that isn't running here: a new program before it starts, or
//! another process.

use ::address_space::{Access, Region};
use paging::{Mapping, MappingFlags};
use x86_64::VirtAddr;

use super::address_space::AddressSpace;
use super::fault::{FaultError, Reason, flags_of};
use super::mappings::Mappings;
use super::page_table::PAGE_BYTES;
use crate::mm::kernel::frames::{FrameBytes, SharedFrame};

impl AddressSpace {
    /// Writes `bytes` at `address`, also to private pages that the program can't write. May wait.
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

    /// Writes zeros to `len_bytes` bytes from `address`, as [`write_foreign`](Self::write_foreign)
    /// does.
    ///
    /// # Errors
    /// As for [`write_foreign`](Self::write_foreign).
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

    /// Reads up to `bytes.len()` bytes from `address`, as far as the program can read them. Returns
    /// their number. May wait.
    pub fn read_as_program(&self, address: VirtAddr, bytes: &mut [u8]) -> usize {
        let mut done = 0;
        // Bytes before a page that can't be read are counted.
        let _ = self.for_each_part(address, bytes.len(), Reason::Access(Access::READ), |part| {
            let len = part.len();
            part.read(&mut bytes[done..done + len]);
            done += len;
        });
        done
    }

    /// Writes up to `bytes.len()` bytes at `address`, as far as the program can write them. Returns
    /// their number. May wait.
    pub fn write_as_program(&self, address: VirtAddr, bytes: &[u8]) -> usize {
        let mut done = 0;
        // Bytes before a page that can't be written are counted.
        let _ = self.for_each_part(address, bytes.len(), Reason::Access(Access::WRITE), |part| {
            let len = part.len();
            part.write(&bytes[done..done + len]);
            done += len;
        });
        done
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
            self.with_foreign_page(at_address, reason, |frame| {
                access(frame.bytes(start..start + len));
            })?;
            at += len as u64;
        }
        Ok(())
    }

    /// Calls `access` with the frame of the page of `address`, after making the page present. The
    /// mappings are locked during the call, so that no child can share the page while it is
    /// written.
    fn with_foreign_page(
        &self,
        address: VirtAddr,
        reason: Reason,
        access: impl FnOnce(&SharedFrame),
    ) -> Result<(), FaultError> {
        let page = address.align_down(PAGE_BYTES);
        loop {
            self.bring(address, reason, 0)?;
            let Mappings { regions, table } = &mut *self.mappings_for_change();
            let allowed = regions.find(address).map(Region::access).ok_or(FaultError::NotMapped)?;
            let is_ready = |mapping: &Mapping| {
                !reason.is_write() || mapping.flags.contains(MappingFlags::WRITE)
            };
            let Some(mapping) = table.query(page).filter(is_ready) else {
                // The page has been removed again, or a child shares it.
                continue;
            };
            if reason == Reason::ForeignWrite && !allowed.contains(Access::WRITE) {
                table.protect(page, &mapping, flags_of(allowed));
            }
            access(&table.frame(page).ok_or(FaultError::NoMemory)?);
            return Ok(());
        }
    }
}
