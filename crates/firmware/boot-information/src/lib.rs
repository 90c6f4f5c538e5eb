//! The information structure of a Multiboot2 loader, checked and read in place.
//!
//! [`BootInformation::read`] takes the structure as bytes and trusts nothing in it: if the
//! structure as a whole is invalid, it returns an [`Error`]; a single invalid tag is left
//! out and listed in [`BootInformation::problems`]. Because nothing is copied, the number
//! of memory regions and modules and the length of texts have no limit.
//!
//! | module | subject |
//! | --- | --- |
//! | [`tags`] | the sequence of tags |
//! | [`text`] | strings: the command line, names, arguments |
//! | [`memory`] | the memory map |
//! | [`modules`] | files that were loaded with the kernel |
//! | [`screen`] | the framebuffer or the text screen |
//! | [`rsdp`] | the addresses of ACPI's root tables |
//! | [`problem`] | the parts that were left out or corrected, and why |
//!
//! Source: Multiboot2 Specification 2.0, "Boot information format".

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod error;
pub mod memory;
pub mod modules;
pub mod problem;
pub mod rsdp;
pub mod screen;
pub mod tags;
#[cfg(test)]
mod tests;
pub mod text;

pub use error::{Error, RsdpError};
pub use memory::{MemoryKind, MemoryRegion, MemoryRegions};
pub use modules::{Module, Modules};
pub use problem::{Problem, Problems};
pub use rsdp::Rsdp;
pub use screen::{Screen, ScreenKind};
pub use tags::TagKind;
pub use text::Text;

use tags::Tags;

/// The information that the loader passes to the kernel.
#[derive(Clone, Debug, Default)]
pub struct BootInformation<'a> {
    /// The loader's name and version; empty if the structure has none.
    pub loader_name: Text<'a>,
    /// The kernel's command line; empty if there is none.
    pub command_line: Text<'a>,
    /// The firmware that started the loader.
    pub firmware: Firmware,
    /// The loader's memory map in its own order; regions may overlap.
    pub memory: MemoryRegions<'a>,
    /// The files that were loaded with the kernel.
    pub modules: Modules<'a>,
    /// The screen, if the loader described it.
    pub screen: Option<Screen>,
    /// The addresses of ACPI's root tables, if the loader passes an RSDP. Of two valid
    /// copies of the RSDP, the newer one is used.
    pub rsdp: Option<Rsdp>,
    /// The problems of the structure, each once.
    pub problems: Problems,
}

/// The firmware that started the loader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Firmware {
    /// A PC BIOS, or an EFI for which the loader passes no tag.
    #[default]
    Bios,
    /// UEFI, after the end of its boot services.
    Uefi,
}

impl<'a> BootInformation<'a> {
    /// Returns the information of an empty structure.
    pub const fn new() -> Self {
        Self {
            loader_name: Text::EMPTY,
            command_line: Text::EMPTY,
            firmware: Firmware::Bios,
            memory: MemoryRegions::NONE,
            modules: Modules::NONE,
            screen: None,
            rsdp: None,
            problems: Problems::new(),
        }
    }

    /// Reads the information structure at the start of `bytes`.
    ///
    /// `bytes` may be longer than the structure, which contains its own size.
    ///
    /// # Errors
    /// [`Error`] if the structure as a whole is invalid. Single invalid tags are left out
    /// and listed in [`problems`](Self::problems).
    pub fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        let tags = tags::check(bytes)?;
        let mut info = Self { modules: Modules::new(tags), ..Self::new() };
        for tag in tags {
            if matches!(tag.number, tags::EFI_SYSTEM_TABLE_32 | tags::EFI_SYSTEM_TABLE_64) {
                info.firmware = Firmware::Uefi;
            }
            if let Some(kind) = TagKind::from_number(tag.number)
                && let Err(problem) = info.take(kind, tag.payload)
            {
                info.problems.note(problem);
            }
        }
        info.read_rsdp(tags);
        if info.memory.is_empty() {
            info.problems.note(Problem::NoMemoryMap);
        }
        Ok(info)
    }

    /// Stores the content of a tag of `kind`.
    fn take(&mut self, kind: TagKind, payload: &'a [u8]) -> Result<(), Problem> {
        match kind {
            TagKind::LoaderName => self.loader_name = self.text(kind, payload)?,
            TagKind::CommandLine => self.command_line = self.text(kind, payload)?,
            TagKind::Module => {
                let module = Module::read(payload).ok_or(Problem::MalformedTag(kind))?;
                if !module.arguments.is_utf8() {
                    return Err(Problem::NotUtf8(kind));
                }
            }
            TagKind::MemoryMap => {
                self.memory = MemoryRegions::read(payload).ok_or(Problem::MalformedTag(kind))?;
            }
            TagKind::Framebuffer => self.screen = Some(Screen::read(payload)?),
            // `read_rsdp` reads these, because the newer one is used whatever their order
            // is.
            TagKind::OldAcpi | TagKind::NewAcpi => {}
        }
        Ok(())
    }

    /// Returns a tag's text, and lists its problems.
    fn text(&mut self, kind: TagKind, payload: &'a [u8]) -> Result<Text<'a>, Problem> {
        if payload.is_empty() {
            return Err(Problem::MalformedTag(kind));
        }
        let text = Text::read(payload);
        if text.len_bytes() == payload.len() {
            self.problems.note(Problem::TextWithoutEnd(kind));
        }
        if !text.is_utf8() {
            self.problems.note(Problem::NotUtf8(kind));
        }
        Ok(text)
    }

    fn read_rsdp(&mut self, tags: Tags<'a>) {
        type Read = fn(&[u8]) -> Result<Rsdp, RsdpError>;
        let copies: [(TagKind, Read); 2] =
            [(TagKind::OldAcpi, Rsdp::read_old), (TagKind::NewAcpi, Rsdp::read_new)];
        for (kind, read) in copies {
            let mut found = tags.filter(|tag| TagKind::from_number(tag.number) == Some(kind));
            match found.next().map(|tag| read(tag.payload)) {
                Some(Ok(rsdp)) => self.rsdp = Some(rsdp),
                Some(Err(error)) => self.problems.note(Problem::BrokenRsdp(kind, error)),
                None => {}
            }
        }
    }
}
