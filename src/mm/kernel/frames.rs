//! The frame allocator's one instance.
//!
//! Frames belong to whoever holds an [`AllocatedFrames`]; dropping it frees them.
//! A frame that is mapped is leaked on purpose, and taken back when it is unmapped.

use frame_bitmap::FrameBitmap;
use x86_64::PhysAddr;

use crate::mm::kernel::layout::{DIRECT_MAP_BYTES, FRAME_BYTES};
use crate::sync::{IrqMutex, Rank};

/// What frames are used for; only counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Purpose {
    /// The stub's code and tables, until they are given back.
    Stub,
    /// Page tables.
    PageTables,
    /// The heap.
    Heap,
    /// Kernel stacks, but for the boot processor's.
    Stacks,
    /// Whatever has no name of its own.
    Other,
}

impl Purpose {
    /// All of them, with their names.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Stub, "boot stub"),
        (Self::PageTables, "page tables"),
        (Self::Heap, "heap"),
        (Self::Stacks, "stacks"),
        (Self::Other, "other"),
    ];
}

/// How many frames are used for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// All frames that are managed.
    pub managed: usize,
    /// Those that are free.
    pub free: usize,
    /// Those in use, in the order of [`Purpose::ALL`].
    pub used: [usize; Purpose::ALL.len()],
}

/// What was done with frames since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// How many frames were given out.
    pub allocated: u64,
    /// How many were taken back.
    pub freed: u64,
    /// How often there was none, or none that suited.
    pub failures: u64,
}

impl Counts {
    /// Returns the number of frames used for `purpose`.
    pub fn used_for(&self, purpose: Purpose) -> usize {
        self.used[purpose as usize]
    }
}

struct State {
    /// `None` until [`start`].
    bitmap: Option<FrameBitmap<'static>>,
    used: [usize; Purpose::ALL.len()],
    traffic: Traffic,
    /// Only frames below this are given out: those that are mapped by now.
    reach: usize,
}

/// Protects which frames are free; taken by whoever needs or frees frames, never
/// by interrupt handlers.
static STATE: IrqMutex<State> = IrqMutex::new(
    Rank::Frames,
    State {
        bitmap: None,
        used: [0; Purpose::ALL.len()],
        traffic: Traffic { allocated: 0, freed: 0, failures: 0 },
        reach: 0,
    },
);

/// How many frames are looked at at most while the lock is held, and so interrupts are
/// off: 64 MiB of memory in a KiB of bitmap.
const STEP_FRAMES: usize = 1 << 14;

impl State {
    fn bitmap(&mut self) -> &mut FrameBitmap<'static> {
        self.bitmap.as_mut().expect("memory is set up early")
    }

    /// Counts that `count` frames are given out for `purpose`, if `first` says that
    /// they are.
    fn note(&mut self, first: Option<usize>, count: usize, purpose: Purpose) {
        match first {
            Some(_) => {
                self.used[purpose as usize] += count;
                self.traffic.allocated += count as u64;
            }
            None => self.traffic.failures += 1,
        }
    }
}

/// Starts with `bitmap`; frames below `reach` are given out.
pub(in crate::mm) fn start(bitmap: FrameBitmap<'static>, reach: PhysAddr) {
    let mut state = STATE.lock();
    state.bitmap = Some(bitmap);
    state.reach = number(reach);
}

/// Lets all frames be given out: all are mapped.
pub(in crate::mm) fn reach_all() {
    STATE.lock().reach = usize::MAX;
}

/// Returns how many frames are used for what.
pub fn counts() -> Counts {
    let mut state = STATE.lock();
    let used = state.used;
    let bitmap = state.bitmap();
    Counts { managed: bitmap.managed(), free: bitmap.free_count(), used }
}

/// Returns what was done with frames since the start.
pub fn traffic() -> Traffic {
    STATE.lock().traffic
}

/// The free frames, by runs of frames behind each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FreeRuns {
    /// How many runs.
    pub count: usize,
    /// The first frame's address and the number of frames of the longest.
    pub longest: (u64, usize),
}

/// Looks at all free frames. The lock is taken anew for each 64 MiB, so what changes
/// meanwhile is seen or not.
pub fn free_runs() -> FreeRuns {
    let mut runs = FreeRuns::default();
    let mut run = 0..0;
    loop {
        let next = STATE.lock().bitmap().next_free_run(run.end, STEP_FRAMES);
        let Some(next) = next else {
            return runs;
        };
        if next.start == run.end && runs.count > 0 {
            run.end = next.end;
        } else {
            runs.count += 1;
            run = next;
        }
        if run.len() > runs.longest.1 {
            runs.longest = (run.start as u64 * FRAME_BYTES, run.len());
        }
    }
}

/// Tells whether the frame at `start` is managed and in use.
pub(in crate::mm) fn is_allocated(start: PhysAddr) -> bool {
    STATE.lock().bitmap().is_allocated(number(start))
}

/// Frames behind each other that belong to whoever holds this. Dropping it frees
/// them.
#[derive(Debug, PartialEq, Eq)]
pub struct AllocatedFrames {
    first: usize,
    count: usize,
    purpose: Purpose,
}

/// What a run of frames has to be like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// How many frames.
    pub count: usize,
    /// What the first frame's number is a multiple of.
    pub align_frames: usize,
    /// Where it has to end at the latest: 16 MiB and 4 GiB are what devices ask
    /// for.
    pub below: PhysAddr,
}

impl AllocatedFrames {
    /// Takes the highest free frame, so that those below 4 GiB and below 16 MiB, which
    /// some devices need, are the last that are taken; `None` if none is free. Its content
    /// is anything.
    pub fn try_new(purpose: Purpose) -> Option<Self> {
        Self::try_new_within(PhysAddr::zero(), PhysAddr::new(DIRECT_MAP_BYTES), purpose)
    }

    /// Takes frames after each other, out of a free block of a power of two of frames,
    /// at least the count and the alignment; `None` if there is none, if the count is
    /// 0, or if the alignment is no power of two.
    ///
    /// The search costs the same however memory is cut up; marking the frames costs a few
    /// instructions for 64 of them.
    pub fn try_new_run(run: Run, purpose: Purpose) -> Option<Self> {
        let mut state = STATE.lock();
        let below = number(run.below).min(state.reach);
        let first = state.bitmap().allocate_run(run.count, run.align_frames, below);
        state.note(first, run.count, purpose);
        Some(Self { first: first?, count: run.count, purpose })
    }

    /// Takes a frame between `start` and `end`; `None` if none is free there.
    pub fn try_new_within(start: PhysAddr, end: PhysAddr, purpose: Purpose) -> Option<Self> {
        let mut state = STATE.lock();
        let end = number(end).min(state.reach);
        let first = state.bitmap().allocate_from(number(start)..end);
        state.note(first, 1, purpose);
        Some(Self { first: first?, count: 1, purpose })
    }

    /// Returns the physical address of the first byte.
    pub fn start(&self) -> PhysAddr {
        PhysAddr::new(self.first as u64 * FRAME_BYTES)
    }

    /// Returns the number of frames.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Gives the frames out of this type's hands, to a page table; returns where
    /// they begin.
    pub(in crate::mm) fn leak(self) -> PhysAddr {
        let start = self.start();
        core::mem::forget(self);
        start
    }

    /// Takes a frame back.
    ///
    /// # Safety
    /// It comes from [`leak`](Self::leak) of a single frame for the same purpose,
    /// and nobody uses it any more.
    pub(in crate::mm) unsafe fn from_leaked(start: PhysAddr, purpose: Purpose) -> Self {
        Self { first: number(start), count: 1, purpose }
    }
}

impl Drop for AllocatedFrames {
    fn drop(&mut self) {
        let mut state = STATE.lock();
        state.bitmap().free_run(self.first, self.count).expect("frames are freed by who has them");
        state.used[self.purpose as usize] -= self.count;
        state.traffic.freed += self.count as u64;
    }
}

/// Returns the number of the frame that begins at `start`.
fn number(start: PhysAddr) -> usize {
    (start.as_u64() / FRAME_BYTES) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn frames_come_back_when_they_are_dropped() {
        let before = counts();
        let frame = AllocatedFrames::try_new(Purpose::Other).expect("there is memory");
        assert!(is_allocated(frame.start()));
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
            let frames =
                AllocatedFrames::try_new_run(run, Purpose::Other).expect("there is memory");
            assert!(frames.start().is_aligned(16 * FRAME_BYTES));
            assert_eq!(frames.count(), 24);
            assert!(frames.start().as_u64() + 24 * FRAME_BYTES <= below);
        }
        let too_low = Run { count: 2, align_frames: 1, below: PhysAddr::new(8192) };
        assert_eq!(AllocatedFrames::try_new_run(too_low, Purpose::Other), None);
        assert_eq!(counts(), before);
    }
}
