//! The page table walk to an address, through the loaded tables.
//!
//! The walk takes no lock, so that a report can show it. Tables are read through the direct map by
//! probes: a walk through broken tables just ends.

use heapless::Vec;
use paging::{GenericPTE, PageSize, Step, X64PTE, X64PagingMetaData, walk_tables};
use x86_64::{PhysAddr, VirtAddr};

use crate::arch::debug::probe;
use crate::arch::smp::tlb;
use crate::mm::kernel::layout::{DIRECT_MAP, DIRECT_MAP_BYTES};

/// The steps of a walk, from the root on.
pub type Steps = Vec<Step<X64PTE>, 4>;

/// Returns the steps of the walk to `address` through the loaded tables.
pub fn steps(address: VirtAddr) -> Steps {
    steps_from(tlb::root(), address)
}

/// Returns the steps of the walk to `address` from the root table in the frame `root`.
pub fn steps_from(root: PhysAddr, address: VirtAddr) -> Steps {
    const ENTRY_BYTES: u64 = 8;
    let read = |table: PhysAddr, index: usize| {
        let is_reachable = table.as_u64() < DIRECT_MAP_BYTES;
        let entry = DIRECT_MAP + table.as_u64() % DIRECT_MAP_BYTES + index as u64 * ENTRY_BYTES;
        is_reachable.then(|| probe::read_u64(entry).ok()).flatten()
    };
    let mut steps = Steps::new();
    walk_tables::<X64PagingMetaData, X64PTE>(root, address, read, |step| {
        steps.push(step).expect("there are 4 levels");
    });
    steps
}

/// Returns the step at which the walk reaches a page, and the page's size; `None` if it reaches no
/// page.
pub fn page(steps: &Steps) -> Option<(Step<X64PTE>, PageSize)> {
    let last = *steps.last()?;
    let size = match last.level {
        1 => PageSize::Size4K,
        2 if last.entry.is_huge() => PageSize::Size2M,
        3 if last.entry.is_huge() => PageSize::Size1G,
        _ => return None,
    };
    last.entry.is_present().then_some((last, size))
}

/// Returns the physical address of `address`, if it is mapped.
pub fn translate(address: VirtAddr) -> Option<PhysAddr> {
    let (step, size) = page(&steps(address))?;
    Some(step.entry.paddr() + address.as_u64() % size.bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mm::kernel::{image, layout};

    #[test_case]
    fn walks_end_where_the_address_is() {
        let address = VirtAddr::from_ptr("rodata".as_ptr());
        assert_eq!(steps(address).len(), 4);
        assert_eq!(translate(address), Some(image::to_physical(address)));
        let alias = layout::direct(image::to_physical(address));
        assert_eq!(translate(alias), Some(image::to_physical(address)));
        assert_eq!(translate(VirtAddr::zero()), None);
        assert_eq!(steps(VirtAddr::zero()).len(), 1);
    }
}
