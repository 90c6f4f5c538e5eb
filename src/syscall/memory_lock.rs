//! Locked memory: mlock(2), munlock(2), mlockall(2), munlockall(2).
//!
//! Pages of programs are never swapped out. So locking only allocates the pages at once, and
//! prevents madvise(2) from discarding them.

use ::address_space::{Lock, PageRange, RangeError, RegionError};

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use super::memory::{check_may_lock, limits, memory};
use crate::mm::user::fault::FaultError;
use crate::mm::user::page_table::PAGE_BYTES;

/// Returns the pages of the range of a call, whose start need not be aligned; `None` for an empty
/// range.
fn range(call: &Call<'_>) -> Result<Option<PageRange>, Failure> {
    let [start, len_bytes] = core::array::from_fn(|index| call.argument(index));
    let within = start % PAGE_BYTES;
    let len_bytes = len_bytes
        .checked_add(within)
        .and_then(|len| len.checked_next_multiple_of(PAGE_BYTES))
        .unwrap_or(0);
    let start = start - within;
    if start.checked_add(len_bytes).is_none() {
        return Err(Errno::EINVAL.into());
    }
    match PageRange::try_new(start, len_bytes) {
        Ok(range) => Ok(Some(range)),
        Err(RangeError::Empty) => Ok(None),
        Err(_) => Err(Errno::ENOMEM.into()),
    }
}

fn lock_range(call: &Call<'_>, lock: Lock) -> CallResult {
    let limits = limits(call);
    check_may_lock(&limits)?;
    let Some(range) = range(call)? else {
        return Ok(0);
    };
    let memory = memory(call)?;
    memory.lock_pages(range, lock, &limits).map_err(|error| match error {
        RegionError::LockLimit => Errno::ENOMEM,
        error => error.into(),
    })?;
    if lock == Lock::Now {
        memory.populate(range).map_err(|error| match error {
            FaultError::NoMemory => Errno::EAGAIN,
            _ => Errno::ENOMEM,
        })?;
    }
    Ok(0)
}

pub(super) fn mlock(call: &mut Call<'_>) -> CallResult {
    lock_range(call, Lock::Now)
}

pub(super) fn mlock2(call: &mut Call<'_>) -> CallResult {
    // Source: Linux, include/uapi/asm-generic/mman-common.h.
    const ONFAULT: u32 = 1;
    match call.argument_u32(2) {
        0 => lock_range(call, Lock::Now),
        ONFAULT => lock_range(call, Lock::OnFault),
        _ => Err(Errno::EINVAL.into()),
    }
}

pub(super) fn munlock(call: &mut Call<'_>) -> CallResult {
    if let Some(range) = range(call)? {
        memory(call)?.lock_pages(range, Lock::None, &limits(call))?;
    }
    Ok(0)
}

pub(super) fn mlockall(call: &mut Call<'_>) -> CallResult {
    // Source: Linux, include/uapi/asm-generic/mman.h.
    const CURRENT: u32 = 1;
    const FUTURE: u32 = 2;
    const ONFAULT: u32 = 4;
    let flags = call.argument_u32(0);
    if flags & !(CURRENT | FUTURE | ONFAULT) != 0 || flags & (CURRENT | FUTURE) == 0 {
        return Err(Errno::EINVAL.into());
    }
    let limits = limits(call);
    check_may_lock(&limits)?;
    let lock = if flags & ONFAULT != 0 { Lock::OnFault } else { Lock::Now };
    let now = (flags & CURRENT != 0).then_some(lock);
    let future = if flags & FUTURE != 0 { lock } else { Lock::None };
    let memory = memory(call)?;
    memory.lock_all(now, future, &limits).map_err(|error| match error {
        RegionError::LockLimit => Errno::ENOMEM,
        error => error.into(),
    })?;
    if now == Some(Lock::Now) {
        memory.populate_locked();
    }
    Ok(0)
}

pub(super) fn munlockall(call: &mut Call<'_>) -> CallResult {
    memory(call)?.lock_all(Some(Lock::None), Lock::None, &limits(call))?;
    Ok(0)
}
