//! A manifest whose signature is right, and the checks against it.

use base16ct::lower;
use ed25519_compact::{PublicKey, Signature};

use crate::disk::Disk;
use crate::entry::{Contents, Entry};
use crate::key::Key;
use crate::medium::Medium;
use crate::refusal::Refusal;

/// The first line.
pub(crate) const FIRST_LINE: &str = "Farjump seal 1\n";
/// The beginning of the last line.
pub(crate) const SIGNATURE: &str = "signature ";
/// The digits of a signature.
const SIGNATURE_DIGITS: usize = 2 * Signature::BYTES;

/// A manifest that is signed by the key for which it was opened.
#[derive(Clone, Copy, Debug)]
pub struct Manifest<'a> {
    /// The lines after the first one, without the signature.
    lines: &'a str,
}

/// A module that was loaded.
#[derive(Clone, Copy, Debug)]
pub struct Module<'m> {
    /// Its arguments.
    pub arguments: &'m [u8],
    /// Its bytes.
    pub contents: Contents,
}

impl<'a> Manifest<'a> {
    /// Reads a manifest's file, if it is signed by `key`.
    ///
    /// # Errors
    /// [`Refusal::WeakKey`], [`NoSignature`](Refusal::NoSignature),
    /// [`Signature`](Refusal::Signature) and [`Line`](Refusal::Line).
    pub fn open(file: &'a [u8], key: &Key) -> Result<Self, Refusal<'static>> {
        if !key.is_strong() {
            return Err(Refusal::WeakKey);
        }
        let (signed, signature) = split(file).ok_or(Refusal::NoSignature)?;
        PublicKey::new(key.0)
            .verify(signed, &Signature::new(signature))
            .map_err(|_| Refusal::Signature)?;
        let lines =
            core::str::from_utf8(signed).ok().and_then(|text| text.strip_prefix(FIRST_LINE));
        let manifest = Self { lines: lines.ok_or(Refusal::Line(1))? };
        let is_read = |line: &str| Entry::read(line).is_some();
        match manifest.lines.lines().position(|line| !is_read(line)) {
            Some(line) => Err(Refusal::Line(line + 2)),
            None => Ok(manifest),
        }
    }

    /// Returns the entries, in their order.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        self.lines.lines().filter_map(Entry::read)
    }

    /// Returns the entry of the medium, if there is one.
    pub fn medium(&self) -> Option<Medium> {
        self.entries().find_map(|entry| match entry {
            Entry::Medium(medium) => Some(medium),
            _ => None,
        })
    }

    /// Returns the entry of the root disk, if there is one.
    pub fn disk(&self) -> Option<Disk> {
        self.entries().find_map(|entry| match entry {
            Entry::Disk(disk) => Some(disk),
            _ => None,
        })
    }

    /// Checks a section of the kernel's image.
    ///
    /// # Errors
    /// [`Refusal::Section`] and [`Refusal::UnknownSection`].
    pub fn check_section<'n>(&self, name: &'n str, bytes: &[u8]) -> Result<(), Refusal<'n>> {
        let sealed = self.entries().find_map(|entry| match entry {
            Entry::Section { name: sealed, contents } if sealed == name => Some(contents),
            _ => None,
        });
        match sealed {
            None => Err(Refusal::UnknownSection(name)),
            Some(contents) if contents == Contents::of(bytes) => Ok(()),
            Some(_) => Err(Refusal::Section(name)),
        }
    }

    /// Checks the command line.
    ///
    /// # Errors
    /// [`Refusal::CommandLine`].
    pub fn check_command_line(&self, line: &[u8]) -> Result<(), Refusal<'static>> {
        let is_it =
            |entry| matches!(entry, Entry::CommandLine(sealed) if sealed.as_bytes() == line);
        self.entries().any(is_it).then_some(()).ok_or(Refusal::CommandLine)
    }

    /// Checks all modules that were loaded, in their order, without the manifest itself.
    ///
    /// # Errors
    /// [`Refusal::MissingModule`], [`UnknownModule`](Refusal::UnknownModule),
    /// [`ModuleLength`](Refusal::ModuleLength) and [`Module`](Refusal::Module).
    pub fn check_modules<'m>(
        &self,
        modules: impl IntoIterator<Item = Module<'m>>,
    ) -> Result<(), Refusal<'a>> {
        let mut sealed = self.entries().filter_map(|entry| match entry {
            Entry::Module { arguments, contents } => Some((arguments, contents)),
            _ => None,
        });
        for (index, module) in modules.into_iter().enumerate() {
            let number = index + 1;
            let (arguments, contents) = sealed.next().ok_or(Refusal::UnknownModule { number })?;
            if module.arguments != arguments.as_bytes() {
                return Err(Refusal::UnknownModule { number });
            }
            let (is, sealed) = (module.contents.len_bytes, contents.len_bytes);
            if is != sealed {
                return Err(Refusal::ModuleLength { arguments, is, sealed });
            }
            if module.contents.hash != contents.hash {
                return Err(Refusal::Module(arguments));
            }
        }
        match sealed.next() {
            Some((arguments, _)) => Err(Refusal::MissingModule(arguments)),
            None => Ok(()),
        }
    }
}

/// Divides a file into what is signed, and the signature.
fn split(file: &[u8]) -> Option<(&[u8], [u8; Signature::BYTES])> {
    let end = file.iter().rposition(|&byte| byte != 0)? + 1;
    let digits_start = end.checked_sub(SIGNATURE_DIGITS + 1)?;
    let digits = file[digits_start..end].strip_suffix(b"\n")?;
    let signed = file[..digits_start].strip_suffix(SIGNATURE.as_bytes())?;
    let mut signature = [0; Signature::BYTES];
    lower::decode(digits, &mut signature).ok()?;
    signed.ends_with(b"\n").then_some((signed, signature))
}
