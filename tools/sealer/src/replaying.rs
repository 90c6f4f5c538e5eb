//! Computes the PCRs of a TPM after the boot of an image, from the image alone.
//!
//! | PCR | is extended by | with |
//! | --- | --- | --- |
//! | 4 | the firmware | that it starts a program, a separator, the hash of the signed GRUB |
//! | 9 | GRUB | the hashes of the files that it loads, in their order |
//! | 11 | the kernel | the root of the medium |
//!
//! Source: TCG PC Client Platform Firmware Profile 1.05, "PCR Usage"; GRUB 2.06, "Measuring boot
//! components".

use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use event_log::extended;
use hash_tree::{Hash, hash_of};
use seal::Manifest;

use crate::efi_program;
use crate::image::{Image, MANIFEST};
use crate::keys;

/// The program that the firmware starts, in the EFI partition.
const PROGRAM: &[&str] = &["EFI", "BOOT", "BOOTX64.EFI"];
/// The EFI partition, and GRUB's menu, which is the same as the one in the signed GRUB.
const PARTITION: &str = "efi.img";
const MENU: &str = "boot/grub/grub.cfg";

/// Prints the PCRs of a machine that has booted an image, which is signed by `key`, by UEFI. Returns
/// whether it is.
pub fn replay(path: &Path, key: &str) -> Result<bool> {
    let key = keys::named(key)?;
    let image = Image::open(path)?;
    let files = image.files()?;
    let file = image.read(&image.file(&files, MANIFEST)?)?;
    let manifest = match Manifest::open(&file, &key) {
        Ok(manifest) => manifest,
        Err(refusal) => {
            println!("{}: {refusal}", path.display());
            return Ok(false);
        }
    };
    let medium = manifest.medium().context("the manifest says nothing of the medium")?;

    let partition = image.file(&files, PARTITION)?;
    let program = image.file_in_partition(&partition, PROGRAM)?;
    let program = efi_program::hash(&program)
        .ok_or_else(|| anyhow!("{} isn't an EFI program", PROGRAM.join("/")))?;
    let started = hash_of(b"Calling EFI Application from Boot Option");
    let separator = hash_of(&[0; 4]);

    let menu = String::from_utf8(image.read(&image.file(&files, MENU)?)?)?;
    let mut loaded = Vec::new();
    for name in loaded_files(&menu)? {
        loaded.push(hash_of(&image.read(&image.file(&files, name)?)?));
    }
    for (pcr, digests) in
        [(4, &[started, separator, program][..]), (9, &loaded), (11, &[medium.root])]
    {
        let zeros = Hash([0; Hash::LEN_BYTES]);
        let value = digests.iter().fold(zeros, |value, digest| extended(&value, digest));
        println!("PCR {pcr:<2}  {value}");
    }
    Ok(true)
}

/// Returns the files that the first entry of a menu loads, in their order.
fn loaded_files(menu: &str) -> Result<Vec<&str>> {
    let (_, entry) = menu.split_once("menuentry ").context("the menu has no entry")?;
    let (entry, _) = entry.split_once("\n}").unwrap_or((entry, ""));
    let mut files = Vec::new();
    for line in entry.lines() {
        let mut words = line.split_ascii_whitespace();
        if let Some("multiboot2" | "module2") = words.next() {
            match words.find(|word| !word.starts_with("--")) {
                Some(file) => files.push(file.trim_start_matches('/')),
                None => bail!("the menu loads no file: {line}"),
            }
        }
    }
    Ok(files)
}
