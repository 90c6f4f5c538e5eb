//! The check of what the loader has loaded.

use boot_information::{BootInformation, Firmware, Module};
use seal::{Contents, Key, Manifest, Module as Loaded, Refusal};

use crate::mm::kernel::image::{self, Section};
use crate::mm::kernel::loader_memory;

/// The arguments of the manifest's module, in `grub.cfg`.
pub const MODULE: &str = "seal";

/// The sections that are checked: those that never change once they are loaded.
pub const SECTIONS: [(&str, Section); 2] = [("text", Section::Text), ("rodata", Section::Rodata)];

/// Proof that the kernel, its command line and its modules are as they were sealed.
#[derive(Debug)]
pub struct Sealed {
    /// The key of the signature.
    pub key: Key,
    /// The manifest.
    pub manifest: Manifest<'static>,
    /// The manifest's file.
    pub file: &'static [u8],
    /// The loader's information, which has been checked.
    pub information: &'static BootInformation<'static>,
}

impl Sealed {
    /// Returns what is known of checks before those of the kernel.
    pub fn before_the_kernel(&self) -> &'static str {
        match self.information.firmware {
            Firmware::Bios => "a BIOS verifies nothing: this finds damage, and not an attack",
            Firmware::Uefi => {
                "whether the firmware and GRUB have verified anything isn't known here"
            }
        }
    }
}

/// Checks the kernel's sections, its command line and its modules against the manifest that was
/// loaded.
///
/// # Errors
/// [`Refusal`].
pub fn check(
    key: Key,
    information: &'static BootInformation<'static>,
) -> Result<Sealed, Refusal<'static>> {
    let is_manifest = |module: &Module<'_>| module.arguments == *MODULE;
    let mut manifests = information.modules.iter().filter(is_manifest);
    let (Some(file), None) = (manifests.next(), manifests.next()) else {
        return Err(Refusal::NoManifest);
    };
    let file = loader_memory::lend(loader_memory::place(&file)).ok_or(Refusal::NoManifest)?;
    let manifest = Manifest::open(file, &key)?;
    for (name, section) in SECTIONS {
        manifest.check_section(name, image::constant_bytes(section))?;
    }
    manifest.check_command_line(information.command_line.bytes())?;
    let others = information.modules.iter().filter(|module| !is_manifest(module));
    manifest.check_modules(others.map(|module| loaded(&module)))?;
    Ok(Sealed { key, manifest, file, information })
}

/// Returns the bytes of the module with these arguments, which was checked; `None` if there is none.
pub(super) fn module(sealed: &Sealed, arguments: &str) -> Option<&'static [u8]> {
    let mut modules = sealed.information.modules.iter();
    let module = modules.find(|module| module.arguments == *arguments)?;
    loader_memory::lend(loader_memory::place(&module))
}

/// Returns the contents of a module. If it can't be read, they are those of an empty one.
fn loaded<'m>(module: &Module<'m>) -> Loaded<'m> {
    let contents = loader_memory::inspect(loader_memory::place(module), Contents::of);
    let contents = contents.unwrap_or_else(|| Contents::of(&[]));
    Loaded { arguments: module.arguments.bytes(), contents }
}
