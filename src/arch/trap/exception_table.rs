//! The exception table: the kernel's instructions that may fault, each with the address
//! at which to continue after a fault.
//!
//! Assembly adds two words to the section `.exception_table`: the address of the instruction and
//! the address at which to continue. The linker gathers them in the order of its input; [`sort`]
//! sorts them by the address of the instruction, once. Linux has a table of the same name.

use core::sync::atomic::{AtomicBool, Ordering};

/// An instruction that may fault, and the address at which to continue.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct Entry {
    instruction: u64,
    landing: u64,
}

unsafe extern "C" {
    static mut __exception_table_start: [Entry; 0];
    static __exception_table_end: [Entry; 0];
}

static IS_SORTED: AtomicBool = AtomicBool::new(false);

fn len() -> usize {
    let end = (&raw const __exception_table_end).addr();
    (end - (&raw const __exception_table_start).addr()) / size_of::<Entry>()
}

/// Sorts the table. Called once, on the boot CPU, before any of the instructions may
/// fault.
///
/// # Panics
/// If it was sorted before.
pub(in crate::arch) fn sort() {
    assert!(!IS_SORTED.load(Ordering::Relaxed), "the exception table is sorted once");
    let start = (&raw mut __exception_table_start).cast::<Entry>();
    // SAFETY: the linker script puts the symbols around an array of entries in `.data`,
    // aligned to 8 bytes, and nothing else refers to it before it is sorted.
    let entries = unsafe { core::slice::from_raw_parts_mut(start, len()) };
    entries.sort_unstable_by_key(|entry| entry.instruction);
    IS_SORTED.store(true, Ordering::Release);
}

fn entries() -> &'static [Entry] {
    if !IS_SORTED.load(Ordering::Acquire) {
        return &[];
    }
    let start = (&raw const __exception_table_start).cast::<Entry>();
    // SAFETY: as in `sort`, after which nothing writes it.
    unsafe { core::slice::from_raw_parts(start, len()) }
}

/// Returns the address at which to continue after a fault of the kernel at the instruction `rip`;
/// `None` if the table doesn't have it.
pub(in crate::arch) fn landing(rip: u64) -> Option<u64> {
    let entries = entries();
    let index = entries.binary_search_by_key(&rip, |entry| entry.instruction).ok()?;
    Some(entries[index].landing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn table_is_sorted_and_each_entry_is_found() {
        let entries = entries();
        assert!(entries.len() > 3);
        assert!(entries.is_sorted_by(|one, next| one.instruction < next.instruction));
        for entry in entries {
            assert_eq!(landing(entry.instruction), Some(entry.landing));
            assert!(entry.landing > entry.instruction);
            assert_eq!(landing(entry.instruction + 1), None);
        }
        assert_eq!(landing(0), None);
        assert_eq!(landing(u64::MAX), None);
    }
}
