//! What memory costs in the kernel: `tools/bench` boots this with a time stamp
//! counter that counts instructions, and reads the lines that begin with `bench`.

#![no_std]
#![no_main]
#![feature(custom_test_frameworks)]
#![test_runner(farjump::testing::run)]
#![reexport_test_harness_main = "test_main"]
#![deny(unsafe_code)]

extern crate alloc;

// What the host measures as well.
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
use core::ptr::NonNull;

use allocators::{Allocator, LinkedList, Talc};
use farjump::arch::irq::interrupt_flag::InterruptsOff;
use farjump::arch::time::clock::read_tsc;
use farjump::mm::kernel::frames::{AllocatedFrames, Purpose};
use farjump::mm::kernel::heap;
use farjump::println;
use farjump::testing::machine;
use random::Random;

farjump::test_kernel!(test_main);

const ARENA_BYTES: usize = 8 << 20;
const STEPS: u64 = 20_000;
/// How many operations make a figure.
const OPERATIONS: u64 = 1000;

/// Prints what `operations` times `work` takes, each.
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

#[test_case]
fn kernel_heap() {
    let mut boxes: Vec<Box<[u64; 8]>> = Vec::with_capacity(OPERATIONS as usize);
    heap::trim();
    // The first time maps frames.
    for name in ["heap_allocate_first", "heap_allocate"] {
        let operations = 0..OPERATIONS;
        measure(name, OPERATIONS, || boxes.extend(operations.map(|_| Box::new([1; 8]))));
        measure("heap_free", OPERATIONS, || black_box(&mut boxes).clear());
    }
}

/// Makes and frees blocks at random, about 2,000 of them live.
fn random_blocks<A: Allocator>(name: &str, sizes: fn(&mut Random) -> usize) {
    let mut arena: Vec<u8> = alloc::vec![1; ARENA_BYTES];
    #[expect(unsafe_code, reason = "an allocator takes raw memory")]
    // SAFETY: the arena outlives the heap, and nobody else uses it.
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
                    // SAFETY: it came from this heap with this layout.
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
