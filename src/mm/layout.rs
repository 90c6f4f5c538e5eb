//! Every address constant of the kernel, as one table.
//!
//! | range | what |
//! | --- | --- |
//! | 0 … 1 GiB | the stub's identity map |
//! | [`KERNEL_BASE`] … + 1 GiB | the same GiB; the kernel image is linked here |

use x86_64::{PhysAddr, VirtAddr};

/// Where physical address 0 is seen in the higher half.
pub const KERNEL_BASE: VirtAddr = VirtAddr::new(0xFFFF_FFFF_8000_0000);

/// How much physical memory, in bytes, the stub maps at [`KERNEL_BASE`].
pub const STUB_MAPPED_BYTES: u64 = 1 << 30;

/// The VGA text screen's cells.
pub const VGA_TEXT: PhysAddr = PhysAddr::new(0xB8000);

/// Returns where the stub's map shows the `len_bytes` bytes at `start`, or
/// `None` if they aren't all within the first GiB.
pub fn stub_mapped(start: PhysAddr, len_bytes: u64) -> Option<VirtAddr> {
    let end = start.as_u64().checked_add(len_bytes)?;
    (end <= STUB_MAPPED_BYTES).then(|| KERNEL_BASE + start.as_u64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn stub_mapped_ends_with_the_first_gib() {
        let last = PhysAddr::new(STUB_MAPPED_BYTES - 4096);
        assert_eq!(stub_mapped(last, 4096), Some(KERNEL_BASE + last.as_u64()));
        assert_eq!(stub_mapped(last, 4097), None);
        assert_eq!(stub_mapped(PhysAddr::new(4), u64::MAX), None);
    }
}
