//! A process without ring 3: its own page table, pages on demand, two CPUs that use it, a
//! shoot-down that interrupts only these, and the process's end.
//!
//! QEMU: -cpu max -smp 1
//! QEMU: -cpu max -smp 4

#![no_std]
#![no_main]
#![feature(custom_test_frameworks)]
#![test_runner(farjump::testing::run)]
#![reexport_test_harness_main = "test_main"]
#![deny(unsafe_code)]

extern crate alloc;

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use ::address_space::{
    Access, Attributes, Limits, Overlap, PageRange, Region, RegionFlags, Sharing,
};
use farjump::arch::cpu::percpu::{self, Cpu};
use farjump::arch::irq;
use farjump::arch::irq::vectors::SHOOTDOWN_VECTOR;
use farjump::arch::trap::dispatch;
use farjump::arch::trap::exception::Exception;
use farjump::arch::trap::fault::{Fault, Outcome};
use farjump::mm::kernel::frames::{self, AllocatedFrames, Purpose};
use farjump::mm::user::address_space::AddressSpace;
use farjump::mm::user::backing::Backing;
use farjump::mm::user::page_table::PageTableError;
use farjump::sync::Latch;
use farjump::task::{self, Builder, CpuSet};
use paging::MappingFlags;
use x86_64::VirtAddr;

farjump::test_kernel!(test_main);

/// The flags of a page, without USER: these tests don't use ring 3, and SMAP would deny the
/// kernel access to programs' pages.
const DATA: MappingFlags = MappingFlags::READ.union(MappingFlags::WRITE);

/// Pages from this address on are mapped when they are accessed.
const ON_DEMAND: VirtAddr = VirtAddr::new(0x40_0000);
const ON_DEMAND_END: VirtAddr = VirtAddr::new(0x50_0000);
const PAGE_BYTES: u64 = 4096;

/// The number of faults that the pager has handled.
static SERVED: AtomicU32 = AtomicU32::new(0);

/// The pager: maps the accessed page in the address space of the running thread.
fn serve(fault: &mut Fault<'_>) -> Outcome {
    let address = fault.page_fault().expect("it is one").address;
    let Some(space) = task::current_address_space() else {
        return Outcome::Unserved;
    };
    if !(ON_DEMAND..ON_DEMAND_END).contains(&address) {
        return Outcome::Unserved;
    }
    let Some(frame) = AllocatedFrames::try_new(Purpose::User) else {
        return Outcome::Unserved;
    };
    match space.map(address.align_down(PAGE_BYTES), frame, DATA) {
        // Another CPU may have mapped the page first.
        Ok(()) | Err(PageTableError::AlreadyMapped) => {
            SERVED.fetch_add(1, Ordering::Relaxed);
            Outcome::Served
        }
        Err(_) => Outcome::Unserved,
    }
}

fn start_pager() {
    static HAS_STARTED: AtomicU32 = AtomicU32::new(0);
    if HAS_STARTED.fetch_add(1, Ordering::Relaxed) == 0 {
        dispatch::set_handler(Exception::PageFault, serve);
    }
}

#[expect(unsafe_code, reason = "the page is the test's")]
fn write(address: VirtAddr, value: u64) {
    let place: *mut u64 = address.as_mut_ptr();
    // SAFETY: the page belongs to the test's own address space, and the pager maps it.
    unsafe { place.write_volatile(value) };
}

#[expect(unsafe_code, reason = "the page is the test's")]
fn read(address: VirtAddr) -> u64 {
    let place: *const u64 = address.as_ptr();
    // SAFETY: as above.
    unsafe { place.read_volatile() }
}

fn only(cpu: usize) -> CpuSet {
    let mut set = CpuSet::new();
    set.try_insert(cpu).expect("there is such a CPU");
    set
}

fn shootdowns(cpu: &Cpu) -> u64 {
    irq::count_on(cpu, SHOOTDOWN_VECTOR)
}

/// Returns the numbers of frames in use by programs: for pages and for tables.
fn in_use() -> (usize, usize) {
    let counts = frames::counts();
    (counts.used_for(Purpose::User), counts.used_for(Purpose::UserTables))
}

/// Waits until the threads of the processes have ended and freed their address spaces. A
/// thread returns its result before that.
fn wait_until_all_is_free() {
    while in_use() != (0, 0) {
        task::yield_now();
    }
}

/// Waits until nothing else refers to `space`, and drops it.
fn drop_last(mut space: Arc<AddressSpace>) {
    while let Err(shared) = Arc::try_unwrap(space).map(drop) {
        space = shared;
        task::yield_now();
    }
}

#[test_case]
fn pages_come_on_demand_and_go_with_the_process() {
    start_pager();
    for _ in 0..3 {
        wait_until_all_is_free();
        let served = SERVED.load(Ordering::Relaxed);
        let space = Arc::new(AddressSpace::try_new().expect("there is memory"));
        let thread = Builder::new("process")
            .address_space(space.clone())
            .spawn(|| {
                for page in 0..40 {
                    write(ON_DEMAND + page * PAGE_BYTES, page);
                }
                task::yield_now();
                (0..40).all(|page| read(ON_DEMAND + page * PAGE_BYTES) == page)
            })
            .expect("there is memory");
        assert!(thread.join());
        assert_eq!(SERVED.load(Ordering::Relaxed) - served, 40);
        assert_eq!(frames::counts().used_for(Purpose::User), 40);
        // Another address space doesn't have these pages. (A thread without an address space may
        // still see them, if its CPU hasn't loaded other tables since.)
        let other = Arc::new(AddressSpace::try_new().expect("there is memory"));
        let reader = Builder::new("other").address_space(other.clone()).spawn(|| read(ON_DEMAND));
        reader.expect("there is memory").join();
        assert_eq!(SERVED.load(Ordering::Relaxed) - served, 41);
        drop_last(other);
        drop_last(space);
        assert_eq!(in_use(), (0, 0), "pages and tables are free again");
    }
}

#[test_case]
fn address_spaces_show_their_own_pages() {
    start_pager();
    let threads: alloc::vec::Vec<_> = (0..6_u64)
        .map(|index| {
            let space = Arc::new(AddressSpace::try_new().expect("there is memory"));
            Builder::new("process")
                .address_space(space)
                .spawn(move || {
                    for round in 0..50 {
                        write(ON_DEMAND, index << 32 | round);
                        task::yield_now();
                        assert_eq!(read(ON_DEMAND), index << 32 | round);
                    }
                })
                .expect("there is memory")
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join());
}

#[test_case]
fn pages_of_the_kernel_and_null_pointers_are_refused() {
    let space = AddressSpace::try_new().expect("there is memory");
    let frame = || AllocatedFrames::try_new(Purpose::User).expect("there is memory");
    for page in [0, 0xF000, 0xFFFF_8000_0000_0000, 0xFFFF_FFFF_8000_0000, ON_DEMAND.as_u64() + 8] {
        let refused = space.map(VirtAddr::new(page), frame(), DATA);
        assert_eq!(refused, Err(PageTableError::NotOfPrograms), "{page:#x}");
    }
    for flags in [MappingFlags::GLOBAL, MappingFlags::DEVICE, MappingFlags::UNCACHED] {
        let refused = space.map(ON_DEMAND, frame(), DATA | flags);
        assert_eq!(refused, Err(PageTableError::FlagsNotAllowed), "{flags:?}");
    }
    assert_eq!(space.unmap(ON_DEMAND).err(), Some(PageTableError::NotMapped));
    assert_eq!(space.map(ON_DEMAND, frame(), DATA), Ok(()));
    assert_eq!(space.map(ON_DEMAND, frame(), DATA), Err(PageTableError::AlreadyMapped));
    assert!(space.unmap(ON_DEMAND).is_ok());
    assert_eq!(space.loaded_on().iter().sum::<u64>(), 0);
}

/// The step that the two threads of the process have reached.
static STEP: AtomicU64 = AtomicU64::new(0);

fn wait_for_step(step: u64) {
    while STEP.load(Ordering::Acquire) < step {
        core::hint::spin_loop();
    }
}

/// Two CPUs use the address space. Both flush a page that is unmapped, and no other CPU
/// is interrupted for it.
#[test_case]
fn shootdown_reaches_only_the_cpus_in_the_address_space() {
    if percpu::all().count() < 4 {
        return;
    }
    start_pager();
    STEP.store(0, Ordering::Relaxed);
    let space = Arc::new(AddressSpace::try_new().expect("there is memory"));
    let entered = Arc::new(Latch::new(2));
    let other_space = space.clone();
    let other_entered = entered.clone();
    // Stays on CPU 2 in the address space, without calling the scheduler.
    let other = Builder::new("second")
        .allowed(only(2))
        .address_space(space.clone())
        .spawn(move || {
            write(ON_DEMAND, 1);
            other_entered.count_down();
            wait_for_step(1);
            let is_gone = other_space.query(ON_DEMAND).is_none();
            // The access faults again, because the TLB no longer has an entry of the page.
            let served = SERVED.load(Ordering::Relaxed);
            write(ON_DEMAND, 2);
            is_gone && SERVED.load(Ordering::Relaxed) > served
        })
        .expect("there is memory");
    let unmapper_space = space.clone();
    let unmapper = Builder::new("first")
        .allowed(only(1))
        .address_space(space.clone())
        .spawn(move || {
            entered.count_down();
            entered.wait();
            // CPU 1 may have switched to its idle thread meanwhile; now it uses the
            // address space again.
            let seen: alloc::vec::Vec<_> = percpu::all().map(shootdowns).collect();
            assert_eq!(unmapper_space.loaded_on()[0], 0b0110, "CPUs 1 and 2 have it loaded");
            unmapper_space.unmap(ON_DEMAND).expect("the second thread has touched it");
            let now: alloc::vec::Vec<_> = percpu::all().map(shootdowns).collect();
            STEP.store(1, Ordering::Release);
            (seen, now)
        })
        .expect("there is memory");
    let (seen, now) = unmapper.join();
    assert!(other.join(), "CPU 2 has forgotten the page");
    assert_eq!(now[2], seen[2] + 1, "CPU 2 was asked once");
    assert_eq!((now[0], now[1], now[3]), (seen[0], seen[1], seen[3]), "and no other");
    drop_last(space);
}

#[test_case]
fn many_pages_are_unmapped_with_one_shootdown() {
    const PAGES: u64 = 1000;
    if percpu::all().count() < 4 {
        return;
    }
    STEP.store(0, Ordering::Relaxed);
    let space = Arc::new(AddressSpace::try_new().expect("there is memory"));
    let range = PageRange::try_new(ON_DEMAND_END.as_u64(), PAGES * PAGE_BYTES);
    let range = range.expect("it is a range");
    let attributes = Attributes {
        access: Access::READ | Access::WRITE,
        sharing: Sharing::Private,
        flags: RegionFlags::NO_HUGE_PAGE,
    };
    let region = Region::new(range, attributes, Backing::Anonymous);
    space.map_region(region, Overlap::Refused, &Limits::UNLIMITED).expect("there is memory");
    space.populate(range).expect("there is memory");
    let entered = Arc::new(Latch::new(2));
    let other_entered = entered.clone();
    let other = Builder::new("second")
        .allowed(only(2))
        .address_space(space.clone())
        .spawn(move || {
            other_entered.count_down();
            wait_for_step(1);
        })
        .expect("there is memory");
    let unmapper_space = space.clone();
    let unmapper = Builder::new("first")
        .allowed(only(1))
        .address_space(space.clone())
        .spawn(move || {
            entered.count_down();
            entered.wait();
            let seen = percpu::all().map(shootdowns).nth(2);
            unmapper_space.unmap_region(range, &Limits::UNLIMITED).expect("there is memory");
            let now = percpu::all().map(shootdowns).nth(2);
            STEP.store(1, Ordering::Release);
            (seen, now)
        })
        .expect("there is memory");
    let (seen, now) = unmapper.join();
    other.join();
    assert_eq!(now, seen.map(|count| count + 1));
    assert_eq!(space.memory_use().pages, 0);
}
