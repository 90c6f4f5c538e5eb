//! Forbidden memory accesses, made on purpose to show their reports.

use core::fmt;

use paging::{GenericPTE, MappingFlags};
use x86_64::VirtAddr;
use x86_64::registers::control::{Cr4, Cr4Flags};

use crate::arch::debug::provoke;
use crate::arch::trap::page_fault::Access;
use crate::mm::debug::walk;

/// The page table allows the access, so it wasn't tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed;

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the page table allows this access, so it wouldn't fault")
    }
}

/// Accesses `address` in a way that the page table forbids, which ends in a report.
///
/// # Errors
/// [`Allowed`] if the page table allows it; then nothing was done.
pub fn commit(access: Access, address: VirtAddr) -> Result<(), Allowed> {
    if is_allowed(access, address) {
        return Err(Allowed);
    }
    // SAFETY: the check above found that it is forbidden.
    unsafe { provoke::access(access, address) };
    Ok(())
}

fn is_allowed(access: Access, address: VirtAddr) -> bool {
    let Some((page, _)) = walk::page(&walk::steps(address)) else {
        return false;
    };
    let flags = page.entry.flags();
    let is_users = flags.contains(MappingFlags::USER);
    let cr4 = Cr4::read();
    let is_kept_out = |guard| is_users && cr4.contains(guard);
    match access {
        Access::Execute => {
            flags.contains(MappingFlags::EXECUTE)
                && !is_kept_out(Cr4Flags::SUPERVISOR_MODE_EXECUTION_PROTECTION)
        }
        Access::Read | Access::Write => {
            (access == Access::Read || flags.contains(MappingFlags::WRITE))
                && !is_kept_out(Cr4Flags::SUPERVISOR_MODE_ACCESS_PREVENTION)
        }
    }
}

#[cfg(test)]
mod tests;
