//! Simulated physical memory, and a simulated TLB.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use x86_64::{PhysAddr, VirtAddr};

use crate::upper_owner::UpperOwner;
use crate::{
    Capabilities, FlushScope, GenericPTE, Mapping, MappingFlags, PageSize, PageTable64,
    PagingHandler, X64PTE, X64PageTable, X64PagingMetaData,
};

pub(super) type TestTable = X64PageTable<Memory>;

const FRAME: Layout = match Layout::from_size_align(4096, 4096) {
    Ok(layout) => layout,
    Err(_) => panic!("a power of two"),
};

/// Simulated memory, whose frames are memory of the host at the same addresses, and the
/// TLB of a CPU that uses it.
#[derive(Clone)]
pub(super) struct Memory(Rc<Inner>);

struct Inner {
    used: RefCell<BTreeSet<u64>>,
    /// The number of frames that can still be allocated.
    left: Cell<usize>,
    capabilities: Capabilities,
    /// The pages in the TLB, by their first address.
    tlb: RefCell<BTreeMap<u64, Mapping>>,
    flushes: Cell<(usize, usize)>,
}

impl Memory {
    pub(super) fn new(capabilities: Capabilities) -> Self {
        Self(Rc::new(Inner {
            used: RefCell::default(),
            left: Cell::new(usize::MAX),
            capabilities,
            tlb: RefCell::default(),
            flushes: Cell::default(),
        }))
    }

    /// Makes memory for a CPU with all capabilities.
    pub(super) fn full() -> Self {
        Self::new(Capabilities {
            has_1gib_pages: true,
            has_no_execute: true,
            has_write_combining: true,
        })
    }

    pub(super) fn set_left(&self, frames: usize) {
        self.0.left.set(frames);
    }

    /// Returns the number of frames in use.
    pub(super) fn used(&self) -> usize {
        self.0.used.borrow().len()
    }

    /// Empties the TLB, as loading another root does.
    pub(super) fn forget_tlb(&self) {
        self.0.tlb.borrow_mut().clear();
    }

    /// Returns the numbers of flushes of one page, and of full flushes.
    pub(super) fn flushes(&self) -> (usize, usize) {
        self.0.flushes.get()
    }

    fn flush_tlb(&self, page: Option<VirtAddr>) {
        let (single, full) = self.flushes();
        let Some(page) = page else {
            self.0.flushes.set((single, full + 1));
            return self.0.tlb.borrow_mut().clear();
        };
        self.0.flushes.set((single + 1, full));
        self.0.tlb.borrow_mut().retain(|&first, mapping| {
            !(first..=first + (mapping.size.bytes() - 1)).contains(&page.as_u64())
        });
    }
}

// SAFETY: frames are memory of the host, each allocated only once until it is freed. The
// simulated TLB, the only one, is flushed.
#[expect(unsafe_code, reason = "the trait is")]
unsafe impl PagingHandler for Memory {
    fn alloc_frame(&self) -> Option<PhysAddr> {
        let left = self.0.left.get().checked_sub(1)?;
        self.0.left.set(left);
        // SAFETY: the layout has a size.
        let address = unsafe { alloc_zeroed(FRAME) };
        // SAFETY: the frame has 4,096 bytes. Its content is arbitrary, because callers
        // must not rely on it.
        unsafe { address.write_bytes(0xA5, 4096) };
        self.0.used.borrow_mut().insert(address as u64);
        Some(PhysAddr::new(address as u64))
    }

    fn dealloc_frame(&self, frame: PhysAddr) {
        assert!(self.0.used.borrow_mut().remove(&frame.as_u64()), "{frame:?} isn't in use");
        // SAFETY: it was allocated with this layout, and not freed before.
        unsafe { dealloc(frame.as_u64() as *mut u8, FRAME) };
    }

    fn phys_to_virt(&self, frame: PhysAddr) -> VirtAddr {
        VirtAddr::new(frame.as_u64())
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities
    }

    fn flush(&self, scope: FlushScope) {
        scope.flush_by(|page| self.flush_tlb(page));
    }
}

/// Accesses an address, as a program does. If the page allows it, this sets ACCESSED and
/// DIRTY in the entry, adds the page to the TLB, and returns its first address and size.
pub(super) fn touch(table: &TestTable, vaddr: VirtAddr, is_write: bool) -> Option<(u64, u64)> {
    let mapping = table.query(vaddr).ok()?;
    if mapping.flags.contains(MappingFlags::NO_ACCESS)
        || is_write && !mapping.flags.contains(MappingFlags::WRITE)
    {
        return None;
    }
    note(table, vaddr, is_write);
    let offset = vaddr.as_u64() % mapping.size.bytes();
    let page = Mapping { paddr: mapping.paddr - offset, ..mapping };
    table.handler().0.tlb.borrow_mut().insert(vaddr.as_u64() - offset, page);
    Some((vaddr.as_u64() - offset, mapping.size.bytes()))
}

/// Sets ACCESSED, and for a write DIRTY, in the entry of `vaddr`, as the CPU does.
pub(super) fn note<PTE: GenericPTE>(
    table: &PageTable64<X64PagingMetaData, PTE, Memory>,
    vaddr: VirtAddr,
    is_write: bool,
) {
    let mut last = None;
    table.walk(vaddr, |step| last = Some((step.table, step.index)));
    let (frame, index) = last.expect("the walk begins at the root");
    let word = (frame.as_u64() as *mut u64).wrapping_add(index);
    // SAFETY: the frame is in use as a table of 512 words, which are all accessed as atomic
    // words.
    #[expect(unsafe_code, reason = "simulates the CPU")]
    let word = unsafe { AtomicU64::from_ptr(word) };
    word.fetch_or(1 << 5 | u64::from(is_write) << 6, Ordering::Relaxed);
}

/// Checks that each page in the TLB translates as it does in the page table.
pub(super) fn check_tlb(table: &TestTable) {
    for (&page, remembered) in &*table.handler().0.tlb.borrow() {
        for offset in [0, remembered.size.bytes() - 4096] {
            let now = table.query(VirtAddr::new(page + offset));
            let same = now.is_ok_and(|now| {
                now.paddr == remembered.paddr + offset && now.flags == remembered.flags
            });
            assert!(same, "the TLB has {remembered:?} for {page:#x}, the page table {now:?}");
        }
    }
}

/// Checks that exactly the frames of the page tables are in use, and that no table is empty
/// except the root and the tables that are kept for other page tables.
pub(super) fn check_frames(tables: &[&TestTable], memory: &Memory) {
    let mut frames = BTreeSet::new();
    for table in tables {
        let root = table.root_paddr();
        table.for_each_table(|frame, level| {
            assert!(frames.insert(frame.as_u64()), "{frame:?} is reached twice");
            assert!(level < 4 || frame == root);
            if level == 1 {
                return;
            }
            for (index, &word) in words(frame).iter().enumerate() {
                let entry = X64PTE::from_bits(word);
                let is_upper = level == 4 && index >= 256;
                if !entry.is_table() || is_upper && table.upper_owner == UpperOwner::Another {
                    continue;
                }
                let is_kept = is_upper && table.upper_owner == UpperOwner::ThisPageTableForOthers;
                let used = words(entry.paddr()).iter().filter(|&&word| word != 0).count();
                let counted = used + usize::from(is_kept);
                assert_eq!(entry.used(), counted, "the stored number of used entries is wrong");
                assert!(counted > 0, "an empty table was not freed");
            }
        });
    }
    assert_eq!(frames, *memory.0.used.borrow());
}

/// Returns the words of a table.
fn words(frame: PhysAddr) -> [u64; 512] {
    // SAFETY: the frame is in use as a table of 512 words.
    #[expect(unsafe_code, reason = "reads a table")]
    unsafe {
        *(frame.as_u64() as *const [u64; 512])
    }
}

pub(super) const RW: MappingFlags = MappingFlags::READ.union(MappingFlags::WRITE);
pub(super) const K4: u64 = PageSize::Size4K.bytes();
pub(super) const M2: u64 = PageSize::Size2M.bytes();
pub(super) const G1: u64 = PageSize::Size1G.bytes();
