//! Values that the stub (`asm/boot.asm`) leaves in memory for the kernel.

unsafe extern "C" {
    safe static boot_tsc: u64;
    safe static last_stage: u8;
    safe static boot_trace: u8;
}

/// Returns the value of the time stamp counter that the stub read, as soon as it knew that the CPU
/// has one.
pub(in crate::arch) fn start_tsc() -> u64 {
    boot_tsc
}

/// Returns the stage that the last traced boot left in the CMOS, or 0 if there is no record.
pub(in crate::arch) fn last_boot_stage() -> u8 {
    last_stage
}

/// Returns the destinations of this boot's trace, one bit each: see
/// [`boot_stage`](crate::arch::boot_stage).
pub(in crate::arch) fn trace() -> u8 {
    boot_trace
}
