//! The limits of waits, in nanoseconds.

/// The limit for the TPM to be given to the kernel.
///
/// Source: PTP, "Timeouts": TIMEOUT_A.
pub(super) const LOCALITY_NS: u64 = 750_000_000;

/// The limit of a command: much longer than any TPM needs for those that are used here.
///
/// Source: PTP, "Command duration": short commands take 20 ms at most, medium ones 750 ms.
pub(super) const COMMAND_NS: u64 = 2_000_000_000;
