//! What the stub leaves in memory for the kernel (`asm/boot.asm`).

unsafe extern "C" {
    safe static boot_tsc: u64;
    safe static last_stage: u8;
    safe static boot_trace: u8;
}

/// Returns the time stamp counter as the stub read it, right after it had found that the CPU has
/// one.
pub(in crate::arch) fn start_tsc() -> u64 {
    boot_tsc
}

/// Returns the stage that the last traced boot left in the CMOS, or 0 if there is no record.
pub(in crate::arch) fn last_boot_stage() -> u8 {
    last_stage
}

/// Returns where this boot is traced to, a bit each: see [`boot_stage`](crate::arch::boot_stage).
pub(in crate::arch) fn trace() -> u8 {
    boot_trace
}
