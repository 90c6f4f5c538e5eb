//! What a Multiboot2 loader tells, checked and owned.
//!
//! [`BootInformation::read`] takes the loader's structure as bytes and trusts nothing in it: a
//! structure that makes no sense is an [`Error`], a tag that makes none is left
//! out and listed in [`BootInformation::problems`].
//!
//! Source: Multiboot2 Specification 2.0, "Boot information format".
//!
//! The multiboot2 crate panics on tags whose size doesn't suit their type, so
//! [`tags`] looks at every tag before the crate does. The only `unsafe` here is
//! the crate's constructor, fed from a slice of checked alignment and length.

#![no_std]
#![deny(unsafe_code)]
#![warn(missing_docs)]

mod rsdp;
mod tags;
#[cfg(test)]
mod tests;

use core::fmt;

use heapless::{String, Vec};
use multiboot2::{FramebufferType, MemoryAreaType};

pub use rsdp::Rsdp;
pub use tags::TagKind;

/// The most bytes of a command line that are kept.
pub const COMMAND_LINE_MAX_BYTES: usize = 4096;
/// The most memory regions that are kept.
pub const REGIONS_MAX: usize = 256;
/// The most modules that are kept.
pub const MODULES_MAX: usize = 16;

/// What the loader told.
#[derive(Clone, Debug, Default)]
pub struct BootInformation {
    /// The loader's name and version; empty if it told none.
    pub loader_name: String<64>,
    /// The kernel's command line; empty if there is none.
    pub command_line: String<COMMAND_LINE_MAX_BYTES>,
    /// What started the loader.
    pub firmware: Firmware,
    /// The loader's memory map in its own order: not sorted, may overlap.
    pub memory: Vec<MemoryRegion, REGIONS_MAX>,
    /// The files loaded beside the kernel.
    pub modules: Vec<Module, MODULES_MAX>,
    /// The screen, if the loader described it.
    pub screen: Option<Screen>,
    /// Where ACPI's root tables are, if the loader told: of its two copies of the RSDP
    /// the newer one that is sound. Without a tag it isn't searched for.
    pub rsdp: Option<Rsdp>,
    /// What was wrong with the structure and how it was mended.
    pub problems: Vec<Problem, 16>,
}

impl BootInformation {
    /// Returns the sum of the regions of [`MemoryKind::Available`], in bytes.
    pub fn available_bytes(&self) -> u64 {
        self.memory
            .iter()
            .filter(|region| region.kind == MemoryKind::Available)
            .fold(0, |sum, region| sum.saturating_add(region.len_bytes))
    }
}

/// What started the loader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Firmware {
    /// A PC BIOS, or an EFI that hides itself.
    #[default]
    Bios,
    /// UEFI, boot services ended.
    Uefi,
}

/// A range of physical memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryRegion {
    /// The first physical address.
    pub start: u64,
    /// The length in bytes.
    pub len_bytes: u64,
    /// What may be done with it.
    pub kind: MemoryKind,
}

/// What may be done with a range of physical memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryKind {
    /// Free for the kernel.
    Available,
    /// Not memory, or the firmware's.
    Reserved,
    /// ACPI tables; free once they were read.
    AcpiReclaimable,
    /// To be kept over hibernation.
    AcpiNvs,
    /// Broken RAM.
    Defective,
    /// A type that the specification doesn't name.
    Other(u32),
}

/// A file that was loaded beside the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// The first physical address.
    pub start: u32,
    /// The physical address behind the last byte.
    pub end: u32,
    /// Its arguments, cut to fit.
    pub arguments: String<128>,
}

/// A screen that the loader set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Physical address of the first cell or pixel.
    pub address: u64,
    /// Bytes from one line to the next.
    pub pitch_bytes: u32,
    /// In characters for [`ScreenKind::Text`], else in pixels.
    pub width: u32,
    /// In characters for [`ScreenKind::Text`], else in pixels.
    pub height: u32,
    /// Bits a pixel; 16 for [`ScreenKind::Text`].
    pub depth_bits: u8,
    /// How cells or pixels are to be written.
    pub kind: ScreenKind,
}

/// How a screen's cells or pixels are to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScreenKind {
    /// VGA text: a character and an attribute byte a cell.
    Text,
    /// Each pixel is an index into a palette.
    Indexed,
    /// Each pixel holds its colours, at (lowest bit, number of bits).
    Rgb {
        /// Where red is.
        red: (u8, u8),
        /// Where green is.
        green: (u8, u8),
        /// Where blue is.
        blue: (u8, u8),
    },
}

/// Why nothing of the structure can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// It doesn't start on a multiple of 8.
    NotAligned,
    /// It is shorter than its own head, or than it says.
    Truncated {
        /// What it says, in bytes.
        said_bytes: usize,
        /// What there is, in bytes.
        given_bytes: usize,
    },
    /// It says that it has fewer than the 16 bytes that the shortest one has.
    TooSmall(usize),
    /// A tag is smaller than its head or reaches beyond the structure.
    BrokenTag {
        /// Where the tag begins, in bytes from the structure's start.
        offset_bytes: usize,
        /// The size that it says, in bytes.
        size_bytes: usize,
    },
    /// The tags end without the end tag.
    NoEndTag,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAligned => write!(f, "it isn't aligned to 8 bytes"),
            Self::Truncated { said_bytes, given_bytes } => {
                write!(f, "it says {said_bytes} bytes, but there are {given_bytes}")
            }
            Self::TooSmall(bytes) => write!(f, "it says {bytes} bytes; the least is 16"),
            Self::BrokenTag { offset_bytes, size_bytes } => {
                write!(f, "the tag at offset {offset_bytes} can't have {size_bytes} bytes")
            }
            Self::NoEndTag => write!(f, "it has no end tag"),
        }
    }
}

impl core::error::Error for Error {}

/// Something in the structure that was left out or cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// A tag's size doesn't suit its type: left out.
    MalformedTag(TagKind),
    /// A string isn't UTF-8 or has no end: left out.
    MalformedString(TagKind),
    /// A screen of a type that the specification doesn't name: left out.
    UnknownScreen,
    /// The RSDP in this tag has a wrong signature or checksum: left out.
    BrokenRsdp(TagKind),
    /// The command line is longer than [`COMMAND_LINE_MAX_BYTES`]: cut.
    CommandLineCut {
        /// Its length, in bytes.
        len_bytes: usize,
    },
    /// More memory regions than [`REGIONS_MAX`]: the last ones left out.
    RegionsLeftOut(usize),
    /// More modules than [`MODULES_MAX`]: the last ones left out.
    ModulesLeftOut(usize),
    /// There is no memory map, or an empty one.
    NoMemoryMap,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MalformedTag(kind) => write!(f, "the {kind} is malformed; left out"),
            Self::MalformedString(kind) => {
                write!(f, "the {kind} isn't UTF-8 text with an end; left out")
            }
            Self::UnknownScreen => write!(f, "the framebuffer is of an unknown type; left out"),
            Self::BrokenRsdp(kind) => {
                write!(f, "the {kind} has a wrong signature or checksum; left out")
            }
            Self::CommandLineCut { len_bytes } => {
                write!(f, "the command line has {len_bytes} bytes; cut to {COMMAND_LINE_MAX_BYTES}")
            }
            Self::RegionsLeftOut(count) => {
                write!(f, "{count} memory regions over the {REGIONS_MAX} that fit are left out")
            }
            Self::ModulesLeftOut(count) => {
                write!(f, "{count} modules over the {MODULES_MAX} that fit are left out")
            }
            Self::NoMemoryMap => write!(f, "the loader gave no memory map"),
        }
    }
}

impl BootInformation {
    /// Makes one that tells nothing.
    pub const fn new() -> Self {
        Self {
            loader_name: String::new(),
            command_line: String::new(),
            firmware: Firmware::Bios,
            memory: Vec::new(),
            modules: Vec::new(),
            screen: None,
            rsdp: None,
            problems: Vec::new(),
        }
    }

    /// Takes over the information structure that `bytes` begins with. It is filled
    /// in place, because it is too large to be moved about on a small stack.
    ///
    /// `bytes` may be longer than the structure, which says its own size.
    ///
    /// # Errors
    /// [`Error`] if the structure as a whole makes no sense; nothing is changed
    /// then. Single tags that make none are left out and listed in
    /// [`problems`](Self::problems).
    pub fn read(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let verdicts = tags::check(bytes)?;
        let loaded = load(bytes)?;
        for kind in verdicts.malformed() {
            self.note(Problem::MalformedTag(kind));
        }
        read_texts(self, &loaded, &verdicts);
        if verdicts.has_efi_system_table() {
            self.firmware = Firmware::Uefi;
        }
        read_memory_map(self, &loaded, &verdicts);
        if verdicts.is_usable(TagKind::Module) {
            read_modules(self, &loaded);
        }
        if verdicts.is_usable(TagKind::Framebuffer) {
            read_screen(self, &loaded);
        }
        read_rsdp(self, &verdicts);
        Ok(())
    }

    fn note(&mut self, problem: Problem) {
        // A full list loses further problems, not information.
        let _ = self.problems.push(problem);
    }
}

fn read_texts(
    info: &mut BootInformation,
    loaded: &multiboot2::BootInformation<'_>,
    verdicts: &tags::Verdicts<'_>,
) {
    // The crate panics already while it casts a malformed tag, so a kind's
    // verdict comes before its tag.
    let name = verdicts.usable(TagKind::LoaderName, || loaded.boot_loader_name_tag());
    match name.map(|tag| tag.name()) {
        // For people; a cut name still tells the loader.
        Some(Ok(name)) => drop(push_cut(&mut info.loader_name, name)),
        Some(Err(_)) => info.note(Problem::MalformedString(TagKind::LoaderName)),
        None => {}
    }
    let line = verdicts.usable(TagKind::CommandLine, || loaded.command_line_tag());
    match line.map(|tag| tag.cmdline()) {
        Some(Ok(line)) if push_cut(&mut info.command_line, line).is_err() => {
            info.note(Problem::CommandLineCut { len_bytes: line.len() });
        }
        Some(Ok(_)) | None => {}
        Some(Err(_)) => info.note(Problem::MalformedString(TagKind::CommandLine)),
    }
}

/// Gives checked `bytes` to the multiboot2 crate.
#[expect(unsafe_code, reason = "the multiboot2 crate takes a pointer")]
fn load(bytes: &[u8]) -> Result<multiboot2::BootInformation<'_>, Error> {
    // SAFETY: `tags::check` saw that the structure's own size lies within
    // `bytes`, which stays borrowed, and so unchanged, for the result's life.
    unsafe { multiboot2::BootInformation::load(bytes.as_ptr().cast()) }.map_err(|_| Error::NoEndTag)
}

fn read_memory_map(
    info: &mut BootInformation,
    loaded: &multiboot2::BootInformation<'_>,
    verdicts: &tags::Verdicts<'_>,
) {
    let tag = verdicts.usable(TagKind::MemoryMap, || loaded.memory_map_tag());
    let areas = tag.map_or(&[][..], |tag| tag.memory_areas());
    for area in areas {
        let kind = match area.typ() {
            MemoryAreaType::Available => MemoryKind::Available,
            MemoryAreaType::Reserved => MemoryKind::Reserved,
            MemoryAreaType::AcpiAvailable => MemoryKind::AcpiReclaimable,
            MemoryAreaType::ReservedHibernate => MemoryKind::AcpiNvs,
            MemoryAreaType::Defective => MemoryKind::Defective,
            MemoryAreaType::Custom(kind) => MemoryKind::Other(kind),
        };
        let region = MemoryRegion { start: area.start_address(), len_bytes: area.size(), kind };
        if info.memory.push(region).is_err() {
            info.note(Problem::RegionsLeftOut(areas.len() - REGIONS_MAX));
            break;
        }
    }
    if info.memory.is_empty() {
        info.note(Problem::NoMemoryMap);
    }
}

fn read_modules(info: &mut BootInformation, loaded: &multiboot2::BootInformation<'_>) {
    for (index, tag) in loaded.module_tags().enumerate() {
        let mut arguments = String::new();
        match tag.cmdline() {
            Ok(text) => {
                // Arguments are for people; a cut one still tells the file.
                let _ = push_cut(&mut arguments, text);
            }
            Err(_) => info.note(Problem::MalformedString(TagKind::Module)),
        }
        let module = Module { start: tag.start_address(), end: tag.end_address(), arguments };
        if info.modules.push(module).is_err() {
            let count = loaded.module_tags().count();
            info.note(Problem::ModulesLeftOut(count - index));
            break;
        }
    }
}

fn read_screen(info: &mut BootInformation, loaded: &multiboot2::BootInformation<'_>) {
    let tag = match loaded.framebuffer_tag() {
        Some(Ok(tag)) => tag,
        Some(Err(_)) => return info.note(Problem::UnknownScreen),
        None => return,
    };
    let kind = match tag.buffer_type() {
        Ok(FramebufferType::Text) => ScreenKind::Text,
        Ok(FramebufferType::Indexed { .. }) => ScreenKind::Indexed,
        Ok(FramebufferType::RGB { red, green, blue }) => ScreenKind::Rgb {
            red: (red.position, red.size),
            green: (green.position, green.size),
            blue: (blue.position, blue.size),
        },
        Err(_) => return info.note(Problem::UnknownScreen),
    };
    info.screen = Some(Screen {
        address: tag.address(),
        pitch_bytes: tag.pitch(),
        width: tag.width(),
        height: tag.height(),
        depth_bits: tag.bpp(),
        kind,
    });
}

fn read_rsdp(info: &mut BootInformation, verdicts: &tags::Verdicts<'_>) {
    for kind in [TagKind::OldAcpi, TagKind::NewAcpi] {
        match verdicts.payload(kind).map(|payload| Rsdp::read(kind, payload)) {
            Some(Some(rsdp)) => info.rsdp = Some(rsdp),
            Some(None) => info.note(Problem::BrokenRsdp(kind)),
            None => {}
        }
    }
}

/// Appends as much of `text` as fits, whole characters only.
fn push_cut<const N: usize>(target: &mut String<N>, text: &str) -> Result<(), ()> {
    text.chars().try_for_each(|c| target.push(c).map_err(|_| ()))
}
