//! The page table that is loaded, and what the processor remembers of it.

use paging::FlushTlb;
use x86_64::registers::control::{Cr3, Cr4, Cr4Flags};
use x86_64::structures::paging::PhysFrame;
use x86_64::{PhysAddr, VirtAddr, instructions};

/// Returns the root table that this processor uses.
pub fn root() -> PhysAddr {
    Cr3::read().0.start_address()
}

/// Makes this processor use the root table in the frame at `root`.
///
/// # Safety
/// It maps all code, data and stacks in use, as the tables before it did.
///
/// # Panics
/// If `root` isn't the address of a frame.
pub unsafe fn load(root: PhysAddr) {
    let frame = PhysFrame::from_start_address(root).expect("root tables fill a frame");
    let (_, flags) = Cr3::read();
    // SAFETY: the caller's promise.
    unsafe { Cr3::write(frame, flags) };
}

/// The instructions that flush this processor's TLB.
#[derive(Clone, Copy, Debug)]
pub struct Tlb;

// SAFETY: INVLPG flushes a page, global ones too, and the paging-structure
// caches. Source: Intel SDM volume 3A, "Operations that Invalidate TLBs and
// Paging-Structure Caches".
unsafe impl FlushTlb for Tlb {
    fn flush_tlb(vaddr: Option<VirtAddr>) {
        match vaddr {
            Some(page) => instructions::tlb::flush(page),
            None => flush_all(),
        }
    }
}

/// Flushes all, global pages too: changing CR4.PGE does that. Where it is off,
/// no page is global.
fn flush_all() {
    let cr4 = Cr4::read();
    if !cr4.contains(Cr4Flags::PAGE_GLOBAL) {
        instructions::tlb::flush_all();
        return;
    }
    for cr4 in [cr4 - Cr4Flags::PAGE_GLOBAL, cr4] {
        // SAFETY: only how long the TLB keeps pages changes; then all is as it was.
        unsafe { Cr4::write(cr4) };
    }
}
