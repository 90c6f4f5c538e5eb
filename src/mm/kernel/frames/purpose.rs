//! What frames are used for.

/// What a frame is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Purpose {
    /// The stub's code and tables, until the kernel runs on its own.
    Stub,
    /// Page tables.
    PageTables,
    /// The heap.
    Heap,
    /// Kernel stacks, but for the boot CPU's.
    Stacks,
    /// What is kept of each frame: see [`frame_info`](super::frame_info).
    FrameInfo,
    /// Memory of programs.
    User,
    /// Page tables of programs, for their half.
    UserTables,
    /// Whatever has no name of its own.
    Other,
}

/// How many purposes there are.
pub(super) const PURPOSES: usize = Purpose::ALL.len();

impl Purpose {
    /// All of them, with their names.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::Stub, "boot stub"),
        (Self::PageTables, "page tables"),
        (Self::Heap, "heap"),
        (Self::Stacks, "stacks"),
        (Self::FrameInfo, "frame info"),
        (Self::User, "programs"),
        (Self::UserTables, "page tables of programs"),
        (Self::Other, "other"),
    ];
}

/// How many frames are used for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// All frames that are managed.
    pub managed: usize,
    /// Those that are free, in the bitmap or in a CPU's cache.
    pub free: usize,
    /// Those in use, in the order of [`Purpose::ALL`].
    pub used: [usize; PURPOSES],
}

impl Counts {
    /// Returns the number of frames used for `purpose`.
    pub fn used_for(&self, purpose: Purpose) -> usize {
        self.used[purpose as usize]
    }
}

/// What was done with frames since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// How many frames were given out.
    pub allocated: u64,
    /// How many were taken back.
    pub freed: u64,
    /// How often there was none, or none that suited.
    pub failures: u64,
}

/// How many frames were given out and taken back for each purpose, at one place: sums over
/// all places say what is in use.
pub(super) struct Tally {
    pub(super) allocated: [u64; PURPOSES],
    pub(super) freed: [u64; PURPOSES],
}

impl Tally {
    pub(super) const ZERO: Self = Self { allocated: [0; PURPOSES], freed: [0; PURPOSES] };

    /// Counts that `count` frames are given out for `purpose`.
    #[inline]
    pub(super) fn note_allocated(&mut self, count: usize, purpose: Purpose) {
        // So many frames are never given out that this wraps.
        let sum = &mut self.allocated[purpose as usize];
        *sum = sum.wrapping_add(count as u64);
    }

    /// Counts that `count` frames that were used for `purpose` are taken back.
    #[inline]
    pub(super) fn note_freed(&mut self, count: usize, purpose: Purpose) {
        let sum = &mut self.freed[purpose as usize];
        *sum = sum.wrapping_add(count as u64);
    }

    /// Adds what was counted elsewhere.
    pub(super) fn add(&mut self, other: &Self) {
        for purpose in 0..PURPOSES {
            self.allocated[purpose] += other.allocated[purpose];
            self.freed[purpose] += other.freed[purpose];
        }
    }
}
