//! Every address constant of the kernel, as one table.
//!
//! | range | what |
//! | --- | --- |
//! | 0 … [`NULL_END`] | never mapped: null pointers |
//! | … 0x7FFF_FFFF_FFFF | programs |
//! | [`DIRECT_MAP`] … | all RAM, at its physical address plus this |
//! | [`HEAP`] … | the kernel's heap |
//! | [`DEVICES`] … | memory of devices |
//! | [`FIRMWARE_WINDOW`] | one page of the firmware's memory, while it is copied |
//! | [`SCRATCH`] … | two pages that are mapped to measure how long that takes |
//! | [`SCREEN`] … | the screen's memory |
//! | [`KERNEL_BASE`] … | the kernel image, at its physical address plus this |
//! | [`STACKS`] … | kernel stacks, each at the end of a slot of [`STACK_SLOT_BYTES`] |
//!
//! The stub's tables map the first GiB at 0, at [`DIRECT_MAP`] and at [`KERNEL_BASE`], and the boot
//! CPU's stacks at their final addresses.

use x86_64::{PhysAddr, VirtAddr};

/// The end of the unmapped range for null pointers and small offsets from them.
pub const NULL_END: VirtAddr = VirtAddr::new(0x1_0000);

/// The end of the lower half: programs are below.
pub const PROGRAMS_END: VirtAddr = VirtAddr::new(0x7FFF_FFFF_F000);

/// The address to which physical address 0 is mapped; all RAM follows.
pub const DIRECT_MAP: VirtAddr = VirtAddr::new(0xFFFF_8000_0000_0000);

/// The largest amount of physical memory that is used, in bytes: 4 TiB.
pub const DIRECT_MAP_BYTES: u64 = 1 << 42;

/// The start of the heap.
pub const HEAP: VirtAddr = VirtAddr::new(0xFFFF_C000_0000_0000);

/// The largest size of the heap, in bytes: 1 TiB.
pub const HEAP_BYTES: u64 = 1 << 40;

/// The start of the range for devices.
pub const DEVICES: VirtAddr = VirtAddr::new(0xFFFF_D000_0000_0000);

/// The size of the range for devices, in bytes: 1 TiB.
pub const DEVICES_BYTES: u64 = 1 << 40;

/// The page at which the firmware's memory is mapped while it is copied.
pub const FIRMWARE_WINDOW: VirtAddr = VirtAddr::new(0xFFFF_D200_0000_0000);

/// The start of the pages that are mapped to measure how long that takes.
pub const SCRATCH: VirtAddr = VirtAddr::new(0xFFFF_D300_0000_0000);

/// The size of that range, in bytes: two pages.
pub const SCRATCH_BYTES: u64 = 2 * FRAME_BYTES;

/// The start of the screen's memory, aligned to 1 GiB. The stub's tables map it here,
/// too: they have a third-level table for the GiB below the kernel image.
pub const SCREEN: VirtAddr = VirtAddr::new(0xFFFF_FFFF_4000_0000);

/// The size of the range for the screen, in bytes: 1 GiB.
pub const SCREEN_BYTES: u64 = 1 << 30;

/// The kernel image is linked at its physical address plus this.
pub const KERNEL_BASE: VirtAddr = VirtAddr::new(0xFFFF_FFFF_8000_0000);

/// The start of the first stack's slot. The same as in `asm/boot.asm`.
pub const STACKS: VirtAddr = VirtAddr::new(0xFFFF_FFFF_C000_0000);

/// The size of a stack's slot, in bytes: the guard, then the stack. The same as in
/// `asm/boot.asm`.
pub const STACK_SLOT_BYTES: u64 = 64 * 1024;

/// The number of slots: all but the last one, whose end is above the highest address.
pub const STACK_SLOTS: usize = (1 << 30) / STACK_SLOT_BYTES as usize - 1;

/// The size of a frame and of the smallest page, in bytes.
pub const FRAME_BYTES: u64 = 4096;

/// The size of the physical memory that the stub maps, in bytes.
pub const STUB_MAPPED_BYTES: u64 = 1 << 30;

/// The end of the first MiB, which has the layout of IBM's PC: the BIOS's data, the VGA's memory,
/// ROMs.
pub const FIRST_MIB_END: PhysAddr = PhysAddr::new(0x10_0000);

/// The start of the VGA's memory and the ROMs after it; they end at 1 MiB.
pub const VGA_AND_ROMS: PhysAddr = PhysAddr::new(0xA_0000);

/// The start of the ROMs of the VGA, of other cards and of the BIOS; they end at 1 MiB.
pub const ROMS: PhysAddr = PhysAddr::new(0xC_0000);

/// The VGA text screen's cells.
pub const VGA_TEXT: PhysAddr = PhysAddr::new(0xB_8000);

/// Returns the address of `address` in the direct map. It is mapped if there is RAM.
///
/// # Panics
/// If `address` is beyond what the direct map can hold.
pub fn direct(address: PhysAddr) -> VirtAddr {
    assert!(address.as_u64() < DIRECT_MAP_BYTES, "{address:?} is beyond the direct map");
    DIRECT_MAP + address.as_u64()
}
