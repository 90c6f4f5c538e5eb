//! Verifies an image.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use anyhow::{Result, bail};
use hash_tree::{BLOCK_BYTES, CheckError, Verifier};
use seal::{Entry, Manifest, Medium};

use crate::image::{Image, MANIFEST};
use crate::keys;

/// The first bytes of a CD, for the BIOS and for partition tables.
///
/// Source: ECMA-119, 6.2.1.
const SYSTEM_AREA: Range<u64> = 0..32768;

/// Verifies an image by the public key of its seal; prints what it finds. Returns whether all of the
/// image is as it was sealed.
pub fn verify(path: &Path, key: &str) -> Result<bool> {
    let key = keys::named(key)?;
    let mut image = Image::open(path)?;
    let files = image.files()?;
    let place = image.file(&files, MANIFEST)?;
    let file = image.read(&place)?;
    let manifest = match Manifest::open(&file, &key) {
        Ok(manifest) => manifest,
        Err(refusal) => {
            println!("{}: {refusal}", path.display());
            println!("the key is {key}");
            return Ok(false);
        }
    };
    println!("signed by {key}");
    for entry in manifest.entries() {
        match entry {
            Entry::Section { name, contents } => {
                println!("section {name}: {} bytes, {}", contents.len_bytes, contents.hash);
            }
            Entry::Module { arguments, contents } => {
                println!("module {arguments}: {} bytes, {}", contents.len_bytes, contents.hash);
            }
            Entry::CommandLine(line) => println!("command line: \"{line}\""),
            Entry::Medium(medium) => {
                println!("medium: {} bytes, root {}", medium.len_bytes, medium.root);
            }
            Entry::Disk(disk) => println!("disk: {} bytes, root {}", disk.len_bytes, disk.root),
        }
    }
    let Some(medium) = manifest.medium() else {
        bail!("the manifest says nothing of the medium");
    };
    if medium.manifest_start != place.start {
        println!("{MANIFEST} is at byte {}, sealed was {}", place.start, medium.manifest_start);
        return Ok(false);
    }
    if image.len_bytes() < medium.len_bytes {
        println!("{} bytes are missing", medium.len_bytes - image.len_bytes());
        return Ok(false);
    }
    if image.len_bytes() > medium.len_bytes {
        println!("{} bytes after the image aren't sealed", image.len_bytes() - medium.len_bytes);
    }
    image.limit(medium.len_bytes);
    let damages = damages(&image, &medium)?;
    for range in &damages {
        println!("differs: {}", named(range, &files));
    }
    if damages.is_empty() {
        println!("Each byte of the image is as it was sealed.");
    }
    Ok(damages.is_empty())
}

/// Returns the ranges of an image that differ, in whole blocks.
fn damages(image: &Image, medium: &Medium) -> Result<Vec<Range<u64>>> {
    let mut verifier = Verifier::new(medium.shape(), medium.root);
    let mut damages: Vec<Range<u64>> = Vec::new();
    let mut bytes = [0; BLOCK_BYTES];
    for block in 0..medium.shape().data_blocks() {
        image.read_block(0, block, &mut bytes)?;
        let start = block * BLOCK_BYTES as u64;
        medium.leave_out(start, &mut bytes);
        let read = |block, to: &mut _| image.read_block(medium.tree_start, block, to);
        let damaged = match verifier.check(block, &bytes, read) {
            Ok(()) => continue,
            Err(CheckError::Data) => start,
            Err(CheckError::Tree { block }) => medium.tree_start + block * BLOCK_BYTES as u64,
            Err(CheckError::Read(error)) => return Err(error),
        };
        let end = (damaged + BLOCK_BYTES as u64).min(medium.len_bytes);
        match damages.last_mut() {
            // A block of the tree is found again for each block below it.
            Some(last) if *last == (damaged..end) => {}
            Some(last) if last.end == damaged => last.end = end,
            _ => damages.push(damaged..end),
        }
    }
    Ok(damages)
}

/// Returns the text for a range: the files in it, and where in them it is.
fn named(range: &Range<u64>, files: &BTreeMap<String, Range<u64>>) -> String {
    let mut names: Vec<String> = files
        .iter()
        .filter(|(_, file)| file.start < range.end && range.start < file.end)
        .map(|(path, file)| {
            let start = range.start.saturating_sub(file.start);
            let end = range.end.min(file.end) - file.start;
            format!("/{path} from its byte {start} to {}", end - 1)
        })
        .collect();
    if names.is_empty() {
        names.push(String::from(match range.start < SYSTEM_AREA.end {
            true => "boot code and partition tables",
            false => "no file: directories, a partition table, or a gap",
        }));
    }
    format!("bytes {} to {} of the image: {}", range.start, range.end - 1, names.join(", "))
}
