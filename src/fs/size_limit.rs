//! The size limit of files that the running program writes: RLIMIT_FSIZE.

use spin::Once;

use super::error::FsError;

/// Returns the largest size of a file for the running program, in bytes.
pub type SizeLimit = fn() -> u64;

/// Reports to the running program that it has reached the limit.
pub type LimitReached = fn();

static HOOKS: Once<(SizeLimit, LimitReached)> = Once::new();

/// Registers the function that returns the limit of the running program, and the function that
/// reports an excess.
pub fn set_hooks(limit: SizeLimit, reached: LimitReached) {
    HOOKS.call_once(|| (limit, reached));
}

/// Returns the number of bytes that may be written from `offset` on.
///
/// # Errors
/// [`FsError::TooLarge`] if it is 0.
pub(super) fn room_at(offset: u64) -> Result<u64, FsError> {
    let Some((limit, reached)) = HOOKS.get() else {
        return Ok(u64::MAX);
    };
    let room = limit().saturating_sub(offset);
    if room == 0 {
        reached();
        return Err(FsError::TooLarge);
    }
    Ok(room)
}

/// Checks that the size of a file may be changed from `size_bytes` to `new_bytes`.
///
/// # Errors
/// [`FsError::TooLarge`].
pub(super) fn check_size(size_bytes: u64, new_bytes: u64) -> Result<(), FsError> {
    match new_bytes.checked_sub(1) {
        Some(last) if new_bytes > size_bytes => room_at(last).map(|_| ()),
        _ => Ok(()),
    }
}
