//! Flushing the TLBs of all CPUs, and loading page tables.
//!
//! All page tables share the kernel's half, so a change of it is flushed on all CPUs. A change of
//! an address space is flushed on the CPUs that have the space loaded; each space has the set of
//! these CPUs. An interrupt requests the flush on another CPU. That CPU flushes in the interrupt's
//! handler or, if it waits with interrupts off, in its waiting loop.
//!
//! A CPU that runs a thread without an address space keeps the previous space loaded, and is "lazy"
//! in it. At the first flush request it leaves the space, and receives no further requests.
//!
//! If the CPU has PCIDs, its TLB keeps entries of several recent spaces. A generation number
//! records whether they are up to date. Linux's `arch/x86/mm/tlb.c` does the same.

use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering, fence};

use paging::FlushScope;
use shootdown::{Request, Shootdown, Tags, Target};
use x86_64::registers::control::{Cr3, Cr4, Cr4Flags};
use x86_64::{PhysAddr, VirtAddr, instructions};

use crate::arch::cpu::control_registers;
use crate::arch::cpu::features;
use crate::arch::cpu::id::CpuId;
use crate::arch::cpu::percpu::{self, CPUS_MAX, Cpu};
use crate::arch::irq::interrupt_flag::{self, InterruptsOff};
use crate::arch::irq::local_apic::Message;
use crate::arch::irq::vectors::SHOOTDOWN_VECTOR;
use crate::arch::irq::{self, ipi};
use crate::arch::smp::cpu_bits::{CpuBits, SET_WORDS};
use crate::arch::smp::stopped;
use crate::per_cpu;

static SHOOTDOWN: Shootdown<CPUS_MAX, SET_WORDS> = Shootdown::new();

/// The CPUs that receive flush requests for the kernel's half; empty while only the boot
/// CPU runs.
static ONLINE: CpuBits = CpuBits::new();

/// The root of the kernel's own page table.
static KERNEL_ROOT: AtomicU64 = AtomicU64::new(0);

/// The number of the next address space. 0 is the kernel's half.
static NEXT_SPACE: AtomicU64 = AtomicU64::new(1);
const KERNEL_SPACE: u64 = 0;

/// The number of address spaces that a CPU with PCIDs keeps in its TLB.
const TAGS: usize = 6;

per_cpu! {
    /// The address space that is loaded here; null for the kernel's own table.
    static LOADED: AtomicPtr<Space> = AtomicPtr::new(core::ptr::null_mut());
    /// The tag of the loaded space.
    static TAG: AtomicU32 = AtomicU32::new(0);
    /// Whether the space is loaded only because no other space has been loaded since.
    static IS_LAZY: AtomicBool = AtomicBool::new(false);
    static SPACE_TAGS: Tags<TAGS> = Tags::new();
}

/// Returns the root of the page table that this CPU uses.
pub fn root() -> PhysAddr {
    Cr3::read().0.start_address()
}

/// Makes this CPU use the kernel's own page table, whose root is in the frame at `root`.
///
/// # Safety
/// The table maps all code, data and stacks in use at their present addresses, and lives
/// for ever.
pub unsafe fn load_kernel(root: PhysAddr) {
    KERNEL_ROOT.store(root.as_u64(), Ordering::Relaxed);
    // SAFETY: the caller's promise.
    unsafe { control_registers::write_cr3(root.as_u64()) };
}

/// Registers the handler of flush requests. Called once, on the boot CPU.
pub(in crate::arch) fn start() {
    irq::set_local_handler(SHOOTDOWN_VECTOR, answer_shootdowns);
    add(percpu::current());
}

/// Adds `cpu`, which is this CPU, to those that receive flush requests.
pub(in crate::arch) fn add(cpu: &Cpu) {
    ONLINE.insert(cpu.id());
    // This CPU has received no requests for earlier changes.
    flush_all();
}

/// Flushes `scope` of the kernel's half from the TLBs and paging-structure caches of all
/// CPUs, and returns when all have flushed.
pub fn flush_everywhere(scope: FlushScope) {
    let Some(request) = request(scope, KERNEL_SPACE, 0) else {
        return;
    };
    // From here to the end the thread stays on one CPU, so that the CPU that flushes its own TLB is
    // also the one to which no request is sent.
    let _interrupts_off = InterruptsOff::new();
    flush_here(request);
    // Read after the change of the table, so that a CPU that goes online later uses the changed
    // table.
    fence(Ordering::SeqCst);
    ask_others(request, &ONLINE.words());
}

/// The TLB state of an address space.
#[derive(Debug)]
pub struct Space {
    number: u64,
    /// The generation: incremented by each change that TLBs must see.
    generation: AtomicU64,
    /// The CPUs that have this space loaded.
    loaded_on: CpuBits,
}

impl Space {
    /// Returns the state of a new space, which no CPU has loaded.
    #[expect(clippy::new_without_default, reason = "each has a number of its own")]
    pub fn new() -> Self {
        Self {
            number: NEXT_SPACE.fetch_add(1, Ordering::Relaxed),
            generation: AtomicU64::new(1),
            loaded_on: CpuBits::new(),
        }
    }

    /// Returns the CPUs that have it loaded, one bit for each.
    pub fn loaded_on(&self) -> [u64; SET_WORDS] {
        self.loaded_on.words()
    }

    /// Makes this CPU use the page table of this space, whose root is in the frame at
    /// `root`. Interrupts are off.
    ///
    /// # Safety
    /// The table's upper half is the kernel's. The table and this value stay where they are
    /// until [`retire`](Self::retire) has returned.
    pub unsafe fn load(&self, root: PhysAddr) {
        assert!(!interrupt_flag::are_enabled(), "an address space is loaded on one CPU");
        IS_LAZY.set(false);
        let before = loaded();
        if before.is_some_and(|before| core::ptr::eq(before, self)) {
            // The space is still loaded: a flush would have made this CPU leave it while it was
            // lazy.
            return;
        }
        let cpu = percpu::current();
        // A full barrier before the generation is read: a flush either finds this CPU in
        // the set, or has already changed the generation.
        self.loaded_on.insert(cpu.id());
        let has_pcid = features::HAS_PCID.get();
        let generation = self.generation.load(Ordering::SeqCst);
        let count = if has_pcid { TAGS } else { 1 };
        let tag = SPACE_TAGS.here().choose(count, self.number, generation);
        TAG.set(tag.index as u32);
        LOADED.here().store(core::ptr::from_ref(self).cast_mut(), Ordering::Relaxed);
        let mut cr3 = root.as_u64();
        if has_pcid {
            // PCID 0 belongs to the kernel's own table.
            cr3 |= tag.index as u64 + 1;
            cr3 |= if tag.is_current { KEEP_TLB } else { 0 };
        }
        // SAFETY: the caller's promise.
        unsafe { control_registers::write_cr3(cr3) };
        if let Some(before) = before {
            before.loaded_on.remove(cpu.id());
        }
    }

    /// Flushes `scope` of this space from the TLBs and paging-structure caches of the
    /// CPUs that have it loaded, and returns when all have flushed. CPUs that load it
    /// later use the changed table.
    pub fn flush(&self, scope: FlushScope) {
        // The thread stays on one CPU from the change of the generation to the end of the wait.
        let _interrupts_off = InterruptsOff::new();
        if scope == FlushScope::Nothing {
            return;
        }
        let generation = self.generation.fetch_add(1, Ordering::SeqCst) + 1;
        let Some(request) = request(scope, self.number, generation) else {
            return;
        };
        flush_here(request);
        fence(Ordering::SeqCst);
        ask_others(request, &self.loaded_on.words());
    }

    /// Makes all CPUs that are lazy in this space leave it. Afterwards none has it loaded.
    ///
    /// # Panics
    /// If a thread still runs in it.
    pub fn retire(&self) {
        if shootdown::is_empty(&self.loaded_on()) {
            // Orders what follows after all accesses that the CPUs made before they left the space.
            return fence(Ordering::Acquire);
        }
        let _interrupts_off = InterruptsOff::new();
        let all = FlushScope::Pages {
            first: VirtAddr::zero(),
            last: VirtAddr::new_truncate(u64::MAX),
            step_bytes: PAGE_BYTES,
        };
        self.flush(all);
        let running = |cpu: &&'static Cpu| stopped::stopped_at(cpu).is_none();
        let is_loaded = |cpu: &'static Cpu| self.loaded_on.contains(cpu.id());
        assert!(
            !percpu::all().filter(running).any(is_loaded),
            "a thread runs in a space that ends"
        );
    }
}

/// Records that this CPU runs a thread without an address space. The CPU keeps the loaded space
/// until a flush of that space. Interrupts are off.
#[inline]
pub fn enter_lazy() {
    if loaded().is_some() {
        assert!(!interrupt_flag::are_enabled(), "the thread stays on the CPU that becomes lazy");
        IS_LAZY.set(true);
    }
}

/// Makes this CPU use the kernel's own page table. Interrupts are off.
pub fn leave_space() {
    assert!(!interrupt_flag::are_enabled(), "an address space is left on one CPU");
    let Some(before) = loaded() else {
        return;
    };
    IS_LAZY.set(false);
    LOADED.here().store(core::ptr::null_mut(), Ordering::Relaxed);
    // SAFETY: `load_kernel` has loaded it before any space was loaded, and it lives for
    // ever.
    unsafe { control_registers::write_cr3(KERNEL_ROOT.load(Ordering::Relaxed)) };
    before.loaded_on.remove(percpu::current().id());
}

/// Returns the space that is loaded on this CPU.
#[inline]
fn loaded() -> Option<&'static Space> {
    let space = LOADED.here().load(Ordering::Relaxed);
    // SAFETY: it is loaded on this CPU, and stays at its address until `retire` has
    // returned, which waits until this CPU has left it.
    unsafe { space.as_ref() }
}

/// In CR3: the TLB keeps the entries of the PCID.
///
/// Source: Intel SDM volume 3A, "Process-Context Identifiers (PCIDs)".
const KEEP_TLB: u64 = 1 << 63;

const PAGE_BYTES: u64 = 4096;

/// Returns the request that flushes `scope`; `None` if `scope` is empty.
fn request(scope: FlushScope, space: u64, generation: u64) -> Option<Request> {
    let FlushScope::Pages { first, last, step_bytes } = scope else {
        return None;
    };
    // An INVLPG of any address in a large page flushes the whole page, so the page's
    // first address is enough. For a range of large pages a full flush is cheaper.
    let pages = match (last - first) / PAGE_BYTES + 1 {
        pages if step_bytes == PAGE_BYTES || pages == 1 => pages,
        _ => Request::ALL_PAGES,
    };
    Some(Request { start: first.as_u64(), pages, space, generation })
}

/// Sends `request` to `targets`, except this CPU, and waits until all have flushed.
/// Interrupts are off.
fn ask_others(request: Request, targets: &[u64; SET_WORDS]) {
    if shootdown::is_empty(targets) {
        return;
    }
    SHOOTDOWN.run(
        percpu::current().id().index(),
        request,
        targets,
        |other| {
            if let Some(other) = percpu::get(CpuId::new(other as u32)) {
                ipi::send(other, Message::Vector(SHOOTDOWN_VECTOR));
            }
        },
        flush_here,
        |other| {
            core::hint::spin_loop();
            let is_stopped = percpu::get(CpuId::new(other as u32))
                .is_none_or(|other| stopped::stopped_at(other).is_some());
            if is_stopped { Target::Stopped } else { Target::Running }
        },
    );
}

/// Serves a flush request on this CPU.
fn flush_here(request: Request) {
    if request.space == KERNEL_SPACE {
        flush_pages(request, flush_all);
        // INVLPG flushes the paging-structure caches of the current PCID only.
        SPACE_TAGS.here().forget_others(loaded().map(|_| TAG.get() as usize));
        return;
    }
    if loaded().map(|space| space.number) != Some(request.space) {
        // This CPU has left the space; entries under its PCID belong to an earlier
        // generation.
        return;
    }
    if IS_LAZY.get() {
        return leave_space();
    }
    let (tags, tag) = (SPACE_TAGS.here(), TAG.get() as usize);
    let seen = tags.generation(tag);
    if seen >= request.generation {
        return;
    }
    if seen + 1 == request.generation {
        flush_pages(request, flush_space);
    } else {
        // An earlier change hasn't been flushed on this CPU.
        flush_space();
    }
    tags.note(tag, request.generation);
}

/// Flushes the pages of `request` one by one, or calls `flush_all` if that is cheaper.
///
/// INVLPG flushes a page, also a global one, and the paging-structure caches of the current PCID.
/// Source: Intel SDM volume 3A, "Operations that Invalidate TLBs and Paging-Structure Caches".
fn flush_pages(request: Request, flush_all: fn()) {
    if request.pages == Request::ALL_PAGES {
        return flush_all();
    }
    let last = request.start.wrapping_add((request.pages - 1) * PAGE_BYTES);
    let scope = FlushScope::Pages {
        first: VirtAddr::new_truncate(request.start),
        last: VirtAddr::new_truncate(last),
        step_bytes: PAGE_BYTES,
    };
    scope.flush_by(|page| match page {
        Some(page) => instructions::tlb::flush(page),
        None => flush_all(),
    });
}

#[cold]
fn answer() {
    // Some callers wait with interrupts on: the handler of flush requests must not interrupt this.
    let _interrupts_off = InterruptsOff::new();
    SHOOTDOWN.answer(percpu::current().id().index(), flush_here);
}

/// Serves flush requests of other CPUs, if there are any. Every loop that waits with interrupts off
/// has to call it in each iteration; otherwise other CPUs would wait for this CPU for ever. It
/// costs little if there is no request.
#[inline]
pub fn answer_shootdowns() {
    if SHOOTDOWN.is_pending(percpu::current().id().index()) {
        answer();
    }
}

/// Flushes this CPU's entries of the loaded space: all of its PCID except global pages.
fn flush_space() {
    // Bit 63 is always read as 0.
    let cr3 = control_registers::read_cr3();
    // SAFETY: the loaded table doesn't change.
    unsafe { control_registers::write_cr3(cr3) };
}

/// Flushes all entries of all PCIDs, also global ones, as every change of CR4.PGE does. If PGE is
/// off, no page is global.
fn flush_all() {
    let cr4 = Cr4::read();
    if !cr4.contains(Cr4Flags::PAGE_GLOBAL) {
        flush_space();
        return;
    }
    for cr4 in [cr4 - Cr4Flags::PAGE_GLOBAL, cr4] {
        // SAFETY: PGE only affects which entries the TLB keeps, and is restored.
        unsafe { Cr4::write(cr4) };
    }
}
