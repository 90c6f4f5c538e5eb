//! What the stub leaves in memory for the kernel (`asm/boot.asm`).

unsafe extern "C" {
    safe static boot_tsc: u64;
    safe static last_progress: u8;
}

/// Returns the time stamp counter as it was when the stub had seen that there
/// is one.
pub(in crate::arch) fn start_tsc() -> u64 {
    boot_tsc
}

/// Returns the CMOS progress byte as the last boot left it.
pub(in crate::arch) fn last_boot_progress() -> u8 {
    last_progress
}
