//! The limit of the size of files that the running program writes: RLIMIT_FSIZE.

use spin::Once;

use super::error::FsError;

/// Returns how many bytes a file may have for the running program.
pub type SizeLimit = fn() -> u64;

/// Reports to the running program that it has reached the limit.
pub type LimitReached = fn();

static HOOKS: Once<(SizeLimit, LimitReached)> = Once::new();

/// Registers the function that returns the limit of the running program, and the one that reports
/// an excess.
pub fn set_hooks(limit: SizeLimit, reached: LimitReached) {
    HOOKS.call_once(|| (limit, reached));
}

/// Returns how many bytes may be written from `offset` on.
///
/// # Errors
/// [`FsError::TooLarge`] if none may.
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

/// Checks that a file of `size_bytes` may get `new_bytes`.
///
/// # Errors
/// [`FsError::TooLarge`].
pub(super) fn check_size(size_bytes: u64, new_bytes: u64) -> Result<(), FsError> {
    match new_bytes.checked_sub(1) {
        Some(last) if new_bytes > size_bytes => room_at(last).map(|_| ()),
        _ => Ok(()),
    }
}
