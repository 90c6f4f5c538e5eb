//! Heaps: talc compared with linked_list_allocator, in the same arena, with the same
//! sequences of requests.

mod allocators;
mod objects;

use std::alloc::Layout;
use std::cell::RefCell;

use crate::measure::{Candidate, Sample, Table};
use crate::random::Random;
use allocators::{Allocator, LinkedList, Talc};
use objects::{Objects, SHORTEST_BYTES};

const ARENA_BYTES: usize = 16 << 20;

/// The most bytes of an arena without objects that a heap may need for itself.
const OVERHEAD_BYTES: usize = 4096;

/// The number of measured steps of a sequence. As many steps precede them, so that the heap
/// is in its steady state.
const STEPS: usize = 20_000;

/// The number of steps before the free space is measured.
const STEPS_TO_SPACE: usize = 200_000;

/// The sizes of objects.
#[derive(Clone, Copy)]
enum Sizes {
    /// 16 to 512 bytes, uniformly distributed.
    Small,
    /// 16 bytes to 64 KiB, each order of magnitude equally often.
    Mixed,
}

/// A sequence of requests: each step makes or frees the object of one slot. In the steady
/// state half of the slots have an object.
struct Sequence {
    label: &'static str,
    slots: usize,
    sizes: Sizes,
}

const SEQUENCES: [Sequence; 3] = [
    Sequence { label: "16 to 512 bytes, 2000 live", slots: 4000, sizes: Sizes::Small },
    Sequence { label: "16 bytes to 64 KiB, 1000 live", slots: 2000, sizes: Sizes::Mixed },
    Sequence { label: "16 bytes to 64 KiB, 1500 live", slots: 3000, sizes: Sizes::Mixed },
];

impl Sequence {
    /// Returns the first steps: a slot, and the layout of the object if one is made.
    fn steps(&self, count: usize) -> Vec<(usize, Layout)> {
        let mut random = Random::new(11);
        (0..count).map(|_| (random.index(self.slots), self.sizes.layout(&mut random))).collect()
    }
}

impl Sizes {
    fn layout(self, random: &mut Random) -> Layout {
        let len_bytes = match self {
            Self::Small => SHORTEST_BYTES + random.index(512 - SHORTEST_BYTES + 1),
            Self::Mixed => {
                let doubled = SHORTEST_BYTES << random.index(12);
                doubled + random.index(doubled + 1)
            }
        };
        // Some objects are aligned to a cache line.
        let align = if random.below(16) == 0 { 64 } else { 8 };
        Layout::from_size_align(len_bytes, align).expect("a power of two")
    }
}

/// The arena; one candidate at a time uses it.
type Arena = RefCell<Vec<u8>>;

/// Measures and prints all rows.
pub fn run() {
    // Written once, so that the host has no page faults during a measurement.
    let arena = Arena::new(vec![1; ARENA_BYTES]);
    let table = Table::new(
        "Heap, an arena of 16 MiB",
        "time of talc divided by the time of the other; below 1: talc is faster",
        "allocated and freed at random",
        &["linked_list_allocator"],
    );
    for sequence in &SEQUENCES {
        let candidates = [random::<Talc>(&arena, sequence), random::<LinkedList>(&arena, sequence)];
        table.row(sequence.label, candidates);
    }
    for (label, vectors, doublings) in [
        ("a vector that doubles from 64 bytes to 4 MiB", 1, 16),
        ("64 vectors that double from 64 bytes to 64 KiB", 64, 10),
    ] {
        let candidates = [
            growing::<Talc>(&arena, vectors, doublings),
            growing::<LinkedList>(&arena, vectors, doublings),
        ];
        table.row(label, candidates);
    }
    print_space(&arena);
}

/// Makes and frees objects at random.
fn random<'a, A: Allocator>(arena: &'a Arena, sequence: &Sequence) -> Candidate<'a> {
    let (slots, steps) = (sequence.slots, sequence.steps(2 * STEPS));
    Box::new(move || {
        let mut arena = arena.borrow_mut();
        let mut objects = Objects::<A>::new(&mut arena, slots);
        let (before, measured) = steps.split_at(STEPS);
        before.iter().for_each(|&(slot, layout)| objects.toggle(slot, layout));
        let sample = Sample::of(|| {
            measured.iter().for_each(|&(slot, layout)| objects.toggle(slot, layout));
            0
        });
        let (count, bytes) = objects.live();
        objects.clear(ARENA_BYTES, OVERHEAD_BYTES);
        sample.checked((count ^ bytes) as u64)
    })
}

/// Grows several vectors in turn, then frees them.
fn growing<A: Allocator>(arena: &Arena, vectors: usize, doublings: usize) -> Candidate<'_> {
    let mut turns: Vec<usize> = (0..vectors * doublings).map(|turn| turn % vectors).collect();
    Random::new(5).shuffle(&mut turns);
    let layout = Layout::from_size_align(64, 8).expect("a power of two");
    Box::new(move || {
        let mut arena = arena.borrow_mut();
        let mut objects = Objects::<A>::new(&mut arena, vectors);
        let sample = Sample::of(|| {
            (0..vectors).for_each(|vector| objects.toggle(vector, layout));
            turns.iter().for_each(|&vector| objects.double(vector));
            0
        });
        let (_, bytes) = objects.live();
        assert_eq!(bytes, vectors * (64 << doublings));
        objects.clear(ARENA_BYTES, OVERHEAD_BYTES);
        sample.checked(bytes as u64)
    })
}

/// The free space of the arena after many random steps, in bytes.
struct Space {
    live_count: usize,
    live: usize,
    largest: usize,
    available: usize,
}

fn space<A: Allocator>(arena: &Arena, sequence: &Sequence) -> Space {
    let mut arena = arena.borrow_mut();
    let mut objects = Objects::<A>::new(&mut arena, sequence.slots);
    let steps = sequence.steps(STEPS_TO_SPACE);
    steps.iter().for_each(|&(slot, layout)| objects.toggle(slot, layout));
    let (live_count, live) = objects.live();
    let (largest, available) = objects.space(ARENA_BYTES);
    objects.clear(ARENA_BYTES, OVERHEAD_BYTES);
    Space { live_count, live, largest, available }
}

/// Prints how well the heaps use the arena.
fn print_space(arena: &Arena) {
    println!("\nHeap, space after {STEPS_TO_SPACE} random steps");
    println!(
        "in KiB, of an arena of {}; overhead: neither live nor available\n",
        ARENA_BYTES >> 10
    );
    print!("{:58}{:>24}", "", "talc");
    println!("{:>24}", "linked_list_allocator");
    for sequence in &SEQUENCES {
        let talc = space::<Talc>(arena, sequence);
        let linked = space::<LinkedList>(arena, sequence);
        let row = |label: &str, value: &dyn Fn(&Space) -> String| {
            let label = format!("{}: {label}", sequence.label);
            println!("{label:58}{:>24}{:>24}", value(&talc), value(&linked));
        };
        let kib = |bytes: usize| format!("{:.1}", bytes as f64 / 1024.0);
        let overhead = |space: &Space| ARENA_BYTES - space.live - space.available;
        row("live", &|space| kib(space.live));
        row("available", &|space| kib(space.available));
        row("largest block", &|space| kib(space.largest));
        row("overhead", &|space| kib(overhead(space)));
        row("overhead, bytes an object", &|space| {
            format!("{:.1}", overhead(space) as f64 / space.live_count as f64)
        });
    }
}
