//! ACCESSED and DIRTY that the CPU sets in an entry while it is being changed.

use std::boxed::Box;
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread_local;
use std::vec::Vec;

use core::ops::ControlFlow;
use x86_64::{PhysAddr, VirtAddr};

use super::simulation::{K4, M2, Memory, RW};
use crate::{
    GenericPTE, Leaf, MappingFlags, OnClone, PageSize, PageTable64, SoftwarePayload, X64PTE,
    X64PagingMetaData,
};

const USER: MappingFlags = RW.union(MappingFlags::USER);
const DIRTY: u64 = 1 << 6;

thread_local! {
    /// The actions of the simulated CPU between the read of an entry and its change.
    static CPU: Cell<Option<Box<dyn FnOnce()>>> = const { Cell::new(None) };
}

fn run_cpu() {
    if let Some(act) = CPU.take() {
        act();
    }
}

/// An entry of x86_64. The simulated CPU runs each time after the page table has read an
/// entry, before it stores the new one.
#[derive(Clone, Copy, Debug)]
struct RacyPTE(X64PTE);

// SAFETY: all methods are those of `X64PTE`.
#[expect(unsafe_code, reason = "the trait is")]
unsafe impl GenericPTE for RacyPTE {
    fn new_page(paddr: PhysAddr, flags: MappingFlags, is_huge: bool) -> Self {
        Self(X64PTE::new_page(paddr, flags, is_huge))
    }
    fn new_table(paddr: PhysAddr) -> Self {
        Self(X64PTE::new_table(paddr))
    }
    fn new_software(payload: SoftwarePayload) -> Self {
        Self(X64PTE::new_software(payload))
    }
    fn software(self) -> Option<SoftwarePayload> {
        self.0.software()
    }
    fn from_bits(bits: u64) -> Self {
        Self(X64PTE::from_bits(bits))
    }
    fn bits(self) -> u64 {
        self.0.bits()
    }
    fn used(self) -> usize {
        self.0.used()
    }
    fn set_used(&mut self, used: usize) {
        self.0.set_used(used);
    }
    fn paddr(self) -> PhysAddr {
        self.0.paddr()
    }
    fn flags(self) -> MappingFlags {
        self.0.flags()
    }
    fn set_paddr(&mut self, paddr: PhysAddr) {
        self.0.set_paddr(paddr);
    }
    fn set_flags_of(&mut self, other: Self) {
        self.0.set_flags_of(other.0);
    }
    fn part(self, offset_bytes: u64, is_huge: bool) -> Self {
        run_cpu();
        Self(self.0.part(offset_bytes, is_huge))
    }
    fn is_present(self) -> bool {
        self.0.is_present()
    }
    fn is_accessed(self) -> bool {
        self.0.is_accessed()
    }
    fn is_dirty(self) -> bool {
        self.0.is_dirty()
    }
    fn is_settled(self) -> bool {
        let is_settled = self.0.is_settled();
        run_cpu();
        is_settled
    }
    fn is_huge(self) -> bool {
        self.0.is_huge()
    }
    fn is_unused(self) -> bool {
        self.0.is_unused()
    }
    fn clear(&mut self) {
        self.0.clear();
    }
}

type Table = PageTable64<X64PagingMetaData, RacyPTE, Memory>;

/// Makes a page table with a program's page at `M2` that was never accessed.
fn table(size: PageSize) -> Table {
    let mut table = Table::try_new(Memory::full()).expect("there is memory");
    table.map(VirtAddr::new(M2), PhysAddr::new(M2), size, USER).expect("it is free");
    table
}

/// Makes the CPU write to the page at `M2` after the next read of its entry.
fn write_meanwhile(table: &Table) {
    let mut last = None;
    table.walk(VirtAddr::new(M2), |step| last = Some((step.table, step.index)));
    let (frame, index) = last.expect("the walk begins at the root");
    let word = (frame.as_u64() as *mut u64).wrapping_add(index);
    CPU.set(Some(Box::new(move || {
        // SAFETY: `word` is in a table that isn't freed before the operation ends.
        #[expect(unsafe_code, reason = "simulates the CPU")]
        let word = unsafe { AtomicU64::from_ptr(word) };
        word.fetch_or(1 << 5 | DIRTY, Ordering::Relaxed);
    })));
}

fn is_dirty(leaf: Leaf<RacyPTE>) -> bool {
    leaf.mapping().expect("it was a page").is_dirty
}

#[test]
fn write_just_before_a_page_is_replaced_is_reported() {
    let page = VirtAddr::new(M2);
    let operations: [fn(&mut Table, VirtAddr) -> Leaf<RacyPTE>; 4] = [
        |table, page| table.unmap(page).expect("it is mapped").0,
        |table, page| table.remap(page, PhysAddr::new(K4), USER).expect("it is mapped").0,
        |table, page| {
            let payload = SoftwarePayload::truncated(5);
            table.set_software(page, payload).expect("it is a small page").0.expect("it was used")
        },
        |table, page| {
            let mut taken = Vec::new();
            let take = |_, leaf| {
                taken.push(leaf);
                ControlFlow::Continue(())
            };
            table.unmap_region_with(page, 2 * K4, take).expect("it is aligned").1.flush();
            taken[0]
        },
    ];
    for (number, operation) in operations.into_iter().enumerate() {
        let mut table = table(PageSize::Size4K);
        write_meanwhile(&table);
        assert!(is_dirty(operation(&mut table, page)), "operation {number}");
    }
}

#[test]
fn write_while_a_page_is_protected_stays_recorded() {
    let page = VirtAddr::new(M2);
    let read = MappingFlags::READ | MappingFlags::USER;
    let operations: [fn(&mut Table, VirtAddr, MappingFlags); 4] = [
        |table, page, flags| drop(table.protect(page, flags)),
        |table, page, flags| drop(table.protect_region(page, 2 * K4, flags)),
        |table, page, flags| drop(table.protect_region(page, K4, flags)),
        |table, _, _| {
            let memory = table.handler().clone();
            drop(table.try_clone_lower_half(memory, |_, _| OnClone::CopyOnWrite));
        },
    ];
    for (number, operation) in operations.into_iter().enumerate() {
        let mut table = table(PageSize::Size4K);
        write_meanwhile(&table);
        operation(&mut table, page, read);
        let mapping = table.query(page).expect("it is mapped");
        assert!(mapping.is_dirty && !mapping.flags.contains(MappingFlags::WRITE), "{number}");
    }
}

#[test]
fn write_while_a_large_page_is_split_is_recorded_in_all_parts() {
    let mut table = table(PageSize::Size2M);
    write_meanwhile(&table);
    table.unmap_region(VirtAddr::new(M2), K4).expect("there is memory").flush();
    for part in [1, 2, 511] {
        let mapping = table.query(VirtAddr::new(M2 + part * K4)).expect("it is mapped");
        assert!(mapping.is_dirty && mapping.size == PageSize::Size4K);
    }
}
