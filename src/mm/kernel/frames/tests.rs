//! Tests of frames through the public functions.

use super::*;
use crate::mm::debug::audit;
use crate::testing::ShouldPanic;
use x86_64::PhysAddr;

#[test_case]
fn frames_come_back_when_they_are_dropped() {
    let before = counts();
    let frame = AllocatedFrames::try_new(Purpose::Other).expect("there is memory");
    let in_use = FrameUse { purpose: Purpose::Other, owners: 1, owner_word: 0 };
    assert_eq!(use_of(frame.start()), Some(in_use));
    assert_eq!(counts().used_for(Purpose::Other), before.used_for(Purpose::Other) + 1);
    assert_eq!(counts().free, before.free - 1);
    drop(frame);
    assert_eq!(counts(), before);
}

#[test_case]
fn traffic_is_counted_and_a_run_parted() {
    let (before, runs) = (traffic(), free_runs());
    let (start, frames) = runs.longest;
    assert!(frames > 16 && frames <= counts().free);
    let middle = PhysAddr::new(start + frames as u64 / 2 * FRAME_BYTES);
    let frame = AllocatedFrames::try_new_within(middle, middle + FRAME_BYTES, Purpose::Other);
    let parted = free_runs();
    assert_eq!(parted.count, runs.count + 1);
    assert!(parted.longest.1 < frames);
    let none = AllocatedFrames::try_new_within(middle, middle + FRAME_BYTES, Purpose::Other);
    assert_eq!(none, None);
    drop(frame);
    let Traffic { allocated, freed, failures } = traffic();
    let differences =
        [allocated - before.allocated, freed - before.freed, failures - before.failures];
    assert_eq!(differences, [1, 1, 1]);
    assert_eq!(free_runs(), runs);
}

#[test_case]
fn low_frames_are_left_to_devices() {
    let frames: [_; 100] = core::array::from_fn(|_| {
        AllocatedFrames::try_new(Purpose::Other).expect("there is memory")
    });
    assert!(frames.iter().all(|frame| frame.start().as_u64() >= 16 << 20));
}

#[test_case]
fn runs_are_aligned_and_below_their_bound() {
    let before = counts();
    for below in [16 << 20, 4 << 30] {
        let run = Run { count: 24, align_frames: 16, below: PhysAddr::new(below) };
        let frames = AllocatedFrames::try_new_run(run, Purpose::Other).expect("there is memory");
        assert!(frames.start().is_aligned(16 * FRAME_BYTES));
        assert_eq!(frames.count(), 24);
        assert!(frames.start().as_u64() + 24 * FRAME_BYTES <= below);
    }
    let too_low = Run { count: 2, align_frames: 1, below: PhysAddr::new(8192) };
    assert_eq!(AllocatedFrames::try_new_run(too_low, Purpose::Other), None);
    assert_eq!(counts(), before);
}

fn frame() -> AllocatedFrames {
    AllocatedFrames::try_new(Purpose::Other).expect("there is memory")
}

#[test_case]
fn single_frames_come_from_the_cache_of_the_cpu() {
    let held: [_; 3 * cpu_cache::CACHED_MAX] = core::array::from_fn(|_| frame());
    let starts: [_; 3 * cpu_cache::CACHED_MAX] = core::array::from_fn(|index| held[index].start());
    let before = counts();
    drop(held);
    assert!(cached() >= cpu_cache::CACHED_MAX / 2);
    assert!(starts.iter().all(|start| use_of(*start).is_none()));
    cpu_cache::drain_all();
    assert_eq!(cached(), 0);
    assert_eq!(counts().free, before.free + 3 * cpu_cache::CACHED_MAX);
    audit::run().expect_clean();
}

#[test_case]
fn cached_frames_are_not_lost_to_runs_and_ranges() {
    drop(core::array::from_fn::<_, { cpu_cache::CACHED_MAX }, _>(|_| frame()));
    let wanted = frame();
    let start = wanted.start();
    drop(wanted);
    assert!(cached() > 0);
    let found = AllocatedFrames::try_new_within(start, start + FRAME_BYTES, Purpose::Other);
    assert_eq!(found.map(|frame| frame.start()), Some(start));
}

#[test_case]
fn low_frames_never_stay_in_a_cache() {
    let low = PhysAddr::new(16 << 20);
    let run = Run { count: 1, align_frames: 1, below: low };
    let frame = AllocatedFrames::try_new_run(run, Purpose::Other).expect("there is memory");
    cpu_cache::drain_all();
    drop(frame);
    assert_eq!(cached(), 0);
}

#[test_case]
fn shared_frame_is_freed_by_its_last_owner() {
    let before = counts();
    let first = SharedFrame::try_new(frame()).expect("it is one frame");
    first.set_owner_word(0x1234_5678_9ABC);
    let second = first.try_clone().expect("there are two owners");
    let third = second.try_clone().expect("there are three owners");
    let start = first.start();
    let found = FrameUse { purpose: Purpose::Other, owners: 3, owner_word: 0x1234_5678_9ABC };
    assert_eq!(use_of(start), Some(found));
    let records = recount();
    assert_eq!((records.shared, records.owners_max), (1, 3));
    audit::run().expect_clean();
    drop(first);
    let second = second.try_into_allocated().expect_err("there is a third");
    drop(third);
    assert_eq!(second.owners(), 1);
    let allocated = second.try_into_allocated().expect("it is the only one");
    assert_eq!(allocated.start(), start);
    drop(allocated);
    assert_eq!(use_of(start), None);
    assert_eq!(counts(), before);
}

#[test_case]
fn owners_do_not_overflow() {
    let only = SharedFrame::try_new(frame()).expect("it is one frame");
    let info = frame_info::of(number(only.start())).expect("it is managed");
    info.set_owners(OWNERS_MAX - 1);
    let last = only.try_clone().expect("one more can be counted");
    assert_eq!(only.try_clone(), Err(TooManyOwners));
    assert_eq!(only.owners(), OWNERS_MAX);
    drop(last);
    assert_eq!(only.owners(), OWNERS_MAX - 1);
    info.set_owners(1);
}

#[test_case]
fn run_has_a_record_for_each_frame_and_is_not_shared() {
    let run = Run { count: 5, align_frames: 1, below: PhysAddr::new(u64::MAX >> 12) };
    let mut frames = AllocatedFrames::try_new_run(run, Purpose::Other).expect("there is memory");
    frames.set_owner_word(7);
    let start = frames.start();
    let uses = (0..6).map(|index| use_of(start + index * FRAME_BYTES));
    let in_use = FrameUse { purpose: Purpose::Other, owners: 1, owner_word: 7 };
    assert!(uses.eq([Some(in_use); 5].into_iter().chain([None])));
    let frames = SharedFrame::try_new(frames).expect_err("it is more than one frame");
    drop(frames);
    assert_eq!(use_of(start), None);
}

#[test_case]
const FREE_OF_A_SHARED_FRAME: ShouldPanic = ShouldPanic::new(
    "frames::free_of_a_shared_frame",
    "a frame is freed by its only owner",
    || {
        let frame = frame();
        let info = frame_info::of(number(frame.start())).expect("it is managed");
        info.set_owners(2);
        drop(frame);
    },
);

#[test_case]
fn parts_are_those_of_the_frames_with_bytes_of_the_range() {
    let one = || SharedFrame::try_allocate(Purpose::Other).expect("there is memory");
    let frames = [one(), one(), one()];
    let parts_of = |range: Range<u64>| {
        let parts = parts(&frames, range.clone());
        let count = parts.len();
        let index_of = |frame| frames.iter().position(|other| other == frame).expect("it is one");
        let found: alloc::vec::Vec<_> =
            parts.map(|(frame, part)| (index_of(frame), part)).collect();
        assert_eq!(found.len(), count, "{range:?}");
        found
    };
    assert_eq!(parts_of(0..12288), [(0, 0..4096), (1, 0..4096), (2, 0..4096)]);
    assert_eq!(parts_of(512..1024), [(0, 512..1024)]);
    assert_eq!(parts_of(4095..8193), [(0, 4095..4096), (1, 0..4096), (2, 0..1)]);
    assert_eq!(parts_of(4096..8192), [(1, 0..4096)]);
    for empty in [0, 100, 4096, 12288] {
        assert_eq!(parts_of(empty..empty), []);
    }
}
