//! Edge cases and costs; [`model`] compares with a naive bitmap.

extern crate std;

mod model;

use super::*;
use std::format;
use std::vec;
use std::vec::Vec;

const FRAMES_64_MIB: usize = 16_384;
const FRAMES_4_GIB: usize = 1 << 20;
const FRAMES_1_TIB: usize = 1 << 28;

/// The most words that an operation on a single frame, or the search for a run, may read or
/// write: in each of 6 levels one word, read and written, and one tree of up to 5 rows.
const ACCESSES_MAX: usize = 6 * (2 + 2 * 5);

fn storage(frames: usize) -> Vec<u64> {
    // Not zero, so that the test fails if the storage isn't overwritten.
    vec![u64::MAX; FrameBitmap::words_needed(frames)]
}

/// Makes a bitmap of `frames` frames, all of them free.
fn all_free(storage: &mut [u64], frames: usize) -> FrameBitmap<'_> {
    let mut map = FrameBitmap::try_new(storage, frames).expect("the storage is large enough");
    map.add(0, frames).expect("no frame is managed");
    map.assert_consistent();
    map
}

#[test]
fn words_needed_are_levels_trees_and_managed_bits() {
    for (frames, words) in [
        (0, 7 + 1),
        (1, 7 + 1),
        // The second level has a bit for the full word of the first one.
        (64, 2 * 7 + 1),
        (65, (2 + 6) + 7 + 7 + 2),
        (4096, (64 + 6) + 7 + 7 + 64),
        (4097, (65 + 6 * 3) + (2 + 6) + 7 + 7 + 65),
        (FRAMES_MAX + 1, usize::MAX),
        (usize::MAX, usize::MAX),
    ] {
        assert_eq!(FrameBitmap::words_needed(frames), words, "{frames} frames");
    }
    for frames in [FRAMES_1_TIB, FRAMES_MAX] {
        let bits_per_frame = FrameBitmap::words_needed(frames) as f64 * 64.0 / frames as f64;
        assert!(bits_per_frame < 2.12, "{bits_per_frame}");
    }
}

#[test]
fn storage_that_is_too_small_is_an_error() {
    let mut short = [0; 23];
    let error = FrameBitmap::try_new(&mut short, 65).expect_err("24 words are needed");
    assert_eq!(error, StorageTooSmall { needed_words: 24, given_words: 23 });
    assert_eq!(format!("{error}"), "the storage has 23 words of 24 needed");
    assert!(FrameBitmap::try_new(&mut short, FRAMES_MAX + 1).is_err());
}

#[test]
fn surplus_storage_is_not_written() {
    let mut long = [7; 28];
    let mut map = FrameBitmap::try_new(&mut long, 65).expect("24 words are needed");
    map.add(0, 65).expect("no frame is managed");
    assert!(map.allocate_exactly(0..65));
    assert_eq!(long[24..], [7; 4]);
}

#[test]
fn new_bitmap_manages_nothing() {
    for frames in [0, 1, 64, 65, 5000] {
        let mut storage = storage(frames);
        let mut map = FrameBitmap::try_new(&mut storage, frames).expect("it is large enough");
        map.assert_consistent();
        assert_eq!((map.managed(), map.free_count(), map.allocated()), (0, 0, 0));
        assert_eq!(map.allocate(), None);
        assert_eq!(map.allocate_from(0..usize::MAX), None);
        assert_eq!(map.allocate_run(1, 1, usize::MAX), None);
        assert_eq!(map.free(frames), Err(FrameError::OutOfRange));
        assert!(!map.is_free(0));
        assert!(!map.is_free(frames));
    }
}

#[test]
fn highest_free_frame_is_allocated_first() {
    let frames = 4097;
    let mut storage = storage(frames);
    let mut map = all_free(&mut storage, frames);
    for frame in (0..frames).rev() {
        assert_eq!(map.allocate(), Some(frame));
    }
    assert_eq!((map.allocate(), map.allocated(), map.free_count()), (None, frames, 0));
    for frame in [frames - 1, 64, 0] {
        assert_eq!(map.free(frame), Ok(()));
        map.assert_consistent();
    }
    assert_eq!([map.allocate(), map.allocate(), map.allocate()], [Some(4096), Some(64), Some(0)]);
    assert_eq!(map.allocate(), None);
    map.assert_consistent();
}

#[test]
fn low_frames_are_the_last_that_are_taken() {
    let (frames, low) = (3 * FRAMES_4_GIB / 2, 4096);
    let mut storage = storage(frames);
    let mut map = all_free(&mut storage, frames);
    let mut taken = vec![0; 4096];
    while map.free_count() > FRAMES_4_GIB {
        let count = map.allocate_batch(usize::MAX, &mut taken);
        assert!(taken[..count].iter().all(|frame| *frame as usize >= FRAMES_4_GIB));
    }
    assert_eq!(map.allocate_run(2048, 2048, FRAMES_4_GIB), Some(FRAMES_4_GIB - 2048));
    while map.free_count() > low {
        let most = taken.len().min(map.free_count() - low);
        let count = map.allocate_batch(usize::MAX, &mut taken[..most]);
        assert!(taken[..count].iter().all(|frame| *frame as usize >= low));
    }
    assert_eq!(map.allocate_run(16, 16, low), Some(low - 16));
    assert_eq!(map.allocate(), Some(low - 17));
    map.assert_consistent();
}

#[test]
fn wrong_frees_are_errors_and_change_nothing() {
    let mut storage = storage(200);
    let mut map = FrameBitmap::try_new(&mut storage, 200).expect("it is large enough");
    map.add(10, 100).expect("no frame is managed");
    assert!(map.allocate_exactly(10..30));
    assert_eq!(map.free(9), Err(FrameError::NotManaged));
    assert_eq!(map.free(110), Err(FrameError::NotManaged));
    assert_eq!(map.free(30), Err(FrameError::NotAllocated));
    assert_eq!(map.free(200), Err(FrameError::OutOfRange));
    assert_eq!(map.free(usize::MAX), Err(FrameError::OutOfRange));
    assert_eq!(map.free_run(9, 3), Err(FrameError::NotManaged));
    assert_eq!(map.free_run(28, 3), Err(FrameError::NotAllocated));
    assert_eq!(map.free_run(10, 101), Err(FrameError::NotManaged));
    assert_eq!(map.free_run(10, 191), Err(FrameError::OutOfRange));
    assert_eq!(map.free_run(10, usize::MAX), Err(FrameError::OutOfRange));
    assert_eq!((map.managed(), map.allocated()), (100, 20));
    assert_eq!(map.free(12), Ok(()));
    assert_eq!(map.free(12), Err(FrameError::NotAllocated));
    assert_eq!(map.free_run(10, 20), Err(FrameError::NotAllocated));
    assert_eq!((map.free_run(10, 2), map.free_run(13, 17)), (Ok(()), Ok(())));
    assert_eq!((map.free_run(10, 0), map.free_run(200, 0)), (Ok(()), Ok(())));
    assert_eq!(map.free_count(), 100);
    // In the place of the bit of frame 256 the storage has trees.
    assert!(!map.is_free(256) && !map.is_free(usize::MAX));
    assert!(!map.is_allocated(256) && !map.is_allocated(usize::MAX));
    map.assert_consistent();
}

#[test]
fn wrong_adds_are_errors_and_change_nothing() {
    let mut storage = storage(200);
    let mut map = FrameBitmap::try_new(&mut storage, 200).expect("it is large enough");
    map.add(100, 50).expect("no frame is managed");
    for (start, count) in [(99, 2), (149, 51), (0, 200), (120, 1)] {
        assert_eq!(map.add(start, count), Err(FrameError::AlreadyManaged));
    }
    for (start, count) in [(150, 51), (200, 1), (1, usize::MAX), (usize::MAX, 2)] {
        assert_eq!(map.add(start, count), Err(FrameError::OutOfRange));
    }
    assert_eq!((map.managed(), map.free_count()), (50, 50));
    for (range, is_any) in [(0..100, false), (99..101, true), (149..999, true), (150..999, false)] {
        assert_eq!(map.is_any_managed(range.clone()), is_any, "{range:?}");
    }
    assert!(!map.is_any_managed(usize::MAX..usize::MAX) && !map.is_any_managed(120..120));
    assert_eq!((map.add(0, 100), map.add(150, 50), map.add(100, 0)), (Ok(()), Ok(()), Ok(())));
    assert_eq!(map.managed(), 200);
    map.assert_consistent();
}

#[test]
fn allocated_frame_is_within_the_range() {
    let mut storage = storage(4097);
    let mut map = all_free(&mut storage, 4097);
    assert_eq!(map.allocate_from(70..71), Some(70));
    assert_eq!(map.allocate_from(70..71), None);
    assert_eq!(map.allocate_from(70..72), Some(71));
    assert_eq!(map.allocate_from(70..74), Some(73));
    assert_eq!(map.allocate_from(0..70), Some(69));
    assert_eq!(map.allocate_from(4096..usize::MAX), Some(4096));
    assert_eq!(map.allocate_from(4096..usize::MAX), None);
    assert_eq!(map.allocate_from(usize::MAX..usize::MAX), None);
    assert_eq!(map.allocate_from(5..5), None);
    assert_eq!(map.allocate_from(Range { start: 9, end: 5 }), None);
}

#[test]
fn run_is_aligned_contiguous_and_below_the_bound() {
    let mut storage = storage(1000);
    let mut map = all_free(&mut storage, 1000);
    for (count, align) in [(0, 1), (1, 0), (1, 3), (1001, 1), (usize::MAX, 1), (1, 1 << 63)] {
        assert_eq!(map.allocate_run(count, align, usize::MAX), None, "{count} frames at {align}");
    }
    assert_eq!(map.allocate_run(130, 64, usize::MAX), Some(512));
    assert_eq!(map.allocate_run(63, 1, 64), Some(0));
    // The last frames of the block at 192 are above the bound, but not the allocated ones.
    assert_eq!(map.allocate_run(10, 1, 203), Some(192));
    assert_eq!(map.allocate_run(10, 1, 202), Some(176));
    assert_eq!(map.allocate_run(1, 1, 1), None);
    assert_eq!(map.allocate_run(1, 1, 64), Some(63));
    assert_eq!(map.allocate_run(64, 64, usize::MAX), Some(896));
    map.assert_consistent();
}

#[test]
fn whole_bitmap_is_one_run() {
    for frames in [1, 64, 4096, 1 << 18] {
        let mut storage = storage(frames);
        let mut map = all_free(&mut storage, frames);
        assert_eq!(map.allocate_run(frames, frames, usize::MAX), Some(0));
        assert_eq!((map.free_count(), map.allocate_run(1, 1, usize::MAX)), (0, None));
        map.assert_consistent();
        assert_eq!(map.free_run(0, frames), Ok(()));
        map.assert_consistent();
        assert_eq!(map.allocate_run(frames, 1, frames - 1), None);
        assert_eq!(map.allocate(), Some(frames - 1));
        assert_eq!(map.allocate_run(frames, 1, usize::MAX), None);
    }
}

#[test]
fn run_does_not_cross_a_frame_that_is_not_managed() {
    let mut storage = storage(300);
    let mut map = FrameBitmap::try_new(&mut storage, 300).expect("it is large enough");
    assert_eq!((map.add(0, 100), map.add(101, 199)), (Ok(()), Ok(())));
    assert_eq!(map.allocate_run(101, 1, usize::MAX), Some(128));
    assert_eq!(map.allocate_run(65, 1, usize::MAX), None);
    assert_eq!(map.allocate_run(60, 1, usize::MAX), Some(229 / 64 * 64 + 64 - 256));
    assert!(!map.allocate_exactly(99..102));
}

#[test]
fn memory_below_4_gib_can_be_allocated_until_it_is_exhausted() {
    let frames = 2 * FRAMES_4_GIB;
    let mut storage = storage(frames);
    let mut map = all_free(&mut storage, frames);
    assert!(map.allocate_exactly(0..FRAMES_4_GIB - 24));
    assert_eq!(map.allocate_run(16, 16, FRAMES_4_GIB), Some(FRAMES_4_GIB - 16));
    assert_eq!(map.allocate_run(16, 16, FRAMES_4_GIB), None);
    assert_eq!(map.allocate_run(9, 1, FRAMES_4_GIB), None);
    assert_eq!(map.allocate_from(0..FRAMES_4_GIB), Some(FRAMES_4_GIB - 17));
    assert_eq!(map.allocate_run(16, 16, usize::MAX), Some(frames - 16));
    map.assert_consistent();
}

/// Runs `operation`, and asserts that it reads and writes few words.
fn few_accesses<T>(map: &mut FrameBitmap, operation: impl FnOnce(&mut FrameBitmap) -> T) -> T {
    let before = map.bits.accesses.get();
    let result = operation(map);
    let accesses = map.bits.accesses.get() - before;
    assert!((1..=ACCESSES_MAX).contains(&accesses), "{accesses} accesses");
    result
}

#[test]
fn cost_of_a_frame_is_the_same_for_64_mib_and_1_tib() {
    for frames in [FRAMES_64_MIB, FRAMES_1_TIB] {
        let mut storage = storage(frames);
        let mut map = all_free(&mut storage, frames);
        let last = frames - 1;
        // All frames are free, or all are used, so each change affects all levels.
        assert_eq!(few_accesses(&mut map, |map| map.allocate()), Some(last));
        assert_eq!(few_accesses(&mut map, |map| map.free(last)), Ok(()));
        assert!(map.allocate_exactly(1..frames));
        for frame in [last, frames / 2, frames / 2 - 1, 1] {
            assert_eq!(few_accesses(&mut map, |map| map.free(frame)), Ok(()));
            assert_eq!(few_accesses(&mut map, |map| map.allocate()), Some(frame));
            assert_eq!(few_accesses(&mut map, |map| map.allocate_from(0..frames)), Some(0));
            assert_eq!(few_accesses(&mut map, |map| map.free(0)), Ok(()));
            let twice = few_accesses(&mut map, |map| map.free(0));
            assert_eq!(twice, Err(FrameError::NotAllocated));
            assert_eq!(few_accesses(&mut map, |map| map.allocate_from(1..frames)), None);
        }
        assert_eq!(few_accesses(&mut map, |map| map.allocate()), Some(0));
        assert_eq!((map.free_count(), map.allocate()), (0, None));
        map.assert_consistent();
    }
}

#[test]
fn search_for_a_run_costs_the_same_for_any_fragmentation() {
    for frames in [FRAMES_64_MIB, 2 * FRAMES_4_GIB] {
        for step in [2, 3, 5, 63, 65, 513] {
            let mut storage = storage(frames);
            let mut map = all_free(&mut storage, frames);
            for frame in (0..frames).step_by(step) {
                assert!(map.allocate_exactly(frame..frame + 1));
            }
            for count in [2, 64, 512, 1000, 1 << 18] {
                for below in [frames, frames - 1, frames / 2, 4096] {
                    let search = |map: &mut FrameBitmap| map.allocate_run(count, 1, below);
                    let before = map.bits.accesses.get();
                    let run = search(&mut map);
                    let taken_words = count.div_ceil(64) + 2;
                    let most = ACCESSES_MAX + run.map_or(0, |_| 16 * taken_words);
                    assert!(map.bits.accesses.get() - before <= most, "{count} at {below}");
                    let block = count.next_power_of_two();
                    assert!(block < step || run.is_none(), "{count} with a gap each {step}");
                    assert!(count > 2 || step == 2 || run.is_some(), "{count} of {step}");
                }
            }
        }
    }
}

#[test]
fn add_and_run_access_whole_words() {
    let frames = FRAMES_1_TIB;
    let mut storage = storage(frames);
    let mut map = FrameBitmap::try_new(&mut storage, frames).expect("it is large enough");
    assert_eq!(map.add(0, frames), Ok(()));
    assert!(map.bits.accesses.get() < 6 * frames / 64);
    assert!(map.allocate_exactly(8..frames));
    // The trees skip ranges without a free frame.
    let run = few_accesses(&mut map, |map| map.allocate_run(8, 8, usize::MAX));
    assert_eq!(run, Some(0));
    assert_eq!(map.free_run(0, frames), Ok(()));
    assert_eq!(map.free_count(), frames);
}

#[test]
fn errors_have_messages() {
    for (error, text) in [
        (FrameError::OutOfRange, "a frame lies beyond the end of the bitmap"),
        (FrameError::AlreadyManaged, "a frame was added before"),
        (FrameError::NotManaged, "a frame was never added"),
        (FrameError::NotAllocated, "a frame is free already"),
    ] {
        assert_eq!(format!("{error}"), text);
    }
}

#[test]
fn frames_can_be_added_in_use() {
    let mut storage = vec![0; FrameBitmap::words_needed(300)];
    let mut map = FrameBitmap::try_new(&mut storage, 300).expect("it was measured");
    map.add(0, 100).expect("no frame is managed");
    assert_eq!(map.add_allocated(150, 100), Ok(()));
    assert_eq!((map.managed(), map.free_count()), (200, 100));
    assert!((150..250).all(|frame| map.is_allocated(frame)));
    assert_eq!(map.add_allocated(249, 2), Err(FrameError::AlreadyManaged));
    assert_eq!(map.allocate(), Some(99));
    map.free(200).expect("it is allocated");
    assert_eq!(map.allocate(), Some(200));
}
