//! The loader's information structure, which is checked once, and read in place.

mod options;
mod test_selection;

use core::ops::Range;

use boot_information::{BootInformation, Firmware, Screen, ScreenKind, Text};
use spin::Once;
use x86_64::{PhysAddr, VirtAddr};

use crate::arch::boot_stage::{self, Stage};
use crate::mm::kernel::{image, layout};

pub use options::{Addresses, Options};
pub use test_selection::{TestChoice, TestSelection};

/// The value that a Multiboot2 loader passes in EAX.
///
/// Source: Multiboot2 Specification 2.0, "I386 machine state".
pub const MAGIC: u32 = 0x36D7_6289;

/// The largest information structure that is accepted. GRUB's has about 1 KiB, plus the command
/// line and the symbol table.
const INFORMATION_MAX_BYTES: u64 = 16 << 20;

/// The boot information and the options of the command line.
#[derive(Debug)]
pub struct Boot {
    /// The decoded information.
    pub information: &'static BootInformation<'static>,
    /// The range of the loader's structure; empty if there is none.
    pub structure: Range<PhysAddr>,
    /// The command line's options.
    pub options: Options,
}

/// Set once, by [`start`], and only read afterwards.
static INFORMATION: Once<BootInformation<'static>> = Once::new();
static BOOT: Once<Boot> = Once::new();

/// Reads the loader's structure at the physical address `address`, and logs its content. An invalid
/// structure is treated as empty.
#[inline(never)] // So that tests find it.
pub fn start(magic: u32, address: u32) -> &'static Boot {
    boot_stage::mark(Stage::BootInformation);
    BOOT.call_once(|| {
        let mut information = BootInformation::new();
        let mut structure = PhysAddr::zero()..PhysAddr::zero();
        if magic != MAGIC {
            log::error!("EAX was {magic:#x}, not {MAGIC:#x}: no Multiboot2 loader");
        } else if let Some(bytes) = bytes_at(PhysAddr::new(address.into())) {
            information = read(bytes);
            let start = PhysAddr::new(address.into());
            structure = start..start + bytes.len() as u64;
        } else {
            log::error!(
                "the loader's information at {address:#x} isn't a structure in the first GiB; \
                 going on without"
            );
        }
        let information = INFORMATION.call_once(|| information);
        log_information(information);
        let options = Options::parse(information.command_line.bytes());
        Boot { information, structure, options }
    })
}

/// Reads the structure in `bytes`. An error is logged; then the structure is treated as empty.
pub fn read(bytes: &[u8]) -> BootInformation<'_> {
    BootInformation::read(bytes).unwrap_or_else(|error| {
        log::error!("the loader's information is invalid, and ignored: {error}");
        BootInformation::new()
    })
}

/// Returns the structure's bytes, whose number is in its size field, if they can be read.
fn bytes_at(address: PhysAddr) -> Option<&'static [u8]> {
    const HEAD_BYTES: u64 = 8;
    let head: *const u32 = place_of(address, HEAD_BYTES)?.as_ptr();
    // SAFETY: the address is mapped and aligned, and not written to.
    let len_bytes = u64::from(unsafe { head.read() });
    if len_bytes > INFORMATION_MAX_BYTES {
        return None;
    }
    let start = place_of(address, len_bytes)?.as_ptr();
    // SAFETY: the bytes are mapped, and not written to.
    Some(unsafe { core::slice::from_raw_parts(start, len_bytes as usize) })
}

/// Returns the address at which the structure can be read, if it can. It must be in the first GiB,
/// which the stub maps, aligned to 8 bytes, outside of the parts of the stub's image that the
/// kernel writes, and outside of the devices and ROMs between 640 KiB and 1 MiB. All other memory
/// is unchanged while the kernel uses the stub's tables. (GRUB does store the structure in a gap of
/// the image, after the stub's code.)
fn place_of(address: PhysAddr, len_bytes: u64) -> Option<VirtAddr> {
    const DEVICES_AND_ROMS: Range<PhysAddr> = PhysAddr::new(0xA0000)..PhysAddr::new(0x10_0000);
    let [stub, kernel] = image::written();
    let end = PhysAddr::try_new(address.as_u64().checked_add(len_bytes)?).ok()?;
    let is_free = |taken: Range<PhysAddr>| end <= taken.start || taken.end <= address;
    let is_readable = !address.is_null()
        && address.is_aligned(8_u64)
        && end.as_u64() <= layout::STUB_MAPPED_BYTES
        && [DEVICES_AND_ROMS, stub, kernel].into_iter().all(is_free);
    is_readable.then(|| layout::direct(address))
}

fn log_information(information: &BootInformation) {
    let firmware = match information.firmware {
        Firmware::Bios => "BIOS",
        Firmware::Uefi => "UEFI",
    };
    let loader = match information.loader_name.is_empty() {
        true => Text::from("an unnamed loader"),
        false => information.loader_name,
    };
    log::info!("{loader} on {firmware}");
    log::info!("command line: {}", Shortened(information.command_line));
    log::info!(
        "memory: {} KiB in {} regions; {} modules",
        information.memory.available_bytes() / 1024,
        information.memory.len(),
        information.modules.len()
    );
    match information.screen {
        Some(screen) => log_screen(&screen),
        None => log::info!("screen: none from the loader"),
    }
    for problem in information.problems.iter() {
        log::warn!("{problem}");
    }
}

fn log_screen(screen: &Screen) {
    let Screen { width, height, depth_bits, address, .. } = screen;
    let kind = match screen.kind {
        ScreenKind::Text => "characters",
        _ => "pixels",
    };
    log::info!("screen: {width} x {height} {kind} of {depth_bits} bits at {address:#x}");
    if let ScreenKind::Rgb { red, green, blue } = screen.kind {
        let [(red, reds), (green, greens), (blue, blues)] = [red, green, blue];
        log::info!(
            "screen: red {reds} bits from {red}, green {greens} from {green}, blue {blues} from {blue}"
        );
    }
}

/// A text, truncated for the log.
struct Shortened<'a>(Text<'a>);

impl core::fmt::Display for Shortened<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        use core::fmt::Write;
        const SHOWN_CHARS: usize = 200;
        f.write_char('"')?;
        self.0.chars().take(SHOWN_CHARS).try_for_each(|c| f.write_char(c))?;
        match self.0.chars().nth(SHOWN_CHARS) {
            Some(_) => write!(f, "\"... ({} bytes)", self.0.len_bytes()),
            None => f.write_char('"'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn places_that_hold_no_structure_are_refused() {
        let [stub, kernel] = image::written().map(|written| written.start.as_u64());
        for address in [0, 12, 0xA0000, 0xFFFF8, stub, kernel, 0x3FFF_FFFF, 1 << 30] {
            assert_eq!(place_of(PhysAddr::new(address), 8), None, "{address:#x}");
        }
        assert_eq!(place_of(PhysAddr::new(stub - 8), 16), None, "overlaps the stub's data");
        assert_eq!(place_of(PhysAddr::new(8), u64::MAX), None);
        assert!(place_of(PhysAddr::new((1 << 30) - 8), 8).is_some());
    }
}
