//! The record of each frame: its purpose, the number of its owners, and a word for the owner.
//!
//! A record has 16 bytes. Records are in chunks, each for 16 MiB of memory; only RAM has chunks. A
//! table has the address of each chunk. A record is valid as long as the frame is allocated in the
//! bitmap: it is written when the frame leaves the bitmap.
//!
//! Invariants:
//! 1. The table and the chunks are made by [`start`] and live for ever; the table isn't
//!    written afterwards.
//! 2. Each managed frame has a record.

use core::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};

use frame_bitmap::FrameBitmap;
use x86_64::PhysAddr;

use super::purpose::Purpose;
use crate::mm::kernel::layout::{self, FRAME_BYTES};

/// The number of frames that have their records in one chunk.
const CHUNK_FRAMES: usize = 4096;

/// The number of frames that a chunk occupies.
pub(super) const CHUNK_OWN_FRAMES: usize =
    CHUNK_FRAMES * size_of::<FrameInfo>() / FRAME_BYTES as usize;

/// The most owners of a frame.
pub const OWNERS_MAX: u32 = u32::MAX;

/// The record of a frame.
#[repr(C)]
pub(super) struct FrameInfo {
    /// The number of owners in the low half; in the high half the purpose's number plus 1,
    /// or 0 if the frame is free, in the cache of a CPU.
    state: AtomicU64,
    /// A word whose meaning the owner defines.
    owner: AtomicU64,
}

const _: () = assert!(size_of::<FrameInfo>() == 16);

/// The state of a frame in a cache.
const FREE: u64 = 0;

/// The frame has [`OWNERS_MAX`] owners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyOwners;

impl core::fmt::Display for TooManyOwners {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "the frame has {OWNERS_MAX} owners, which is the limit")
    }
}

impl core::error::Error for TooManyOwners {}

/// The record of a frame that is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameUse {
    /// The purpose.
    pub purpose: Purpose,
    /// The number of owners, at least 1.
    pub owners: u32,
    /// The owner's word; 0 until it is set.
    pub owner_word: u64,
}

const fn state_of(purpose: Purpose, owners: u32) -> u64 {
    (purpose as u64 + 1) << 32 | owners as u64
}

impl FrameInfo {
    /// Marks the free frame as used for `purpose` by one owner.
    #[inline]
    pub(super) fn give_out(&self, purpose: Purpose) {
        self.state.store(state_of(purpose, 1), Ordering::Relaxed);
        self.owner.store(0, Ordering::Relaxed);
    }

    /// Marks the frame as free, before it goes to a cache or to the bitmap.
    ///
    /// # Panics
    /// If the frame wasn't used for `purpose` by one owner.
    #[inline]
    pub(super) fn take_back(&self, purpose: Purpose) {
        let state = self.state.load(Ordering::Relaxed);
        assert!(state == state_of(purpose, 1), "a frame is freed by its only owner");
        self.state.store(FREE, Ordering::Relaxed);
    }

    /// Marks the frame as free, when it goes from the bitmap to a cache.
    #[inline]
    pub(super) fn note_cached(&self) {
        self.state.store(FREE, Ordering::Relaxed);
    }

    /// Adds an owner.
    ///
    /// # Errors
    /// [`TooManyOwners`]; then nothing has changed.
    pub(super) fn add_owner(&self) -> Result<(), TooManyOwners> {
        let add = |state: u64| (state as u32 != OWNERS_MAX).then_some(state + 1);
        // The caller is an owner already, so no ordering is needed.
        let added = self.state.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        added.map(|_| ()).map_err(|_| TooManyOwners)
    }

    /// Removes an owner, unless it is the only one; returns whether it is the only one.
    pub(super) fn is_last_or_remove_owner(&self) -> bool {
        let remove = |state: u64| (state as u32 > 1).then_some(state - 1);
        // The last owner must see all writes of the others before it frees the frame.
        self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, remove).is_err()
    }

    /// Returns how many owners the frame has.
    pub(super) fn owners(&self) -> u32 {
        self.state.load(Ordering::Acquire) as u32
    }

    /// Returns the purpose of a frame that is in use.
    ///
    /// # Panics
    /// If it is free.
    pub(super) fn purpose(&self) -> Purpose {
        let number = (self.state.load(Ordering::Relaxed) >> 32) as usize;
        Purpose::ALL[number.checked_sub(1).expect("the frame is in use")].0
    }

    /// Sets the owner's word.
    pub(super) fn set_owner_word(&self, word: u64) {
        self.owner.store(word, Ordering::Relaxed);
    }

    /// Returns the owner's word.
    pub(super) fn owner_word(&self) -> u64 {
        self.owner.load(Ordering::Relaxed)
    }

    /// Returns the record of the frame, which is allocated in the bitmap; `None` if the frame is in
    /// a cache.
    ///
    /// # Errors
    /// [`Damaged`] if the record has a value that this module never writes.
    pub(super) fn read(&self) -> Result<Option<FrameUse>, Damaged> {
        let state = self.state.load(Ordering::Relaxed);
        let (number, owners) = (state >> 32, state as u32);
        if state == FREE {
            return Ok(None);
        }
        let purpose = (number as usize).checked_sub(1).and_then(|number| Purpose::ALL.get(number));
        match purpose {
            Some(&(purpose, _)) if owners > 0 => {
                Ok(Some(FrameUse { purpose, owners, owner_word: self.owner_word() }))
            }
            _ => Err(Damaged),
        }
    }

    /// Sets the number of owners, for a test of the limit.
    #[cfg(test)]
    pub(super) fn set_owners(&self, owners: u32) {
        let set = |state: u64| Some(state & !u64::from(u32::MAX) | u64::from(owners));
        self.state.fetch_update(Ordering::Relaxed, Ordering::Relaxed, set).expect("it never fails");
    }
}

/// A frame's record has a value that this module never writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Damaged;

/// The address of the table, and the number of its words; null and 0 until [`start`].
static TABLE: AtomicPtr<u64> = AtomicPtr::new(core::ptr::null_mut());
static CHUNKS: AtomicUsize = AtomicUsize::new(0);

/// Returns how many words the table for `frames` has.
pub(super) const fn table_words(frames: usize) -> usize {
    frames.div_ceil(CHUNK_FRAMES)
}

/// Returns whether frames have records.
#[inline]
pub(super) fn is_started() -> bool {
    !TABLE.load(Ordering::Acquire).is_null()
}

/// Returns the record of a frame; `None` before [`start`], or if there is no RAM at the frame.
#[inline]
pub(super) fn of(frame: usize) -> Option<&'static FrameInfo> {
    let chunk = frame / CHUNK_FRAMES;
    if chunk >= CHUNKS.load(Ordering::Acquire) {
        return None;
    }
    // SAFETY: the table has more than `chunk` words (invariant 1).
    let address = unsafe { TABLE.load(Ordering::Relaxed).add(chunk) };
    // SAFETY: as above; the words aren't written any more.
    let has_chunk = unsafe { address.read() } != 0;
    // SAFETY: the frame's chunk exists.
    has_chunk.then(|| unsafe { of_managed(frame) })
}

/// Returns the record of a frame.
///
/// # Safety
/// Frames have records ([`is_started`]), and the frame is managed.
#[inline]
pub(super) unsafe fn of_managed(frame: usize) -> &'static FrameInfo {
    // SAFETY: the table has a word for each chunk (invariant 1).
    let address = unsafe { TABLE.load(Ordering::Relaxed).add(frame / CHUNK_FRAMES) };
    // SAFETY: as above; the word isn't written any more.
    let first = unsafe { address.read() };
    let first: *const FrameInfo = core::ptr::with_exposed_provenance(first as usize);
    // SAFETY: a managed frame's chunk exists (invariant 2), with a record for each frame.
    let info = unsafe { first.add(frame % CHUNK_FRAMES) };
    // SAFETY: as above; any bytes are a record, and it lives for ever (invariant 1).
    unsafe { &*info }
}

/// Makes the records: a chunk for each 16 MiB with a managed frame, allocated from `bitmap`. All
/// frames are in the direct map. `table` has [`table_words`]. `purpose_of` returns the purpose of
/// frames that are already allocated. Returns the number of frames that the records occupy.
///
/// # Panics
/// If there is too little memory.
pub(super) fn start(
    bitmap: &mut FrameBitmap<'static>,
    table: &'static mut [u64],
    purpose_of: impl Fn(usize) -> Purpose,
) -> usize {
    let mut own_frames = 0;
    for (chunk, address) in table.iter_mut().enumerate() {
        let first = chunk * CHUNK_FRAMES;
        *address = 0;
        if !bitmap.is_any_managed(first..first + CHUNK_FRAMES) {
            continue;
        }
        let run = bitmap.allocate_run(CHUNK_OWN_FRAMES, 1, usize::MAX);
        let run = run.expect("there is memory for records of the frames");
        let records = layout::direct(PhysAddr::new(run as u64 * FRAME_BYTES));
        let records: *const u64 = records.as_ptr();
        *address = records.expose_provenance() as u64;
        own_frames += CHUNK_OWN_FRAMES;
    }
    let chunks = table.len();
    TABLE.store(table.as_mut_ptr(), Ordering::Release);
    CHUNKS.store(chunks, Ordering::Release);

    for_each_allocated(
        0,
        usize::MAX,
        |word| bitmap.allocated_word(word),
        |frame| {
            let info = of(frame).expect("managed frames have a record");
            info.give_out(purpose_of(frame));
        },
    );
    for chunk in (0..chunks).filter_map(|chunk| of(chunk * CHUNK_FRAMES)) {
        let address = x86_64::VirtAddr::from_ptr(chunk);
        let first = ((address - layout::DIRECT_MAP) / FRAME_BYTES) as usize;
        for frame in first..first + CHUNK_OWN_FRAMES {
            of(frame).expect("managed frames have a record").give_out(Purpose::FrameInfo);
        }
    }
    own_frames
}

/// Calls `action` for each frame whose bit is set in at most `most` words from `word` on;
/// returns whether there are more words.
pub(super) fn for_each_allocated(
    word: usize,
    most: usize,
    read: impl Fn(usize) -> Option<u64>,
    mut action: impl FnMut(usize),
) -> bool {
    for word in word..word.saturating_add(most) {
        let Some(mut bits) = read(word) else {
            return false;
        };
        while bits != 0 {
            action(word * u64::BITS as usize + bits.trailing_zeros() as usize);
            bits &= bits - 1;
        }
    }
    true
}
