//! The use of memory at the end of the boot, for the command `boot`.

use spin::Once;

use crate::mm::kernel::frames::{self, Counts};

static COUNTS: Once<Counts> = Once::new();

/// Records the use of frames, unless that was done before: when the first program was started, or
/// at the prompt.
pub fn take() {
    COUNTS.call_once(frames::counts);
}

/// Returns the record; the present counts if there is none.
pub(super) fn counts() -> Counts {
    COUNTS.get().copied().unwrap_or_else(frames::counts)
}
