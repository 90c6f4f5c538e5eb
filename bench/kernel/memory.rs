//! The cost of memory operations in the kernel: `tools/bench` boots this with a time
//! stamp counter that counts instructions, and reads the lines that begin with `bench`.

#![no_std]
#![no_main]
#![feature(custom_test_frameworks)]
#![test_runner(farjump::testing::run)]
#![reexport_test_harness_main = "test_main"]
#![deny(unsafe_code)]

extern crate alloc;

// The same heaps as in the benchmark of the host.
#[expect(dead_code, reason = "blocks keep their sizes here")]
#[expect(unsafe_code, reason = "an allocator hands out raw memory")]
#[path = "../host/src/heap/allocators.rs"]
mod allocators;
#[path = "../host/src/random.rs"]
#[expect(dead_code, reason = "not all of it is needed here")]
mod random;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::alloc::Layout;
use core::hint::black_box;
use core::mem::{forget, replace};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU32, Ordering};

use allocators::{Allocator, LinkedList, Talc};
use farjump::arch::irq::interrupt_flag::InterruptsOff;
use farjump::arch::time::clock::read_tsc;
use farjump::mm::kernel::frames::{AllocatedFrames, Purpose};
use farjump::mm::kernel::heap;
use farjump::testing::machine;
use farjump::{println, task};
use random::Random;

farjump::test_kernel!(test_main);

const ARENA_BYTES: usize = 8 << 20;
const STEPS: u64 = 20_000;
/// The number of operations of a measurement.
const OPERATIONS: u64 = 1000;

/// Runs `work`, which does `operations` operations, and prints the cost of one.
fn measure(name: &str, operations: u64, work: impl FnOnce()) {
    let interrupts_off = InterruptsOff::new();
    let start = read_tsc();
    work();
    let ticks = read_tsc() - start;
    drop(interrupts_off);
    println!("bench {name} {}", ticks / operations);
}

#[test_case]
fn bring_up() {
    let memory = machine().memory;
    println!("bench direct_map {}", memory.direct_map_ticks);
    println!("bench start {}", memory.start_ticks);
}

#[test_case]
fn frames() {
    let mut held = Vec::with_capacity(OPERATIONS as usize);
    measure("frame_allocate", OPERATIONS, || {
        held.extend((0..OPERATIONS).map_while(|_| AllocatedFrames::try_new(Purpose::Other)));
    });
    assert_eq!(held.len(), OPERATIONS as usize);
    measure("frame_free", OPERATIONS, || held.clear());
}

/// Prints the cost of `make`, and of dropping its result, while the CPU's cache suffices.
/// 16 calls are measured at a time, so that reading the counter costs little.
fn measure_cached<T>(name: &str, mut make: impl FnMut() -> Option<T>) {
    const AT_ONCE: usize = 16;
    let rounds = OPERATIONS / AT_ONCE as u64;
    let (mut allocate, mut free) = (0, 0);
    let interrupts_off = InterruptsOff::new();
    for round in 0..2 * rounds {
        let mut held: [Option<T>; AT_ONCE] = [const { None }; AT_ONCE];
        let start = read_tsc();
        // The old values are `None`, so nothing has to be dropped.
        held.iter_mut().for_each(|place| forget(replace(place, make())));
        let middle = read_tsc();
        held.iter_mut().for_each(|place| drop(place.take()));
        let end = read_tsc();
        // The first rounds fill the cache.
        if round >= rounds {
            allocate += middle - start;
            free += end - middle;
        }
    }
    drop(interrupts_off);
    let operations = rounds * AT_ONCE as u64;
    println!("bench {name}_cached_allocate {}", allocate / operations);
    println!("bench {name}_cached_free {}", free / operations);
}

#[test_case]
fn cached() {
    measure_cached("frame", || AllocatedFrames::try_new(Purpose::Other));
    measure_cached("heap", || Some(black_box(Box::new([1_u64; 2]))));
}

/// Measures the cost of clearing a frame, which a stock of cleared frames would save.
#[test_case]
fn cleared_frames() {
    let mut page = Box::new([0x55_u64; 512]);
    measure("frame_clear", 100, || (0..100).for_each(|_| black_box(&mut page).fill(0)));
}

/// The number of frames and small blocks that a thread allocates and frees, and the
/// number that it holds at once.
const MANY: u64 = 20_000;
const MANY_HELD: usize = 24;

/// Allocates and frees frames and small blocks in turn; some groups are larger than a
/// cache.
fn take_and_free_many() {
    let mut frames: [Option<AllocatedFrames>; 3 * MANY_HELD] = [const { None }; 3 * MANY_HELD];
    let mut blocks: [Option<Box<[u64; 8]>>; 3 * MANY_HELD] = [const { None }; 3 * MANY_HELD];
    let mut left = MANY;
    let mut round = 0;
    while left > 0 {
        // Each third group is larger than a cache of blocks.
        let held = if round % 3 == 0 { 3 * MANY_HELD } else { MANY_HELD };
        let held = held.min(left as usize);
        for (frame, block) in frames.iter_mut().zip(&mut blocks).take(held) {
            *frame = AllocatedFrames::try_new(Purpose::Other);
            *block = Some(Box::new([1; 8]));
        }
        for (frame, block) in frames.iter_mut().zip(&mut blocks).take(held) {
            assert!(frame.take().is_some());
            drop(black_box(block.take()));
        }
        left -= held as u64;
        round += 1;
    }
}

/// Measures one thread, and then one thread on each CPU at the same time. An operation
/// allocates and frees a frame and a block. QEMU counts the instructions of all CPUs
/// together.
#[test_case]
fn many_at_once() {
    static WAITING: AtomicU32 = AtomicU32::new(0);
    take_and_free_many();
    let cpus = task::cpus().count() as u32;
    for threads in [1, cpus] {
        WAITING.store(threads, Ordering::Release);
        let start = || {
            // All threads begin together.
            WAITING.fetch_sub(1, Ordering::AcqRel);
            while WAITING.load(Ordering::Acquire) > 0 {
                core::hint::spin_loop();
            }
            let start_tsc = read_tsc();
            take_and_free_many();
            (start_tsc, read_tsc())
        };
        let threads: Vec<_> = (0..threads)
            .map(|cpu| {
                let mut allowed = task::CpuSet::new();
                allowed.try_insert(cpu as usize).expect("the CPU runs");
                let thread = task::Builder::new("many").allowed(allowed).spawn(start);
                thread.expect("there is memory")
            })
            .collect();
        let count = threads.len() as u64;
        let times: Vec<(u64, u64)> = threads.into_iter().map(|thread| thread.join()).collect();
        let first = times.iter().map(|(start, _)| *start).min().unwrap_or(0);
        let last = times.iter().map(|(_, end)| *end).max().unwrap_or(0);
        println!("bench many_on_{count} {}", (last - first) / (count * MANY));
    }
}

#[test_case]
fn kernel_heap() {
    let mut boxes: Vec<Box<[u64; 8]>> = Vec::with_capacity(OPERATIONS as usize);
    heap::trim();
    // The first round maps frames.
    for name in ["heap_allocate_first", "heap_allocate"] {
        let operations = 0..OPERATIONS;
        measure(name, OPERATIONS, || boxes.extend(operations.map(|_| Box::new([1; 8]))));
        measure("heap_free", OPERATIONS, || black_box(&mut boxes).clear());
    }
}

/// Allocates and frees blocks at random; about 2,000 exist at a time.
fn random_blocks<A: Allocator>(name: &str, sizes: fn(&mut Random) -> usize) {
    let mut arena: Vec<u8> = alloc::vec![1; ARENA_BYTES];
    #[expect(unsafe_code, reason = "an allocator takes raw memory")]
    // SAFETY: the arena outlives the heap, and nothing else uses it.
    let mut heap = unsafe { A::new(arena.as_mut_ptr(), arena.len()) };
    let mut slots: Vec<Option<(NonNull<u8>, Layout)>> = alloc::vec![None; 4000];
    let mut random = Random::new(11);
    let steps: Vec<(usize, usize)> =
        (0..2 * STEPS).map(|_| (random.index(4000), sizes(&mut random))).collect();
    let mut run = |steps: &[(usize, usize)]| {
        for &(slot, bytes) in steps {
            slots[slot] = match slots[slot].take() {
                Some((block, layout)) => {
                    #[expect(unsafe_code, reason = "an allocator takes raw memory")]
                    // SAFETY: it was allocated from this heap with this layout.
                    unsafe {
                        heap.free(block, layout)
                    };
                    None
                }
                None => {
                    let layout = Layout::from_size_align(bytes, 8).expect("a power of two");
                    Some((heap.allocate(layout).expect("there is room"), layout))
                }
            };
        }
    };
    let (before, measured) = steps.split_at(STEPS as usize);
    run(before);
    measure(name, STEPS, || run(measured));
}

fn small(random: &mut Random) -> usize {
    16 + random.index(497)
}

fn mixed(random: &mut Random) -> usize {
    let doubled = 16 << random.index(8);
    doubled + random.index(doubled + 1)
}

#[test_case]
fn heap_candidates() {
    random_blocks::<Talc>("talc_small", small);
    random_blocks::<LinkedList>("linked_list_small", small);
    random_blocks::<Talc>("talc_mixed", mixed);
    random_blocks::<LinkedList>("linked_list_mixed", mixed);
}
