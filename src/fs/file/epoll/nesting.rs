//! The nesting of sets: no set contains itself, and the depth is limited.

use core::sync::atomic::{AtomicU32, Ordering};

use crate::fs::error::FsError;
use crate::sync::{Mutex, MutexGuard, Rank, SpinMutex};

/// The largest depth of nested sets: EP_MAX_NESTS plus one.
///
/// Source: epoll_ctl(2), ELOOP.
const DEPTH_MAX: u32 = 5;

/// The largest number of sets that contain a set, directly or not, so that a notification ends
/// soon.
const AROUND_MAX: usize = 16;

/// Protects the graph of nested sets, and counts the searches in it.
static NESTING: Mutex<u64> = Mutex::new(Rank::FileSets, 0);

/// The result of a search for one set.
#[derive(Clone, Copy, Debug, Default)]
struct Walked {
    /// The number of the search.
    walk: u64,
    /// The depth of the sets within it, including itself.
    height: u32,
}

/// The nesting of a set.
pub(super) struct Nesting {
    /// The largest depth of the sets around it so far.
    around: AtomicU32,
    /// Protects the result of the last search.
    walked: SpinMutex<Walked>,
}

impl Nesting {
    /// Returns the state of a new set.
    pub(super) fn new() -> Self {
        let walked = SpinMutex::new(Rank::Files, Walked::default());
        Self { around: AtomicU32::new(0), walked }
    }
}

/// A set that can be in other sets.
pub(super) trait NestedSet {
    /// Returns its nesting.
    fn nesting(&self) -> &Nesting;

    /// Calls `action` with each set that is in it, until one call fails.
    fn for_each_inner(
        &self,
        action: &mut dyn FnMut(&Self) -> Result<(), FsError>,
    ) -> Result<(), FsError>;
}

/// Checks that `inner`, which is in `count` sets, can be added to `outer`. The nesting can't change
/// until the guard is dropped.
pub(super) fn enter<S: NestedSet>(
    outer: &S,
    inner: &S,
    count: usize,
) -> Result<MutexGuard<'static, u64>, FsError> {
    let mut walk = NESTING.lock();
    *walk += 1;
    let around = outer.nesting().around.load(Ordering::Relaxed) + 1;
    if around >= DEPTH_MAX {
        return Err(FsError::TooManyLinks);
    }
    height(inner, outer, DEPTH_MAX - around, *walk)?;
    if count >= AROUND_MAX {
        return Err(FsError::InvalidArgument);
    }
    raise(inner, around);
    Ok(walk)
}

/// Returns the depth of the sets from `set` inwards. Fails if it exceeds `left`, or `outer` is
/// among them.
fn height<S: NestedSet>(set: &S, outer: &S, left: u32, walk: u64) -> Result<u32, FsError> {
    if core::ptr::eq(set, outer) || left == 0 {
        return Err(FsError::TooManyLinks);
    }
    let walked = *set.nesting().walked.lock();
    let height = match walked.walk == walk {
        true => walked.height,
        false => {
            let mut height = 1;
            set.for_each_inner(&mut |inner| {
                height = height.max(1 + self::height(inner, outer, left - 1, walk)?);
                Ok(())
            })?;
            *set.nesting().walked.lock() = Walked { walk, height };
            height
        }
    };
    if height <= left { Ok(height) } else { Err(FsError::TooManyLinks) }
}

/// Records that `set` is in at least `around` levels of sets. The number never decreases, even if
/// the set is removed from them.
fn raise<S: NestedSet>(set: &S, around: u32) {
    if set.nesting().around.fetch_max(around, Ordering::Relaxed) < around {
        let raised = set.for_each_inner(&mut |inner| {
            raise(inner, around + 1);
            Ok(())
        });
        raised.expect("the closure doesn't fail");
    }
}
