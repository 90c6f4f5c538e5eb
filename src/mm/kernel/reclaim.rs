//! Freeing memory whose contents can be read again from a disk.
//!
//! Only the room of files knows such memory, and it is above this one: it registers a function.

use spin::Once;

use super::frames;

/// The part of the frames that is kept free for operations that can't wait for more: one of this
/// number.
const FRAMES_PER_RESERVED: usize = 64;
/// The most frames that are kept free.
const RESERVED_MAX: usize = 4096;
/// The number of frames that are freed at once.
const BATCH: u64 = 256;

/// Frees up to this number of frames, and returns how many. May wait.
pub type Reclaim = fn(u64) -> u64;

static RECLAIM: Once<Reclaim> = Once::new();

/// Sets the function that frees memory.
pub fn set(reclaim: Reclaim) {
    RECLAIM.call_once(|| reclaim);
}

/// Frees some memory, if little is free. May wait; the caller holds no lock of
/// [`Rank::PageTransfers`](crate::sync::Rank::PageTransfers) or of a higher rank.
pub fn relieve() {
    let reserved = (frames::managed() / FRAMES_PER_RESERVED).min(RESERVED_MAX);
    if !frames::are_free(reserved) {
        free_some();
    }
}

/// Frees some memory, because an allocation has failed. Returns whether that was possible. May wait;
/// for the same callers as [`relieve`].
pub fn free_some() -> bool {
    RECLAIM.get().is_some_and(|reclaim| reclaim(BATCH) > 0)
}
