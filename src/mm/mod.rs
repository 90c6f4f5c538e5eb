//! Memory: frames, the kernel's own address space, its heap, and the memory of programs.
//!
//! [`kernel`] has the kernel's own memory, [`user`] that of programs; [`debug`] inspects both.
//!
//! Locks, from outer to inner: the heap's three, kernel space, frames' two; pages are mapped for
//! the heap without holding the lock of its blocks. No interrupt handler takes any of them:
//! interrupt context allocates nothing.

pub mod debug;
pub mod kernel;
pub mod user;

use core::ops::Range;

use boot_information::BootInformation;
use frame_bitmap::FrameBitmap;
use heapless::Vec;
use memory_map::Kind;
use paging::Capabilities;
use x86_64::PhysAddr;

use crate::arch::boot_stage::{self, Stage};
use crate::arch::init_order::Idt;
use crate::arch::time::clock;
use crate::mm::debug::audit;
use crate::mm::kernel::frames::{self, AllocatedFrames, Purpose};
use crate::mm::kernel::layout::{self, DIRECT_MAP_BYTES, FRAME_BYTES, STUB_MAPPED_BYTES};
use crate::mm::kernel::ram::{self, Map};
use crate::mm::kernel::{heap, image, kernel_space, screen_memory};

/// The largest number of frames of the stub, without its stacks: tables, code and data.
const STUB_FRAMES_MAX: usize = 16;

/// Proof that the kernel uses its own page tables and has a heap. It has the times that this took,
/// in ticks of the time stamp counter.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Mapping all RAM.
    pub direct_map_ticks: u64,
    /// All steps, except the audit.
    pub start_ticks: u64,
}

/// Initializes the memory. `structure` is the range of the loader's structure, which stays
/// unchanged.
///
/// # Panics
/// If there is too little memory.
pub fn start(
    _idt: Idt,
    information: &BootInformation,
    structure: Range<PhysAddr>,
    capabilities: Capabilities,
) -> Memory {
    boot_stage::mark(Stage::Memory);
    let start_tsc = clock::read_tsc();
    let mut map = ram::find(information, structure.clone());
    let (seen, info_table) = start_frames(&mut map, structure);
    let stub = stub_frames();
    let direct_map_ticks = kernel_space::start(&map, capabilities, seen, screen_memory::mapping())
        .unwrap_or_else(|error| panic!("no page tables for the kernel: {error}"));
    frames::reach_all(info_table, image::stub_frames());
    // The stub's code is no longer mapped, and its tables aren't loaded.
    drop(stub);
    heap::start();
    let start_ticks = clock::read_tsc() - start_tsc;
    let counts = frames::counts();
    log::info!(
        "{} MiB of RAM, {} of it free; on page tables of its own",
        (counts.managed as u64 * FRAME_BYTES) >> 20,
        (counts.free as u64 * FRAME_BYTES) >> 20
    );
    ram::keep(map);
    if cfg!(debug_assertions) {
        audit::run().expect_clean();
    }
    Memory { direct_map_ticks, start_ticks }
}

/// Starts the frame allocator. Its storage is at the end of the highest range of RAM below 1 GiB
/// that is large enough, because devices may need the lowest memory. Returns the audit's bits, one
/// for each frame, and the table for the records of frames.
fn start_frames(
    map: &mut Map,
    structure: Range<PhysAddr>,
) -> (&'static mut [u64], &'static mut [u64]) {
    let frames = (map.end_of_memory().min(DIRECT_MAP_BYTES) / FRAME_BYTES) as usize;
    let bitmap_words = FrameBitmap::words_needed(frames);
    let seen_words = frames.div_ceil(u64::BITS as usize);
    let words = bitmap_words + seen_words + frames::table_words(frames);
    let len_bytes = (words as u64 * 8).next_multiple_of(FRAME_BYTES);
    let start = map
        .usable_frames(FRAME_BYTES)
        .map(|(start, end)| (start, end.min(STUB_MAPPED_BYTES)))
        .filter(|(start, end)| *end >= start.saturating_add(len_bytes))
        .last()
        .map(|(_, end)| PhysAddr::new(end - len_bytes))
        .unwrap_or_else(|| {
            panic!("no {} KiB of memory in one piece below 1 GiB: add memory", len_bytes / 1024)
        });
    map.add(start.as_u64(), len_bytes, Kind::Kernel).expect("storage for all was measured");

    let storage: *mut u64 = layout::direct(start).as_mut_ptr();
    // SAFETY: the memory is RAM that nothing uses, and is not among the frames that are allocated
    // from now on. The stub and the direct map map it. Any bytes are valid words.
    let storage: &'static mut [u64] = unsafe { core::slice::from_raw_parts_mut(storage, words) };
    let (storage, rest) = storage.split_at_mut(bitmap_words);
    let (seen, info_table) = rest.split_at_mut(seen_words);
    let mut bitmap = FrameBitmap::try_new(storage, frames).expect("it was measured");
    let mut add = |start: u64, end: u64| {
        let first = (start / FRAME_BYTES) as usize;
        let count = ((end.min(DIRECT_MAP_BYTES) - start) / FRAME_BYTES) as usize;
        bitmap.add(first, count).expect("the map has no overlaps");
    };
    for (start, end) in map.usable_frames(FRAME_BYTES) {
        if start < DIRECT_MAP_BYTES {
            add(start, end);
        }
    }
    // Once the kernel uses its own tables, the stub's frames can be allocated, except those that
    // contain the loader's structure.
    let stub = image::stub_frames();
    for frame in (stub.start.as_u64()..stub.end.as_u64()).step_by(FRAME_BYTES as usize) {
        let end = frame + FRAME_BYTES;
        if structure.end.as_u64() <= frame || end <= structure.start.as_u64() {
            add(frame, end);
        }
    }
    frames::start(bitmap, PhysAddr::new(STUB_MAPPED_BYTES));
    (seen, info_table)
}

/// Allocates the frames of the stub, so that they aren't used for anything else while the
/// stub is in use.
fn stub_frames() -> Vec<AllocatedFrames, STUB_FRAMES_MAX> {
    let stub = image::stub_frames();
    let take = || AllocatedFrames::try_new_within(stub.start, stub.end, Purpose::Stub);
    core::iter::from_fn(take).collect()
}
