//! An image, and the files on it.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use fat::Fat;
use hash_tree::BLOCK_BYTES;
use iso9660::Iso9660;
use volume::{Access, Kind, MapFor, Medium, MediumError, NodeId, Stage, Volume, VolumeError};

/// The files of the seal in an image.
pub const MANIFEST: &str = "boot/seal";
pub const TREE: &str = "boot/seal.tree";

/// The deepest directory whose files are listed. ISO 9660 allows eight without Rock Ridge.
const DEPTH_MAX: usize = 32;

/// An image: a file, or a device with a medium.
pub struct Image {
    path: PathBuf,
    file: File,
    len_bytes: u64,
}

impl Image {
    /// Opens an image to be read.
    pub fn open(path: &Path) -> Result<Self> {
        Self::with(path, File::options().read(true))
    }

    /// Opens an image to be changed.
    pub fn open_to_change(path: &Path) -> Result<Self> {
        Self::with(path, File::options().read(true).write(true))
    }

    fn with(path: &Path, options: &std::fs::OpenOptions) -> Result<Self> {
        use std::io::{Seek, SeekFrom};
        let mut file = options.open(path).with_context(|| format!("{}", path.display()))?;
        // The metadata of a device has no length.
        let len_bytes = file.seek(SeekFrom::End(0))?;
        Ok(Self { path: path.to_owned(), file, len_bytes })
    }

    pub fn len_bytes(&self) -> u64 {
        self.len_bytes
    }

    /// Limits the image to its first `len_bytes`, if it is longer: a stick goes on after its image.
    pub fn limit(&mut self, len_bytes: u64) {
        self.len_bytes = self.len_bytes.min(len_bytes);
    }

    /// Reads the block of number `block` of the part at `start`; zeros after the image's end.
    pub fn read_block(&self, start: u64, block: u64, to: &mut [u8; BLOCK_BYTES]) -> Result<()> {
        to.fill(0);
        let at = start + block * BLOCK_BYTES as u64;
        let len = self.len_bytes.saturating_sub(at).min(BLOCK_BYTES as u64) as usize;
        Ok(self.file.read_exact_at(&mut to[..len], at)?)
    }

    /// Reads a range.
    pub fn read(&self, range: &Range<u64>) -> Result<Vec<u8>> {
        let mut bytes = vec![0; (range.end - range.start).try_into()?];
        self.file.read_exact_at(&mut bytes, range.start)?;
        Ok(bytes)
    }

    /// Writes at a place.
    pub fn write(&self, start: u64, bytes: &[u8]) -> Result<()> {
        Ok(self.file.write_all_at(bytes, start)?)
    }

    /// Returns the files on the image by their paths, with the ranges in which they are.
    pub fn files(&self) -> Result<BTreeMap<String, Range<u64>>> {
        let failed = |error: VolumeError| anyhow!("{}: {error}", self.path.display());
        let mut volume = Iso9660::open(self.sectors(0..self.len_bytes)?).map_err(failed)?;
        let mut files = BTreeMap::new();
        let root = volume.root();
        list(&mut volume, root, "", 0, &mut files).map_err(failed)?;
        Ok(files)
    }

    /// Reads a file in the FAT file system of a partition.
    pub fn file_in_partition(&self, partition: &Range<u64>, path: &[&str]) -> Result<Vec<u8>> {
        let failed = |error: VolumeError| anyhow!("{}: {error}", path.join("/"));
        let mut volume =
            Fat::open(self.sectors(partition.clone())?, Access::ReadOnly).map_err(failed)?;
        let mut node = volume.root();
        for name in path {
            let found = volume.lookup(node, name.as_bytes()).map_err(failed)?;
            node = found.with_context(|| format!("there is no {}", path.join("/")))?;
        }
        let size_bytes = volume.attributes(node).map_err(failed)?.changeable.size_bytes;
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < size_bytes {
            let left = size_bytes - bytes.len() as u64;
            let extent =
                volume.map(node, bytes.len() as u64, left, MapFor::Find).map_err(failed)?;
            let len = extent.len_bytes.min(left);
            match extent.place {
                Some(place) => {
                    let start = partition.start + place;
                    bytes.extend(self.read(&(start..start + len))?);
                }
                None => bytes.resize(bytes.len() + len as usize, 0),
            }
        }
        Ok(bytes)
    }

    /// Returns a part of the image as the medium of a file system.
    fn sectors(&self, range: Range<u64>) -> Result<Sectors> {
        Ok(Sectors { file: self.file.try_clone()?, range })
    }

    /// Returns the range of a file of `files`.
    pub fn file(&self, files: &BTreeMap<String, Range<u64>>, path: &str) -> Result<Range<u64>> {
        match files.get(path) {
            Some(range) => Ok(range.clone()),
            None => bail!("{} isn't sealed: it has no file {path}", self.path.display()),
        }
    }
}

/// Adds the files in a directory to `files`.
fn list(
    volume: &mut Iso9660<Sectors>,
    directory: NodeId,
    path: &str,
    depth: usize,
    files: &mut BTreeMap<String, Range<u64>>,
) -> Result<(), VolumeError> {
    let mut names = Vec::new();
    volume.read_directory(directory, 0, &mut |entry| {
        names.push(entry.name.to_vec());
        true
    })?;
    for name in names {
        let Some(node) = volume.lookup(directory, &name)? else {
            continue;
        };
        let path = format!("{path}{}", String::from_utf8_lossy(&name));
        let attributes = volume.attributes(node)?;
        let size_bytes = attributes.changeable.size_bytes;
        match attributes.kind {
            Kind::Directory if depth < DEPTH_MAX => {
                list(volume, node, &format!("{path}/"), depth + 1, files)?;
            }
            Kind::Regular if size_bytes > 0 => {
                // The files of such images have one extent.
                let extent = volume.map(node, 0, size_bytes, MapFor::Find)?;
                if let Some(place) = extent.place {
                    files.insert(path, place..place + size_bytes);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// A part of the image as the medium of a file system, which is only read.
struct Sectors {
    file: File,
    range: Range<u64>,
}

impl Medium for Sectors {
    fn len_bytes(&self) -> u64 {
        self.range.end - self.range.start
    }

    fn read(&self, at: u64, to: &mut [u8]) -> Result<(), MediumError> {
        let is_inside = at + to.len() as u64 <= Medium::len_bytes(self);
        let read = is_inside.then(|| self.file.read_exact_at(to, self.range.start + at));
        read.and_then(Result::ok).ok_or(MediumError::Failed)
    }

    fn write(&self, _stage: Stage, _at: u64, _from: &[u8]) -> Result<(), MediumError> {
        Err(MediumError::ReadOnly)
    }

    fn flush(&self) -> Result<(), MediumError> {
        Ok(())
    }

    fn discard(&self, _range: Range<u64>) {}
}
