//! Memory is used up repeatedly: nothing is leaked, nothing panics, and all memory can be
//! allocated again.
//!
//! QEMU: -m 128 -cpu max -smp 1
//! QEMU: -m 64 -cpu max -smp 4 -accel tcg,thread=multi

#![no_std]
#![no_main]
#![feature(custom_test_frameworks)]
#![test_runner(farjump::testing::run)]
#![reexport_test_harness_main = "test_main"]
#![deny(unsafe_code)]

extern crate alloc;

#[path = "../bench/host/src/random.rs"]
#[expect(dead_code, reason = "not all of it is needed here")]
mod random;

use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};

use farjump::mm::debug::audit;
use farjump::mm::kernel::frames::{self, AllocatedFrames, Counts, Purpose};
use farjump::mm::kernel::heap;
use farjump::task::{self, Builder, CpuSet, JoinHandle};

use random::Random;

farjump::test_kernel!(test_main);

const ROUNDS: u64 = 10;

/// Drops `count` of `things`, in random order.
fn drop_some<T>(things: &mut Vec<T>, count: usize, random: &mut Random) {
    for _ in 0..count {
        things.swap_remove(random.index(things.len()));
    }
}

/// Allocates all free frames.
fn take_frames(frames: &mut Vec<AllocatedFrames>) {
    while frames.len() < frames.capacity() {
        match AllocatedFrames::try_new(Purpose::Other) {
            Some(frame) => frames.push(frame),
            None => return,
        }
    }
    panic!("there are more frames than were free");
}

/// Allocates blocks of up to 256 KiB until the heap has no block of `last_bytes` left.
fn take_blocks(blocks: &mut Vec<Vec<u8>>, last_bytes: usize, random: &mut Random) {
    let mut bound = 256 << 10;
    while bound >= last_bytes && blocks.len() < blocks.capacity() {
        let bytes = 1 + random.index(bound);
        let mut block = Vec::new();
        if block.try_reserve_exact(bytes).is_ok() {
            block.resize(bytes, 0xAA);
            blocks.push(block);
        } else {
            bound /= 2;
        }
    }
}

fn counts_after_trim() -> Counts {
    heap::trim();
    frames::counts()
}

#[test_case]
fn all_frames_ten_times_over() {
    let mut held = Vec::new();
    held.try_reserve_exact(frames::counts().free + 1).expect("there is memory");
    let before = counts_after_trim();
    for round in 0..ROUNDS {
        let mut random = Random::new(round);
        take_frames(&mut held);
        assert_eq!(frames::counts().free, 0);
        assert!(Vec::<u8>::new().try_reserve_exact(64 << 20).is_err());
        audit::run().expect_clean();
        let half = held.len() / 2;
        drop_some(&mut held, half, &mut random);
        assert_eq!(frames::counts().free, half);
        take_frames(&mut held);
        assert_eq!(frames::counts().free, 0);
        let all = held.len();
        drop_some(&mut held, all, &mut random);
        assert_eq!(counts_after_trim(), before, "round {round}");
    }
}

/// Runs `prepare` in a thread on each CPU. When all have prepared, runs `body` in each,
/// and returns the results.
fn on_each_cpu<P: 'static, T: Send + 'static>(prepare: fn() -> P, body: fn(P) -> T) -> Vec<T> {
    static MISSING: AtomicUsize = AtomicUsize::new(0);
    let cpus = task::cpus().count();
    MISSING.store(cpus, Ordering::Release);
    let spawn = |cpu| {
        let mut allowed = CpuSet::new();
        allowed.try_insert(cpu).expect("it is a CPU's number");
        let thread = Builder::new("memory").allowed(allowed).spawn(move || {
            let prepared = prepare();
            MISSING.fetch_sub(1, Ordering::AcqRel);
            while MISSING.load(Ordering::Acquire) > 0 {
                task::yield_now();
            }
            body(prepared)
        });
        thread.expect("there is memory")
    };
    let threads: Vec<JoinHandle<T>> = (0..cpus).map(spawn).collect();
    threads.into_iter().map(JoinHandle::join).collect()
}

#[test_case]
fn last_frames_are_found_in_the_caches_of_all_cpus() {
    let mut held = Vec::new();
    held.try_reserve_exact(frames::counts().free + 1).expect("there is memory");
    for _ in 0..ROUNDS {
        let prepare = || ();
        on_each_cpu(prepare, |()| {
            let frames: [_; 100] =
                core::array::from_fn(|_| AllocatedFrames::try_new(Purpose::Other));
            assert!(frames.iter().all(Option::is_some));
        });
        assert!(frames::cached() > 0);
        take_frames(&mut held);
        assert_eq!((frames::counts().free, frames::cached()), (0, 0));
        held.clear();
    }
}

/// All CPUs allocate frames until none is left, and free some of them meanwhile. Together
/// they allocate all frames.
#[test_case]
fn all_cpus_take_all_frames_together() {
    fn prepare() -> Vec<AllocatedFrames> {
        Vec::with_capacity(33_000)
    }
    fn take(mut frames: Vec<AllocatedFrames>) -> Vec<AllocatedFrames> {
        let mut step = 0_usize;
        while frames.len() < frames.capacity()
            && let Some(frame) = AllocatedFrames::try_new(Purpose::Other)
        {
            frames.push(frame);
            step += 1;
            if step.is_multiple_of(7) {
                frames.truncate(frames.len() - 3);
            }
        }
        frames
    }
    let before = counts_after_trim().used_for(Purpose::Other);
    // A round takes long, because the CPUs wait for one another, and the host may have
    // fewer CPUs.
    const LONG_ROUNDS: u64 = ROUNDS / 3;
    for _ in 0..LONG_ROUNDS {
        let all = on_each_cpu(prepare, take);
        let taken: usize = all.iter().map(Vec::len).sum();
        assert_eq!(frames::counts().used_for(Purpose::Other), before + taken);
        // Each CPU ended because it found no free frame. Since then, each other CPU may
        // have freed 3 frames, and each thread the 8 frames of its stack.
        assert!(frames::counts().free <= 16 * all.len(), "{}", frames::counts().free);
        audit::run().expect_clean();
        drop(all);
        assert_eq!(counts_after_trim().used_for(Purpose::Other), before);
    }
}

#[test_case]
fn whole_heap_ten_times_over() {
    let mut blocks = Vec::new();
    blocks.try_reserve_exact(100_000).expect("there is memory");
    let before = (counts_after_trim(), heap::statistics().allocated_bytes);
    for round in 0..ROUNDS {
        let mut random = Random::new(round);
        take_blocks(&mut blocks, 64, &mut random);
        let full = heap::statistics();
        assert!(full.mapped_bytes + (1 << 20) > full.limit_bytes, "{full:?}");
        assert!(full.allocated_bytes > full.mapped_bytes / 10 * 9, "{full:?}");
        let half = blocks.len() / 2;
        drop_some(&mut blocks, half, &mut random);
        take_blocks(&mut blocks, 64, &mut random);
        audit::run().expect_clean();
        let all = blocks.len();
        drop_some(&mut blocks, all, &mut random);
        assert_eq!((counts_after_trim(), heap::statistics().allocated_bytes), before);
    }
}

#[test_case]
fn heap_and_frames_in_turn_ten_times_over() {
    let (mut blocks, mut held) = (Vec::new(), Vec::new());
    blocks.try_reserve_exact(100_000).expect("there is memory");
    held.try_reserve_exact(frames::counts().free + 1).expect("there is memory");
    let before = (counts_after_trim(), heap::statistics().allocated_bytes);
    for round in 0..ROUNDS {
        let mut random = Random::new(round);
        // First the heap uses up most frames, then the rest is allocated directly.
        take_frames(&mut held);
        let part = held.len() / (2 + round as usize);
        drop_some(&mut held, part, &mut random);
        take_blocks(&mut blocks, 64, &mut random);
        take_frames(&mut held);
        assert_eq!(frames::counts().free, 0);
        audit::run().expect_clean();
        let some = blocks.len() / 3;
        drop_some(&mut blocks, some, &mut random);
        take_blocks(&mut blocks, 64, &mut random);
        let all = held.len();
        drop_some(&mut held, all, &mut random);
        take_blocks(&mut blocks, 4096, &mut random);
        let all = blocks.len();
        drop_some(&mut blocks, all, &mut random);
        assert_eq!((counts_after_trim(), heap::statistics().allocated_bytes), before);
    }
}
