//! The root disk of an image: the image of a disk, or a partition in it.

use std::ops::Range;
use std::path::Path;
use std::{fs, io};

use anyhow::{Context, Result, anyhow, ensure};
use hash_tree::{BLOCK_BYTES, Builder, Shape, hash_of};
use partition_table::scan;
use seal::Disk;

use crate::image::Image;

/// The size of a sector: that of all disks in QEMU, and of most others.
const SECTOR_BYTES: usize = 512;

/// What a file in QEMU's own format begins with. A virtual machine sees other bytes than those of the file.
const QCOW2: [u8; 4] = *b"QFI\xFB";

/// Hashes the blocks of a partition, or of the whole disk without a `number`. Writes all hashes to a
/// new file, `hashes`; returns what the manifest says of the disk.
pub fn hash(path: &Path, number: Option<u32>, hashes: &Path) -> Result<Disk> {
    let image = Image::open(path)?;
    ensure!(
        image.len_bytes() < 4 || image.read(&(0..4))? != QCOW2,
        "{} is in the format qcow2; qemu-img convert -O raw makes a raw image",
        path.display()
    );
    let range = match number {
        Some(number) => partition(&image, path, number)?,
        None => 0..image.len_bytes(),
    };
    let len_bytes = range.end - range.start;
    ensure!(
        len_bytes > 0 && len_bytes.is_multiple_of(BLOCK_BYTES as u64),
        "{}: {len_bytes} bytes aren't whole blocks of {BLOCK_BYTES}",
        path.display()
    );
    let mut builder = Builder::new(Shape::new(len_bytes));
    let mut all = Vec::new();
    let mut block = [0; BLOCK_BYTES];
    for number in 0..len_bytes / BLOCK_BYTES as u64 {
        image.read_block(range.start, number, &mut block)?;
        builder.push(&block);
        all.extend(hash_of(&block).0);
    }
    fs::write(hashes, all).with_context(|| format!("{}", hashes.display()))?;
    let (_, root) = builder.finish();
    Ok(Disk { len_bytes, root })
}

/// Returns the place of a partition.
fn partition(image: &Image, path: &Path, number: u32) -> Result<Range<u64>> {
    let mut sectors = Sectors(image);
    let table = scan(&mut sectors).map_err(|_| anyhow!("{} can't be read", path.display()))?;
    let found = table.partitions.iter().find(|partition| partition.number == number);
    let found = found.with_context(|| format!("{} has no partition {number}", path.display()))?;
    let start = found.first_sector * SECTOR_BYTES as u64;
    Ok(start..start + found.sectors * SECTOR_BYTES as u64)
}

/// An image as a disk with partitions.
struct Sectors<'a>(&'a Image);

impl partition_table::Disk for Sectors<'_> {
    type Error = io::Error;

    fn sector_bytes(&self) -> usize {
        SECTOR_BYTES
    }

    fn sectors(&self) -> u64 {
        self.0.len_bytes() / SECTOR_BYTES as u64
    }

    fn read(&mut self, sector: u64, to: &mut [u8]) -> io::Result<()> {
        let start = sector * SECTOR_BYTES as u64;
        let bytes = self.0.read(&(start..start + to.len() as u64)).map_err(io::Error::other)?;
        to.copy_from_slice(&bytes);
        Ok(())
    }
}
