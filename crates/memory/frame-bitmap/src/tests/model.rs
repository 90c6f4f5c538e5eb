//! Random operations on a bitmap and on a model with one byte for each frame, compared step
//! by step.

use super::*;
use proptest::collection::vec as vec_of;
use proptest::prelude::*;

const NOT_MANAGED: u8 = 0;
const FREE: u8 = 1;
const ALLOCATED: u8 = 2;

/// The state of each frame, searched one by one.
struct Model(Vec<u8>);

impl Model {
    fn range(&self, start: usize, count: usize) -> Result<Range<usize>, FrameError> {
        if start + count > self.0.len() {
            return Err(FrameError::OutOfRange);
        }
        Ok(start..start + count)
    }

    fn add(&mut self, start: usize, count: usize) -> Result<(), FrameError> {
        let range = self.range(start, count)?;
        let states = &mut self.0[range];
        if states.iter().any(|state| *state != NOT_MANAGED) {
            return Err(FrameError::AlreadyManaged);
        }
        states.fill(FREE);
        Ok(())
    }

    fn free_run(&mut self, start: usize, count: usize) -> Result<(), FrameError> {
        let range = self.range(start, count)?;
        let states = &mut self.0[range];
        if states.contains(&NOT_MANAGED) {
            return Err(FrameError::NotManaged);
        }
        if states.contains(&FREE) {
            return Err(FrameError::NotAllocated);
        }
        states.fill(FREE);
        Ok(())
    }

    fn allocate_from(&mut self, range: Range<usize>) -> Option<usize> {
        let found = (0..self.0.len()).rev().find(|i| range.contains(i) && self.0[*i] == FREE)?;
        self.0[found] = ALLOCATED;
        Some(found)
    }

    fn allocate_batch(&mut self, below: usize, most: usize) -> Vec<u32> {
        let frames = (0..below.min(self.0.len())).rev().filter(|i| self.0[*i] == FREE);
        let frames: Vec<u32> = frames.take(most).map(|frame| frame as u32).collect();
        frames.iter().for_each(|frame| self.0[*frame as usize] = ALLOCATED);
        frames
    }

    fn allocate_run(&mut self, count: usize, align: usize, below: usize) -> Option<usize> {
        if count == 0 || !align.is_power_of_two() {
            return None;
        }
        let block = count.next_power_of_two().max(align);
        let end = below.min(self.0.len());
        let starts = (0..self.0.len()).rev().filter(|start| start.is_multiple_of(block));
        let is_free = |range: Range<usize>| {
            self.0.get(range).is_some_and(|states| states.iter().all(|state| *state == FREE))
        };
        let start = starts
            .filter(|start| start + count <= end)
            .find(|start| is_free(*start..start + block))?;
        self.0[start..start + count].fill(ALLOCATED);
        Some(start)
    }

    fn allocate_exactly(&mut self, range: Range<usize>) -> bool {
        let states = self.0.get_mut(range);
        let states = states.filter(|states| states.iter().all(|state| *state == FREE));
        states.map(|states| states.fill(ALLOCATED)).is_some()
    }

    fn next_free_run(&self, from: usize, most: usize) -> Option<Range<usize>> {
        let start = (from..self.0.len()).find(|i| self.0[*i] == FREE).filter(|_| most > 0)?;
        let free = self.0[start..].iter().take_while(|state| **state == FREE).count();
        Some(start..start + free.min(most))
    }

    fn count(&self, wanted: u8) -> usize {
        self.0.iter().filter(|state| **state == wanted).count()
    }

    /// Returns the first allocated frame from `from` on, and how many follow it.
    fn allocated_run(&self, from: usize) -> Option<(usize, usize)> {
        let start = (from..self.0.len()).find(|i| self.0[*i] == ALLOCATED)?;
        Some((start, self.0[start..].iter().take_while(|state| **state == ALLOCATED).count()))
    }
}

/// One step; its numbers are reduced to the size of the bitmap when it is run.
#[derive(Clone, Copy, Debug)]
enum Step {
    Add(usize, usize),
    Allocate,
    AllocateFrom(usize, usize),
    /// Bound and count.
    AllocateBatch(usize, usize),
    /// Count, align and bound.
    AllocateRun(usize, usize, usize),
    AllocateExactly(usize, usize),
    Free(usize),
    FreeRun(usize, usize),
    /// Searches for free frames from the first number on, at most the second number.
    NextFreeRun(usize, usize),
    /// Frees allocated frames, found from the first number on, at most the second number.
    FreeHeld(usize, usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let place = || any::<u32>().prop_map(|n| n as usize);
    let count = || {
        prop_oneof![
            4 => 0_usize..4,
            4 => 0_usize..140,
            1 => place(),
        ]
    };
    let align = prop_oneof![
        9 => (0_u32..9).prop_map(|log| 1_usize << log),
        1 => 0_usize..7,
    ];
    let below = || prop_oneof![Just(usize::MAX), place()];
    let step = prop_oneof![
        2 => (place(), count()).prop_map(|(start, count)| Step::Add(start, count)),
        3 => Just(Step::Allocate),
        3 => (place(), count()).prop_map(|(start, count)| Step::AllocateFrom(start, count)),
        2 => (below(), count()).prop_map(|(below, most)| Step::AllocateBatch(below, most)),
        5 => (count(), align, below()).prop_map(|(n, align, below)| Step::AllocateRun(n, align, below)),
        3 => (place(), count()).prop_map(|(start, count)| Step::AllocateExactly(start, count)),
        3 => (place(), count()).prop_map(|(from, most)| Step::NextFreeRun(from, most)),
        1 => place().prop_map(Step::Free),
        1 => (place(), count()).prop_map(|(start, count)| Step::FreeRun(start, count)),
        5 => (place(), count()).prop_map(|(start, count)| Step::FreeHeld(start, count)),
    ];
    vec_of(step, 200)
}

/// Runs one step on both and compares what they return.
fn run_step(map: &mut FrameBitmap, model: &mut Model, step: Step) {
    let size = model.0.len();
    // Two more than there are, so that some steps go beyond the end.
    let cut = |n: usize| if n == usize::MAX { n } else { n % (size + 2) };
    match step {
        Step::Add(start, count) => {
            let (start, count) = (cut(start), cut(count));
            assert_eq!(map.add(start, count), model.add(start, count));
        }
        Step::Allocate => assert_eq!(map.allocate(), model.allocate_from(0..size)),
        Step::AllocateFrom(start, count) => {
            let range = cut(start)..cut(start) + cut(count);
            assert_eq!(map.allocate_from(range.clone()), model.allocate_from(range));
        }
        Step::AllocateBatch(below, most) => {
            let mut taken = vec![u32::MAX; cut(most)];
            let count = map.allocate_batch(cut(below), &mut taken);
            assert_eq!(taken[..count], model.allocate_batch(cut(below), cut(most)));
            assert!(taken[count..].iter().all(|frame| *frame == u32::MAX));
        }
        Step::AllocateExactly(start, count) => {
            let range = cut(start)..cut(start) + cut(count);
            assert_eq!(map.allocate_exactly(range.clone()), model.allocate_exactly(range));
        }
        Step::AllocateRun(count, align, below) => {
            let (count, below) = (cut(count), cut(below));
            let run = map.allocate_run(count, align, below);
            assert_eq!(run, model.allocate_run(count, align, below));
        }
        Step::NextFreeRun(from, most) => {
            let (from, most) = (cut(from), cut(most));
            assert_eq!(map.next_free_run(from, most), model.next_free_run(from, most));
        }
        Step::Free(frame) => {
            assert_eq!(map.free(cut(frame)), model.free_run(cut(frame), 1));
        }
        Step::FreeRun(start, count) => {
            let (start, count) = (cut(start), cut(count));
            assert_eq!(map.free_run(start, count), model.free_run(start, count));
        }
        Step::FreeHeld(from, count) => {
            if let Some((start, len)) = model.allocated_run(cut(from)) {
                let count = cut(count).min(len);
                assert_eq!(map.free_run(start, count), Ok(()));
                assert_eq!(model.free_run(start, count), Ok(()));
            }
        }
    }
}

/// Asserts that the numbers of frames are equal.
fn compare(map: &FrameBitmap, model: &Model) {
    map.assert_consistent();
    assert_eq!(map.free_count(), model.count(FREE));
    assert_eq!(map.allocated(), model.count(ALLOCATED));
    assert_eq!(map.managed(), model.0.len() - model.count(NOT_MANAGED));
}

fn compare_each_frame(map: &FrameBitmap, model: &Model) {
    for (frame, state) in model.0.iter().enumerate() {
        assert_eq!(map.is_free(frame), *state == FREE, "frame {frame}");
        assert_eq!(map.is_allocated(frame), *state == ALLOCATED, "frame {frame}");
    }
    for (word, states) in model.0.chunks(64).enumerate() {
        let allocated = |(bit, state): (usize, &u8)| u64::from(*state == ALLOCATED) << bit;
        let expected = states.iter().enumerate().map(allocated).sum();
        assert_eq!(map.allocated_word(word), Some(expected), "word {word}");
    }
    assert_eq!(map.allocated_word(model.0.len().div_ceil(64)), None);
}

/// Runs all steps, then frees all allocated frames and checks for leaks.
fn run_steps(frames: usize, filled: usize, steps: &[Step], each_frame: bool) {
    let mut storage = storage(frames);
    let mut map = FrameBitmap::try_new(&mut storage, frames).expect("it is large enough");
    let mut model = Model(vec![NOT_MANAGED; frames]);
    let filled = Step::Add(0, filled % (frames + 1));
    for step in core::iter::once(&filled).chain(steps) {
        run_step(&mut map, &mut model, *step);
        compare(&map, &model);
        if each_frame {
            compare_each_frame(&map, &model);
        }
    }
    compare_each_frame(&map, &model);
    while let Some((start, count)) = model.allocated_run(0) {
        assert_eq!(map.free_run(start, count), Ok(()));
        assert_eq!(model.free_run(start, count), Ok(()));
    }
    compare(&map, &model);
    assert_eq!((map.allocated(), map.free_count()), (0, map.managed()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1200))]

    #[test]
    fn small_bitmap_does_what_the_model_does(
        frames in prop::sample::select(&[1_usize, 63, 64, 65, 4096, 4097][..]),
        filled in any::<usize>(),
        steps in steps(),
    ) {
        run_steps(frames, filled, &steps, true);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn large_bitmap_does_what_the_model_does(filled in any::<usize>(), steps in steps()) {
        run_steps(300_000, filled, &steps, false);
    }
}
