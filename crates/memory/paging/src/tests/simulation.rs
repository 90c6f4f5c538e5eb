//! Simulated physical memory, and a simulated TLB.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use x86_64::{PhysAddr, VirtAddr};

use crate::{
    Capabilities, FlushScope, GenericPTE, Mapping, MappingFlags, PageSize, PagingHandler, X64PTE,
    X64PageTable,
};

pub(super) type TestTable = X64PageTable<Memory>;

const FRAME: Layout = match Layout::from_size_align(4096, 4096) {
    Ok(layout) => layout,
    Err(_) => panic!("a power of two"),
};

/// Memory whose frames are memory of the host, at the same addresses, and the TLB of a
/// processor that uses it.
#[derive(Clone)]
pub(super) struct Memory(Rc<Inner>);

struct Inner {
    used: RefCell<BTreeSet<u64>>,
    /// How many more frames can be had.
    left: Cell<usize>,
    capabilities: Capabilities,
    /// Pages that the processor remembers, by their first address.
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

    /// With everything that a processor can have.
    pub(super) fn full() -> Self {
        Self::new(Capabilities { has_1gib_pages: true, has_no_execute: true })
    }

    pub(super) fn set_left(&self, frames: usize) {
        self.0.left.set(frames);
    }

    /// How many frames are in use.
    pub(super) fn used(&self) -> usize {
        self.0.used.borrow().len()
    }

    /// How often one page and how often everything was flushed.
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

// SAFETY: frames are memory of the host, each handed out once until it is freed. The
// simulated TLB is flushed; there is no other.
#[expect(unsafe_code, reason = "the trait is")]
unsafe impl PagingHandler for Memory {
    fn alloc_frame(&self) -> Option<PhysAddr> {
        let left = self.0.left.get().checked_sub(1)?;
        self.0.left.set(left);
        // SAFETY: the layout has a size.
        let address = unsafe { alloc_zeroed(FRAME) };
        // SAFETY: the frame has 4,096 bytes. Its content is not to matter.
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

/// Uses an address, as a program does: the TLB remembers its page.
pub(super) fn touch(table: &TestTable, vaddr: VirtAddr) {
    if let Ok(mapping) = table.query(vaddr) {
        let offset = vaddr.as_u64() % mapping.size.bytes();
        let page = Mapping { paddr: mapping.paddr - offset, ..mapping };
        table.handler().0.tlb.borrow_mut().insert(vaddr.as_u64() - offset, page);
    }
}

/// Checks that each page that the TLB remembers translates as it does there.
pub(super) fn check_tlb(table: &TestTable) {
    for (&page, remembered) in &*table.handler().0.tlb.borrow() {
        for offset in [0, remembered.size.bytes() - 4096] {
            let now = table.query(VirtAddr::new(page + offset));
            let same = now.is_ok_and(|now| {
                now.paddr == remembered.paddr + offset && now.flags == remembered.flags
            });
            assert!(same, "the TLB remembers {remembered:?} at {page:#x}, now it is {now:?}");
        }
    }
}

/// Checks that exactly the frames of the tables are in use, and that no table but
/// the root is empty.
pub(super) fn check_frames(table: &TestTable, memory: &Memory) {
    let mut frames = BTreeSet::new();
    table.for_each_table(|frame, level| {
        assert!(frames.insert(frame.as_u64()), "{frame:?} is reached twice");
        // SAFETY: the frame is in use as a table of 512 words.
        #[expect(unsafe_code, reason = "looks at a table")]
        let words = unsafe { &*(frame.as_u64() as *const [u64; 512]) };
        let used = |words: &[u64; 512]| words.iter().filter(|&&word| word != 0).count();
        assert!(level == 4 || used(words) > 0, "an empty table stays");
        let entries = words.iter().map(|&word| X64PTE::from_bits(word));
        for entry in entries.filter(|entry| level > 1 && entry.is_table()) {
            // SAFETY: the entry points to a table of 512 words.
            #[expect(unsafe_code, reason = "looks at a table")]
            let words = unsafe { &*(entry.paddr().as_u64() as *const [u64; 512]) };
            assert_eq!(entry.used(), used(words), "the wrong number is noted");
        }
    });
    assert_eq!(frames, *memory.0.used.borrow());
}

pub(super) const RW: MappingFlags = MappingFlags::READ.union(MappingFlags::WRITE);
pub(super) const K4: u64 = PageSize::Size4K.bytes();
pub(super) const M2: u64 = PageSize::Size2M.bytes();
pub(super) const G1: u64 = PageSize::Size1G.bytes();
