//! An address space: a page table of its own whose upper half is the kernel's.
//!
//! Invariants:
//! 1. The table has the kernel's upper half, whose tables are there for ever.
//! 2. A frame that is mapped in the lower half belongs to that mapping alone: it was leaked
//!    out of its [`AllocatedFrames`].
//! 3. The table lives as long as a CPU has it loaded: [`Drop`] makes all CPUs leave it first.

use alloc::sync::Arc;
use core::fmt;
use core::ops::ControlFlow;

use paging::{
    Capabilities, FlushScope, MappingFlags, PageSize, PagingError, PagingHandler, X64PageTable,
};
use x86_64::{PhysAddr, VirtAddr};

use crate::arch::smp::cpu_bits::SET_WORDS;
use crate::arch::smp::tlb::Space;
use crate::mm::kernel::frames::{AllocatedFrames, Purpose};
use crate::mm::kernel::kernel_space;
use crate::mm::kernel::layout::{self, FRAME_BYTES, NULL_END, PROGRAMS_END};
use crate::sync::Mutex;

/// The page table's access to frames and their memory, and to the TLBs of the CPUs that have the
/// address space loaded.
struct Host {
    capabilities: Capabilities,
    space: Arc<Space>,
}

// SAFETY: a leaked frame belongs to the table alone until it is taken back, and the direct map
// shows it. `space` knows all CPUs that have the table loaded, and flushes their TLBs.
unsafe impl PagingHandler for Host {
    fn alloc_frame(&self) -> Option<PhysAddr> {
        AllocatedFrames::try_new(Purpose::UserTables).map(AllocatedFrames::leak)
    }

    fn dealloc_frame(&self, frame: PhysAddr) {
        // SAFETY: the page table returns what it took, after no CPU walks there any more.
        drop(unsafe { AllocatedFrames::from_leaked(frame, Purpose::UserTables) });
    }

    fn phys_to_virt(&self, frame: PhysAddr) -> VirtAddr {
        layout::direct(frame)
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn flush(&self, scope: FlushScope) {
        self.space.flush(scope);
    }
}

/// Why an operation on an address space failed. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressSpaceError {
    /// The page isn't one of a program: too low, too high, or not aligned.
    NotOfPrograms,
    /// The flags aren't allowed for programs: a global page, or a device's.
    FlagsNotAllowed,
    /// Something is mapped there.
    AlreadyMapped,
    /// Nothing is mapped there.
    NotMapped,
    /// No frame is left for a page table.
    NoMemory,
}

impl fmt::Display for AddressSpaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotOfPrograms => "programs have no such page",
            Self::FlagsNotAllowed => "memory of programs isn't global nor that of a device",
            Self::AlreadyMapped => "something is mapped there",
            Self::NotMapped => "nothing is mapped there",
            Self::NoMemory => "no frame is left for a page table",
        })
    }
}

impl core::error::Error for AddressSpaceError {}

impl From<PagingError> for AddressSpaceError {
    fn from(error: PagingError) -> Self {
        match error {
            PagingError::NoMemory => Self::NoMemory,
            PagingError::AlreadyMapped => Self::AlreadyMapped,
            PagingError::NotMapped | PagingError::NotPresent => Self::NotMapped,
            _ => Self::NotOfPrograms,
        }
    }
}

/// The flags that mappings of programs may have. A global one would outlive its address space in
/// the TLBs.
const PROGRAM_FLAGS: MappingFlags = MappingFlags::READ
    .union(MappingFlags::WRITE)
    .union(MappingFlags::EXECUTE)
    .union(MappingFlags::USER)
    .union(MappingFlags::COPY_ON_WRITE)
    .union(MappingFlags::NO_ACCESS);

/// An address space.
pub struct AddressSpace {
    /// Protects the lower half of the page table; taken by threads that change it, and by threads
    /// while their page faults are handled.
    table: Mutex<X64PageTable<Host>>,
    root: PhysAddr,
    space: Arc<Space>,
}

impl AddressSpace {
    /// Makes one that maps nothing in its lower half.
    ///
    /// # Errors
    /// [`AddressSpaceError::NoMemory`].
    pub fn try_new() -> Result<Self, AddressSpaceError> {
        let space = Arc::try_new(Space::new()).map_err(|_| AddressSpaceError::NoMemory)?;
        let host = Host { capabilities: kernel_space::capabilities(), space: space.clone() };
        let table = X64PageTable::try_new_sharing(host, &kernel_space::upper_half())?;
        let root = table.root_paddr();
        Ok(Self { table: Mutex::new(table), root, space })
    }

    /// Maps `frame`, a single one for [`Purpose::User`], which it owns from now on, at
    /// `page`. May wait.
    ///
    /// # Errors
    /// See [`AddressSpaceError`]; the frame is freed then.
    pub fn map(
        &self,
        page: VirtAddr,
        frame: AllocatedFrames,
        flags: MappingFlags,
    ) -> Result<(), AddressSpaceError> {
        let is_one_of_programs = frame.count() == 1 && frame.purpose() == Purpose::User;
        if page < NULL_END || page >= PROGRAMS_END || !is_one_of_programs {
            return Err(AddressSpaceError::NotOfPrograms);
        }
        if !PROGRAM_FLAGS.contains(flags) {
            return Err(AddressSpaceError::FlagsNotAllowed);
        }
        self.table.lock().map(page, frame.start(), PageSize::Size4K, flags)?;
        frame.leak();
        Ok(())
    }

    /// Unmaps `page` and returns its frame; no CPU can access it by this address space any more.
    /// May wait.
    ///
    /// # Errors
    /// [`AddressSpaceError::NotMapped`].
    pub fn unmap(&self, page: VirtAddr) -> Result<AllocatedFrames, AddressSpaceError> {
        let mut table = self.table.lock();
        let (leaf, flush) = table.unmap(page)?;
        flush.flush();
        let frame = leaf.mapping().ok_or(AddressSpaceError::NotMapped)?.paddr;
        // SAFETY: the frame belonged to the mapping alone (invariant 2), which is gone from
        // the table and from all TLBs.
        Ok(unsafe { AllocatedFrames::from_leaked(frame, Purpose::User) })
    }

    /// Returns what `address` is mapped to. May wait.
    ///
    /// # Errors
    /// [`AddressSpaceError::NotMapped`].
    pub fn query(&self, address: VirtAddr) -> Result<paging::Mapping, AddressSpaceError> {
        Ok(self.table.lock().query(address)?)
    }

    /// Returns the CPUs that have it loaded, a bit each.
    pub fn loaded_on(&self) -> [u64; SET_WORDS] {
        self.space.loaded_on()
    }

    /// Loads it on this CPU, until the CPU loads another one or is made to leave it. Interrupts are
    /// off. The caller keeps it alive as long as a thread runs in it on this CPU.
    pub fn load(&self) {
        // SAFETY: invariants 1 and 3; `space` stands in an `Arc` that this one holds.
        unsafe { self.space.load(self.root) };
    }
}

impl Drop for AddressSpace {
    fn drop(&mut self) {
        self.space.retire();
        let mut table = self.table.lock();
        let len_bytes = PROGRAMS_END.as_u64();
        let take = |_: VirtAddr, leaf: paging::Leaf<paging::X64PTE>| {
            if let Some(mapping) = leaf.mapping() {
                // SAFETY: the frame belongs to the mapping alone (invariant 2), and no CPU
                // has the table loaded any more.
                drop(unsafe { AllocatedFrames::from_leaked(mapping.paddr, Purpose::User) });
            }
            ControlFlow::Continue(())
        };
        let unmapped = table.unmap_region_with(VirtAddr::zero(), len_bytes, take);
        // No CPU has it loaded, so no flush is needed.
        unmapped.expect("the lower half is a range of whole pages").1.flush_by(|_| {});
    }
}

const _: () = assert!(PROGRAMS_END.as_u64().is_multiple_of(FRAME_BYTES));
