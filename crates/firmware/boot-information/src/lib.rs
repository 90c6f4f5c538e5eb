//! What a Multiboot2 loader hands over, checked and read in place.
//!
//! [`BootInformation::read`] takes the loader's structure as bytes and trusts nothing in it: a
//! structure that makes no sense is an [`Error`], a tag that makes none is left
//! out and listed in [`BootInformation::problems`]. Nothing is copied, so that no number of
//! memory regions or modules and no length of a text is too large.
//!
//! | module | what |
//! | --- | --- |
//! | [`tags`] | the sequence of tags |
//! | [`text`] | strings: the command line, names, arguments |
//! | [`memory`] | the memory map |
//! | [`modules`] | files loaded beside the kernel |
//! | [`screen`] | the framebuffer or the text screen |
//! | [`rsdp`] | where ACPI's root tables are |
//! | [`problem`] | what was left out, and why |
//!
//! Source: Multiboot2 Specification 2.0, "Boot information format".

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod bytes;
pub mod memory;
pub mod modules;
pub mod problem;
pub mod rsdp;
pub mod screen;
pub mod tags;
#[cfg(test)]
mod tests;
pub mod text;

pub use memory::{MemoryKind, MemoryRegion, MemoryRegions};
pub use modules::{Module, Modules};
pub use problem::{Problem, Problems};
pub use rsdp::Rsdp;
pub use screen::{Screen, ScreenKind};
pub use tags::{Error, TagKind};
pub use text::Text;

use rsdp::RsdpError;
use tags::Tags;

/// What the loader has handed over.
#[derive(Clone, Debug, Default)]
pub struct BootInformation<'a> {
    /// The loader's name and version; empty if it gives none.
    pub loader_name: Text<'a>,
    /// The kernel's command line; empty if there is none.
    pub command_line: Text<'a>,
    /// What started the loader.
    pub firmware: Firmware,
    /// The loader's memory map in its own order: not sorted, may overlap.
    pub memory: MemoryRegions<'a>,
    /// The files loaded beside the kernel.
    pub modules: Modules<'a>,
    /// The screen, if the loader described it.
    pub screen: Option<Screen>,
    /// Where ACPI's root tables are, if the loader says so: of its two copies of the RSDP
    /// the newer one that is sound.
    pub rsdp: Option<Rsdp>,
    /// What was wrong with the structure and how it was mended, each once.
    pub problems: Problems,
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

impl<'a> BootInformation<'a> {
    /// Makes one that holds nothing.
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

    /// Reads the information structure that `bytes` begins with.
    ///
    /// `bytes` may be longer than the structure, which says its own size.
    ///
    /// # Errors
    /// [`Error`] if the structure as a whole makes no sense. Single tags that make none are
    /// left out and listed in [`problems`](Self::problems).
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

    /// Takes over what a tag of `kind` holds.
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
            // Which of the two counts doesn't depend on their order.
            TagKind::OldAcpi | TagKind::NewAcpi => {}
        }
        Ok(())
    }

    /// Returns a text, and notes what is wrong with it.
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
