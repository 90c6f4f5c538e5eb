//! Memory that the loader has filled: modules. A module is either read in place, or taken: then its
//! frames are reused once it has been read.

use core::ops::Range;

use boot_information::Module;
use heapless::Vec as ShortVec;
use memory_map::Kind;
use x86_64::PhysAddr;

use super::frames::{AllocatedFrames, Purpose};
use super::layout::{self, DIRECT_MAP_BYTES, FRAME_BYTES};
use super::ram;
use crate::sync::{Rank, SpinMutex};

/// Returns the place of a module.
pub fn place(module: &Module<'_>) -> Range<PhysAddr> {
    PhysAddr::new(module.start.into())..PhysAddr::new(module.end.into())
}

/// Returns the bytes of a module that the loader has stored at `range`. `None` if the loader
/// doesn't report that range, or a part of it was [taken](take).
///
/// # Panics
/// If [`start`](crate::mm::start) wasn't called.
pub fn lend(range: Range<PhysAddr>) -> Option<&'static [u8]> {
    let bytes = look_at(&range)?;
    USES.lock().note(range, Use::Lent).then_some(bytes)
}

/// Passes the bytes of the module at `range` to `look`, and leaves it free to be lent or taken;
/// `None` as for [`lend`]. No module can be lent or taken until `look` returns, which doesn't wait.
pub fn inspect<R>(range: Range<PhysAddr>, look: impl FnOnce(&[u8]) -> R) -> Option<R> {
    let bytes = look_at(&range)?;
    let uses = USES.lock();
    (!uses.is_taken(&range)).then(|| look(bytes))
}

/// Returns the first bytes of the module at `range`, to determine its format; `None` as for
/// [`lend`].
pub fn head<const N: usize>(range: &Range<PhysAddr>) -> Option<[u8; N]> {
    look_at(range)?.first_chunk().copied()
}

/// Takes the memory of the module at `range`, for ever. `None` if [`lend`] returns `None`, has lent
/// the module before, or if its memory can't be managed like other RAM.
///
/// # Panics
/// As [`lend`].
pub fn take(range: Range<PhysAddr>) -> Option<TakenModule> {
    let start = range.start;
    let len_bytes = look_at(&range)?.len();
    let count = len_bytes / FRAME_BYTES as usize;
    let is_possible = count > 0 && start.is_aligned(FRAME_BYTES);
    if !is_possible || !USES.lock().note(range.clone(), Use::Taken) {
        return None;
    }
    // SAFETY: it is RAM in the direct map, which, as the loader reports, holds only this module; it
    // was not lent, and from now on `lend` and `take` refuse it.
    let frames = unsafe { AllocatedFrames::adopt(start, count, Purpose::Files) };
    if frames.is_none() {
        USES.lock().0.retain(|(other, _)| *other != range);
    }
    Some(TakenModule { frames: frames?, start, len_bytes })
}

/// Returns whether a part of the module at `range` was [taken](take).
pub fn is_taken(range: &Range<PhysAddr>) -> bool {
    USES.lock().is_taken(range)
}

/// A module whose frames belong to the kernel.
pub struct TakenModule {
    /// The module's whole frames. The rest of the module lies in a part of a frame, which stays
    /// unused.
    frames: AllocatedFrames,
    start: PhysAddr,
    len_bytes: usize,
}

impl TakenModule {
    /// Returns all bytes of the module.
    pub fn bytes(&self) -> &[u8] {
        let bytes: *const u8 = layout::direct(self.start).as_ptr();
        // SAFETY: it is RAM in the direct map, which `self` owns, and nothing writes to it.
        unsafe { core::slice::from_raw_parts(bytes, self.len_bytes) }
    }

    /// Returns the module's whole frames, in order.
    pub fn into_frames(self) -> AllocatedFrames {
        self.frames
    }
}

/// The use of memory that the loader has filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// It is read, and never changes.
    Lent,
    /// Its frames are reused.
    Taken,
}

/// The uses of memory that the loader has filled.
struct Uses(ShortVec<(Range<PhysAddr>, Use), 64>);

/// Protects the list; held to add an entry.
static USES: SpinMutex<Uses> = SpinMutex::new(Rank::Files, Uses(ShortVec::new()));

impl Uses {
    /// Returns whether a part of `range` was taken.
    fn is_taken(&self, range: &Range<PhysAddr>) -> bool {
        let mut taken = self.0.iter().filter(|(_, used)| *used == Use::Taken);
        taken.any(|(other, _)| other.start < range.end && range.start < other.end)
    }

    /// Adds a use if it is compatible with the previous ones. Returns whether it is, and there was
    /// room.
    fn note(&mut self, range: Range<PhysAddr>, new: Use) -> bool {
        let is_compatible = |(other, used): &(Range<PhysAddr>, Use)| {
            let overlaps = other.start < range.end && range.start < other.end;
            !overlaps || (*used, new) == (Use::Lent, Use::Lent)
        };
        if !self.0.iter().all(is_compatible) {
            return false;
        }
        let is_known = self.0.contains(&(range.clone(), new));
        is_known || self.0.push((range, new)).is_ok()
    }
}

/// Returns the bytes of the module at `range`, which are valid until the module is taken.
fn look_at(range: &Range<PhysAddr>) -> Option<&'static [u8]> {
    let (start, end) = (range.start.as_u64(), range.end.as_u64());
    let mut regions = ram::map().regions().iter().filter(|region| region.kind == Kind::Loader);
    let is_loaded = start < end
        && end <= DIRECT_MAP_BYTES
        && regions.any(|region| region.start <= start && end <= region.end)
        && ram::reachable(ram::map(), FRAME_BYTES)
            .any(|(first, last)| first <= start && end <= last);
    if !is_loaded || USES.lock().is_taken(range) {
        return None;
    }
    let bytes: *const u8 = layout::direct(range.start).as_ptr();
    // SAFETY: it is RAM in the direct map that nothing writes: the frame allocator has the loader's
    // regions only after they were taken, which callers check.
    Some(unsafe { core::slice::from_raw_parts(bytes, (end - start) as usize) })
}
