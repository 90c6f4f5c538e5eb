//! Seals an image.

use std::fs;

use anyhow::{Context, Result, anyhow, ensure};
use hash_tree::{BLOCK_BYTES, Builder, Hash};
use seal::{Contents, Entry, Medium};

use crate::arguments::Order;
use crate::image::{Image, MANIFEST, TREE};
use crate::{kernel, keys};

/// Writes the manifest and the hash tree of an image into it.
pub fn seal(order: &Order) -> Result<()> {
    let key = keys::private_key(&order.key)?;
    let image = Image::open_to_change(&order.image)?;
    let files = image.files()?;
    let (manifest, tree) = (image.file(&files, MANIFEST)?, image.file(&files, TREE)?);
    let mut medium = Medium {
        len_bytes: image.len_bytes(),
        root: Hash([0; Hash::LEN_BYTES]),
        manifest_start: manifest.start,
        manifest_bytes: manifest.end - manifest.start,
        tree_start: tree.start,
    };
    let (needed, room) = (medium.shape().tree_bytes(), tree.end - tree.start);
    ensure!(needed <= room, "{TREE} needs {needed} bytes, but it has {room}");
    let (bytes, root) = hash_tree(&image, &medium)?;
    medium.root = root;

    let sections = kernel::sections(&order.kernel)?;
    let modules = order
        .modules
        .iter()
        .map(|(file, arguments)| {
            let bytes = fs::read(file).with_context(|| format!("{}", file.display()))?;
            Ok((arguments.as_str(), Contents::of(&bytes)))
        })
        .collect::<Result<Vec<_>>>()?;
    let mut entries = Vec::new();
    entries.extend(sections.iter().map(|&(name, contents)| Entry::Section { name, contents }));
    entries
        .extend(modules.iter().map(|&(arguments, contents)| Entry::Module { arguments, contents }));
    entries.extend(order.command_lines.iter().map(|line| Entry::CommandLine(line)));
    entries.push(Entry::Medium(medium));
    if let Some(line) = &order.disk {
        entries.push(Entry::read(line).with_context(|| format!("--disk: {line}"))?);
    }
    let file = seal::write(&entries, &key, medium.manifest_bytes.try_into()?)
        .map_err(|error| anyhow!("the manifest: {error}"))?;
    image.write(medium.tree_start, &bytes)?;
    image.write(medium.manifest_start, &file)?;
    Ok(())
}

/// Returns the hash tree of an image, and its root.
fn hash_tree(image: &Image, medium: &Medium) -> Result<(Vec<u8>, Hash)> {
    let mut builder = Builder::new(medium.shape());
    let mut bytes = [0; BLOCK_BYTES];
    for block in 0..medium.shape().data_blocks() {
        image.read_block(0, block, &mut bytes)?;
        medium.leave_out(block * BLOCK_BYTES as u64, &mut bytes);
        builder.push(&bytes);
    }
    Ok(builder.finish())
}
