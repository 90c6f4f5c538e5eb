//! The descriptor tables that this CPU uses, read from its registers. They show what
//! [`gdt`](crate::arch::cpu::gdt) and [`idt`](crate::arch::trap::idt) have loaded.

use core::arch::asm;

use x86_64::VirtAddr;
use x86_64::instructions::tables::{sgdt, sidt};
use x86_64::registers::segmentation::{CS, DS, ES, FS, GS, SS, Segment};

/// The address and the size of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TablePointer {
    /// The address of its first byte.
    pub base: VirtAddr,
    /// The offset of its last byte.
    pub limit: u16,
}

impl TablePointer {
    /// Returns the addresses of its entries, of `entry_bytes` each.
    pub fn entries(self, entry_bytes: u64) -> impl Iterator<Item = VirtAddr> {
        let count = (u64::from(self.limit) + 1) / entry_bytes;
        (0..count).map(move |index| self.base + index * entry_bytes)
    }
}

/// Returns the address and size of the interrupt descriptor table.
pub fn idt() -> TablePointer {
    let pointer = sidt();
    TablePointer { base: pointer.base, limit: pointer.limit }
}

/// Returns the address and size of the global descriptor table.
pub fn gdt() -> TablePointer {
    let pointer = sgdt();
    TablePointer { base: pointer.base, limit: pointer.limit }
}

/// Returns the loaded selectors, with the names of their registers.
pub fn selectors() -> [(&'static str, u16); 7] {
    [
        ("CS", CS::get_reg().0),
        ("DS", DS::get_reg().0),
        ("ES", ES::get_reg().0),
        ("FS", FS::get_reg().0),
        ("GS", GS::get_reg().0),
        ("SS", SS::get_reg().0),
        ("TR", task_register()),
    ]
}

/// Returns the selector of the loaded task state segment.
pub fn task_register() -> u16 {
    let selector: u16;
    // SAFETY: reading it changes nothing.
    unsafe { asm!("str {:x}", out(reg) selector, options(nomem, nostack, preserves_flags)) };
    selector
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::cpu::gdt;

    #[test_case]
    fn task_register_has_the_loaded_segment() {
        let gdt = gdt::current();
        assert_eq!(task_register(), gdt.tss.0);
        assert_eq!(selectors()[0], ("CS", gdt.kernel_code.0));
        assert_eq!(selectors()[6], ("TR", gdt.tss.0));
    }

    #[test_case]
    fn entries_end_with_the_limit() {
        let table = TablePointer { base: VirtAddr::new(0x1000), limit: 23 };
        assert_eq!(table.entries(8).last(), Some(VirtAddr::new(0x1010)));
        assert_eq!(table.entries(16).count(), 1);
        assert_eq!(idt().entries(16).count(), 256);
    }
}
