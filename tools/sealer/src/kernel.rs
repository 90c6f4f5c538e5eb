//! The kernel's file.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use elf::ElfBytes;
use elf::endian::LittleEndian;
use seal::Contents;

use crate::keys;

/// The sections that the kernel checks, as they are named in its file: those that never change once
/// they are loaded, and that stay in memory.
pub const SECTIONS: [&str; 2] = ["text", "rodata"];

/// Writes the public key of the private one in `key` into the file of a kernel.
pub fn stamp(kernel: &Path, key: &Path) -> Result<()> {
    let key = keys::public_key(key)?;
    let mut file = fs::read(kernel).with_context(|| format!("{}", kernel.display()))?;
    seal::stamp(&mut file, &key).map_err(|error| anyhow!("{}: {error}", kernel.display()))?;
    fs::write(kernel, file)?;
    Ok(())
}

/// Returns the contents of the kernel's [`SECTIONS`], with their names.
pub fn sections(kernel: &Path) -> Result<Vec<(&'static str, Contents)>> {
    let bytes = fs::read(kernel).with_context(|| format!("{}", kernel.display()))?;
    let file = ElfBytes::<LittleEndian>::minimal_parse(&bytes)
        .with_context(|| format!("{}", kernel.display()))?;
    SECTIONS
        .into_iter()
        .map(|name| {
            let header = file
                .section_header_by_name(&format!(".{name}"))?
                .with_context(|| format!("{} has no section .{name}", kernel.display()))?;
            let (data, _) = file.section_data(&header)?;
            Ok((name, Contents::of(data)))
        })
        .collect()
}
