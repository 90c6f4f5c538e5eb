//! What the loader told, taken over once and owned.

mod options;

use boot_information::{BootInformation, Firmware};
use spin::Once;
use x86_64::PhysAddr;

use crate::arch::progress::{self, Stage};
use crate::mm::layout;

pub use options::Options;

/// What a Multiboot2 loader leaves in EAX.
///
/// Source: Multiboot2 Specification 2.0, "I386 machine state".
pub const MAGIC: u32 = 0x36D7_6289;

/// An information structure longer than this is taken for garbage. GRUB's has
/// about 1 KiB, and grows with the command line and the symbol table.
const INFORMATION_MAX_BYTES: u64 = 16 << 20;

/// What the loader told, and what follows from it.
#[derive(Debug)]
pub struct Boot {
    /// Everything that was understood.
    pub information: BootInformation,
    /// The command line's options.
    pub options: Options,
}

static BOOT: Once<Boot> = Once::new();

/// Reads the loader's structure at the physical address `address`, and logs
/// what is in it. A structure that makes no sense counts as empty.
pub fn start(magic: u32, address: u32) -> &'static Boot {
    progress::mark(Stage::BootInformation);
    BOOT.call_once(|| {
        let information = if magic == MAGIC {
            read(PhysAddr::new(address.into()))
        } else {
            log::error!("EAX was {magic:#x}, not {MAGIC:#x}: no Multiboot2 loader");
            BootInformation::default()
        };
        log_information(&information);
        let options = Options::parse(&information.command_line);
        Boot { information, options }
    })
}

/// Reads the structure at `address`.
pub fn read(address: PhysAddr) -> BootInformation {
    let Some(bytes) = bytes_at(address) else {
        log::error!(
            "the loader's information at {address:#x} isn't a structure in the first GiB; \
             going on without"
        );
        return BootInformation::default();
    };
    boot_information::parse(bytes).unwrap_or_else(|error| {
        log::error!("the loader's information makes no sense: {error}; going on without");
        BootInformation::default()
    })
}

/// Returns the structure's bytes, as many as it says, if they can be read.
fn bytes_at(address: PhysAddr) -> Option<&'static [u8]> {
    if address.is_null() || !address.is_aligned(8_u64) {
        return None;
    }
    let size: *const u32 = layout::stub_mapped(address, 8)?.as_ptr();
    // SAFETY: the address is mapped, aligned, and RAM if the loader gave it.
    let len_bytes = u64::from(unsafe { size.read() });
    if len_bytes > INFORMATION_MAX_BYTES {
        return None;
    }
    let start = layout::stub_mapped(address, len_bytes)?.as_ptr();
    // SAFETY: the bytes are mapped, and nobody writes them while the kernel
    // still runs on the stub's tables.
    Some(unsafe { core::slice::from_raw_parts(start, len_bytes as usize) })
}

fn log_information(information: &BootInformation) {
    let firmware = match information.firmware {
        Firmware::Bios => "BIOS",
        Firmware::Uefi => "UEFI",
    };
    let loader = match information.loader_name.as_str() {
        "" => "an unnamed loader",
        name => name,
    };
    log::info!("{loader} on {firmware}");
    log::info!("command line: {}", Shortened(&information.command_line));
    log::info!(
        "memory: {} KiB in {} regions; {} modules",
        information.available_bytes() / 1024,
        information.memory.len(),
        information.modules.len()
    );
    match information.screen {
        Some(screen) => log::info!(
            "screen: {} x {}, {} bits, at {:#x}, {:?}",
            screen.width,
            screen.height,
            screen.depth_bits,
            screen.address,
            screen.kind
        ),
        None => log::info!("screen: the loader tells of none"),
    }
    for problem in &information.problems {
        log::warn!("{problem}");
    }
}

/// A text, cut to what is worth reading in a log.
struct Shortened<'a>(&'a str);

impl core::fmt::Display for Shortened<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        const SHOWN_CHARS: usize = 200;
        match self.0.char_indices().nth(SHOWN_CHARS) {
            Some((end, _)) => write!(f, "\"{}\"... ({} bytes)", &self.0[..end], self.0.len()),
            None => write!(f, "\"{}\"", self.0),
        }
    }
}
