//! Physical frames: the project's bitmap compared with that of bitmap-allocator.
//!
//! Ours allocates the highest free frame, bitmap-allocator the lowest. For ours, frames are
//! numbered from the end, so that both use the same order. Both detect that a freed frame
//! is already free. If a frame was never added, ours reports an error, and bitmap-allocator
//! panics or adds the frame.

use bitmap_allocator::{BitAlloc, BitAlloc16M, BitAlloc64K};
use frame_bitmap::FrameBitmap;

use crate::measure::{Candidate, Sample, Table};
use crate::random::Random;

/// The number of frames of 4 KiB in a GiB.
const GIB: usize = 1 << 18;

/// The number of single frames that a round allocates and frees.
const FRAMES: usize = 600;

/// The number of frames that the kernel allocates at once for a CPU's cache.
const BATCH: usize = 32;

/// The number of frames of a run, and below the binary logarithm of its alignment.
const RUN: usize = 16;
const RUN_ALIGN_LOG2: usize = 4;

/// Which part of the memory is in use.
#[derive(Clone, Copy)]
enum Fill {
    /// One frame in 16, at random places.
    MostlyEmpty,
    /// All but one frame in 16, at random places; but the last 64th of the memory is
    /// free, so there are runs.
    MostlyFull,
}

impl Fill {
    fn label(self) -> &'static str {
        match self {
            Self::MostlyEmpty => "mostly empty",
            Self::MostlyFull => "mostly full",
        }
    }
}

/// The order in which frames are freed.
#[derive(Clone, Copy)]
enum Order {
    LastFirst,
    Random,
}

impl Order {
    fn label(self) -> &'static str {
        match self {
            Self::LastFirst => "last in, first out",
            Self::Random => "in random order",
        }
    }
}

/// Frames from 0 up to a number.
trait Frames {
    /// Allocates the lowest free frame.
    fn allocate(&mut self) -> Option<usize>;
    /// Allocates as many frames as `taken` has room for.
    fn allocate_all(&mut self, taken: &mut [u32]);
    /// Frees a frame.
    fn free(&mut self, frame: usize);
    /// Allocates the lowest aligned run of free frames; returns its first frame.
    fn allocate_run(&mut self) -> Option<usize>;
    /// Frees a run.
    fn free_run(&mut self, first: usize);
    /// Allocates a certain frame, which is free.
    fn take(&mut self, frame: usize);
    /// Frees all frames, or marks all as allocated.
    fn set_all(&mut self, frames: usize, is_free: bool);
}

/// The project's bitmap, with frames numbered from the end.
struct Ours {
    bitmap: FrameBitmap<'static>,
    frames: usize,
}

impl Frames for Ours {
    fn allocate(&mut self) -> Option<usize> {
        Some(self.frames - 1 - self.bitmap.allocate()?)
    }

    fn allocate_all(&mut self, taken: &mut [u32]) {
        assert_eq!(self.bitmap.allocate_batch(usize::MAX, taken), taken.len());
        let last = self.frames as u32 - 1;
        taken.iter_mut().for_each(|frame| *frame = last - *frame);
    }

    fn free(&mut self, frame: usize) {
        self.bitmap.free(self.frames - 1 - frame).expect("it is allocated");
    }

    fn allocate_run(&mut self) -> Option<usize> {
        let first = self.bitmap.allocate_run(RUN, 1 << RUN_ALIGN_LOG2, usize::MAX)?;
        Some(self.frames - RUN - first)
    }

    fn free_run(&mut self, first: usize) {
        self.bitmap.free_run(self.frames - RUN - first, RUN).expect("it is allocated");
    }

    fn take(&mut self, frame: usize) {
        let frame = self.frames - 1 - frame;
        self.bitmap.allocate_exactly(frame..frame + 1);
    }

    fn set_all(&mut self, frames: usize, is_free: bool) {
        if self.bitmap.managed() == 0 {
            self.bitmap.add(0, frames).expect("the frames are new");
        }
        if !is_free {
            assert!(self.bitmap.allocate_exactly(0..frames));
        }
    }
}

impl<B: BitAlloc> Frames for Box<B> {
    fn allocate(&mut self) -> Option<usize> {
        self.alloc()
    }

    fn allocate_all(&mut self, taken: &mut [u32]) {
        taken.fill_with(|| self.alloc().expect("there are free frames") as u32);
    }

    fn free(&mut self, frame: usize) {
        assert!(self.dealloc(frame), "it is allocated");
    }

    fn allocate_run(&mut self) -> Option<usize> {
        self.alloc_contiguous(None, RUN, RUN_ALIGN_LOG2)
    }

    fn free_run(&mut self, first: usize) {
        assert!(self.dealloc_contiguous(first, RUN), "it is allocated");
    }

    fn take(&mut self, frame: usize) {
        self.remove(frame..frame + 1);
    }

    fn set_all(&mut self, frames: usize, is_free: bool) {
        if is_free {
            self.insert(0..frames);
        } else {
            self.remove(0..frames);
        }
    }
}

/// Makes the project's bitmap; its storage is leaked.
fn ours(frames: usize) -> Ours {
    let storage = vec![0; FrameBitmap::words_needed(frames)].leak();
    Ours { bitmap: FrameBitmap::try_new(storage, frames).expect("it is large enough"), frames }
}

/// Measures and prints all rows.
pub fn run() {
    let table = Table::new(
        "Frames",
        "time of crates/memory/frame-bitmap divided by that of the other; below 1: ours is faster",
        "allocated and freed again",
        &["bitmap-allocator"],
    );
    for fill in [Fill::MostlyEmpty, Fill::MostlyFull] {
        rows::<BitAlloc64K>(&table, "64 MiB", GIB / 16, fill);
        rows::<BitAlloc16M>(&table, "6 GiB", 6 * GIB, fill);
        rows::<BitAlloc16M>(&table, "64 GiB", 64 * GIB, fill);
    }
    rows_of_sizes();
}

fn rows<B: BitAlloc>(table: &Table, label: &str, frames: usize, fill: Fill) {
    let (mut ours, mut theirs) = (ours(frames), Box::new(B::DEFAULT));
    prepare(&mut ours, frames, fill);
    prepare(&mut theirs, frames, fill);
    let label = format!("{label}, {}", fill.label());
    for order in [Order::LastFirst, Order::Random] {
        let candidates = [singles(&mut ours, order), singles(&mut theirs, order)];
        table.row(&format!("{label}: single frames, {}", order.label()), candidates);
    }
    let candidates = [batches(&mut ours), batches(&mut theirs)];
    table.row(&format!("{label}: batches of {BATCH}, as the kernel takes them"), candidates);
    // In memory that is mostly full, the search for each run is long.
    let count = match fill {
        Fill::MostlyEmpty => 64,
        Fill::MostlyFull => 2,
    };
    let candidates = [runs(&mut ours, count), runs(&mut theirs, count)];
    table.row(&format!("{label}: runs of 16, aligned to 16"), candidates);
}

/// Compares the cost of the project's bitmap at two sizes of memory.
fn rows_of_sizes() {
    let table = Table::new(
        "Frames, by size of the memory",
        "time of crates/memory/frame-bitmap at 1 TiB divided by its time at 64 MiB; 1: equal",
        "32 MiB in use",
        &["ratio"],
    );
    let mut both = [1024 * GIB, GIB / 16].map(|frames| {
        let mut ours = ours(frames);
        ours.set_all(frames, true);
        // Both have the same number of free frames, so they allocate the same frames.
        assert!(ours.bitmap.allocate_exactly(frames - GIB / 32..frames));
        ours
    });
    let [large, small] = &mut both;
    for order in [Order::LastFirst, Order::Random] {
        let label = format!("single frames, {}", order.label());
        table.row(&label, [singles(large, order), singles(small, order)]);
    }
    table.row("runs of 16, aligned to 16", [runs(large, 64), runs(small, 64)]);
}

/// Fills memory as `fill` describes. No frame is managed before.
fn prepare(frames: &mut impl Frames, count: usize, fill: Fill) {
    let mut random = Random::new(count as u64);
    frames.set_all(count, true);
    match fill {
        Fill::MostlyEmpty => {
            (0..count).filter(|_| random.below(16) == 0).for_each(|frame| frames.take(frame));
        }
        Fill::MostlyFull => {
            frames.set_all(count, false);
            let end = count - count / 64;
            (0..end).filter(|_| random.below(16) == 0).for_each(|frame| frames.free(frame));
            (end..count).for_each(|frame| frames.free(frame));
        }
    }
}

/// Allocates single frames and frees them in `order`. The checksum covers all allocated
/// frames.
fn singles(frames: &mut impl Frames, order: Order) -> Candidate<'_> {
    let mut places: Vec<usize> = (0..FRAMES).rev().collect();
    if let Order::Random = order {
        Random::new(3).shuffle(&mut places);
    }
    let mut taken = vec![0; FRAMES];
    Box::new(move || {
        let sample = Sample::of(|| {
            taken.fill_with(|| frames.allocate().expect("there are free frames"));
            places.iter().for_each(|&place| frames.free(taken[place]));
            0
        });
        sample.checked(sum(&taken))
    })
}

/// Allocates frames in batches and frees them one by one.
fn batches(frames: &mut impl Frames) -> Candidate<'_> {
    let mut taken = vec![0; FRAMES / BATCH * BATCH];
    Box::new(move || {
        let sample = Sample::of(|| {
            taken.chunks_mut(BATCH).for_each(|batch| frames.allocate_all(batch));
            taken.iter().rev().for_each(|&frame| frames.free(frame as usize));
            0
        });
        sample.checked(taken.iter().fold(0, |sum, &frame| sum + u64::from(frame)))
    })
}

/// Allocates runs and frees them.
fn runs(frames: &mut impl Frames, count: usize) -> Candidate<'_> {
    let mut taken = vec![0; count];
    Box::new(move || {
        let sample = Sample::of(|| {
            taken.fill_with(|| frames.allocate_run().expect("there are runs"));
            taken.iter().for_each(|&first| frames.free_run(first));
            0
        });
        assert!(taken.iter().all(|first| first.is_multiple_of(1 << RUN_ALIGN_LOG2)));
        sample.checked(sum(&taken))
    })
}

fn sum(frames: &[usize]) -> u64 {
    frames.iter().fold(0, |sum, &frame| u64::rotate_left(sum, 1) ^ frame as u64)
}
