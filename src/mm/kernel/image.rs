//! The addresses of the kernel image, from the linker script's symbols.

use core::ops::Range;

use x86_64::{PhysAddr, VirtAddr};

use crate::mm::kernel::layout::KERNEL_BASE;

/// A part of the image with its own access rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Code.
    Text,
    /// Constants.
    Rodata,
    /// Variables.
    Data,
}

unsafe extern "C" {
    // Physical addresses.
    static __boot_start: u8;
    static __boot_data_start: u8;
    static __boot_end: u8;
    static __boot_data_end: u8;
    // Virtual addresses.
    static __text_start: u8;
    static __text_end: u8;
    static __rodata_start: u8;
    static __rodata_end: u8;
    static __data_start: u8;
    static __bss_start: u8;
    static __data_end: u8;
}

fn physical(symbol: *const u8) -> PhysAddr {
    PhysAddr::new(symbol.addr() as u64)
}

fn range(start: *const u8, end: *const u8) -> Range<VirtAddr> {
    VirtAddr::from_ptr(start)..VirtAddr::from_ptr(end)
}

/// Returns the addresses of a section; it begins and ends at page boundaries.
pub fn section(section: Section) -> Range<VirtAddr> {
    match section {
        Section::Text => range(&raw const __text_start, &raw const __text_end),
        Section::Rodata => range(&raw const __rodata_start, &raw const __rodata_end),
        Section::Data => range(&raw const __data_start, &raw const __data_end),
    }
}

/// Returns the bytes of a section that never changes.
///
/// # Panics
/// For [`Section::Data`].
pub fn constant_bytes(section: Section) -> &'static [u8] {
    assert_ne!(section, Section::Data, "variables change");
    let range = self::section(section);
    let start: *const u8 = range.start.as_ptr();
    // SAFETY: the linker script puts the section there; the kernel maps it for its whole life, and
    // never writes to it.
    unsafe { core::slice::from_raw_parts(start, (range.end - range.start) as usize) }
}

/// The place of the key in the image's file, where `tools/seal` finds it by the mark.
#[repr(C)]
struct KeyPlace {
    mark: [u8; seal::STAMP_MARK.len()],
    key: [u8; seal::Key::LEN_BYTES],
}

#[used]
static KEY_PLACE: KeyPlace = KeyPlace { mark: seal::STAMP_MARK, key: seal::Key::NONE.0 };

/// Returns the key that was written into the image's file, after the compiler had made it.
pub fn stamped_key() -> [u8; seal::Key::LEN_BYTES] {
    // SAFETY: it is a constant of this image. It is read as volatile because its value is not the one
    // that the compiler knows.
    unsafe { (&raw const KEY_PLACE.key).read_volatile() }
}

/// Returns the bytes of [`Section::Data`] that are in the image's file, and those that begin as 0.
pub fn data_bytes() -> (u64, u64) {
    let data = section(Section::Data);
    let zero = VirtAddr::from_ptr(&raw const __bss_start);
    (zero - data.start, data.end - zero)
}

/// Returns the section that `address` lies in.
pub fn section_at(address: VirtAddr) -> Option<Section> {
    [Section::Text, Section::Rodata, Section::Data]
        .into_iter()
        .find(|&candidate| section(candidate).contains(&address))
}

/// Returns the physical address of an address in the image.
pub fn to_physical(address: VirtAddr) -> PhysAddr {
    PhysAddr::new(address - KERNEL_BASE)
}

/// Returns the frames of the whole image, with the stub.
pub fn frames() -> Range<PhysAddr> {
    physical(&raw const __boot_start)..to_physical(section(Section::Data).end)
}

/// Returns the frames of the stub's code, data and tables, which are free once the kernel uses its
/// own page tables.
pub fn stub_frames() -> Range<PhysAddr> {
    physical(&raw const __boot_start)..physical(&raw const __boot_end)
}

/// Returns the parts of the image that the kernel writes: in the stub, and in its own part.
pub fn written() -> [Range<PhysAddr>; 2] {
    let data = section(Section::Data);
    [
        physical(&raw const __boot_data_start)..physical(&raw const __boot_data_end),
        to_physical(data.start)..to_physical(data.end),
    ]
}
