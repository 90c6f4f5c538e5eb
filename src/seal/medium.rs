//! The medium with the image: the disk on which the manifest is that was loaded.

use alloc::sync::Arc;
use alloc::vec;

use seal::Medium;

use super::check::Sealed;
use crate::block::device::BlockDevice;
use crate::block::devices;
use crate::block::reader::Reader;
use crate::mm::kernel::layout::FRAME_BYTES;

/// The length of a part that is read at once, in bytes.
pub const PART_BYTES: usize = PART_FRAMES * FRAME_BYTES as usize;
const PART_FRAMES: usize = 32;

/// Returns a reader of the disk that has `sealed`'s manifest at its place, and what the manifest says
/// of it; `None` if there is none, or it can't be read. May wait.
pub fn find(sealed: &Sealed) -> Option<(Reader, Medium)> {
    let medium = sealed.manifest.medium()?;
    let mut disks = devices::all().into_iter().filter(|device| device.partition().is_none());
    let reader = disks.find_map(|disk| reader_with(disk, &medium, sealed.file))?;
    Some((reader, medium))
}

/// Returns a reader of `disk`, if it has `file` as the manifest.
fn reader_with(disk: Arc<BlockDevice>, medium: &Medium, file: &[u8]) -> Option<Reader> {
    let is_long_enough = disk.len_bytes() >= medium.len_bytes;
    let mut reader = Reader::try_new(disk, PART_FRAMES).ok()?;
    let mut found = vec![0; file.len()];
    let is_read = is_long_enough && reader.read_at(medium.manifest_start, &mut found).is_ok();
    (is_read && found == file).then_some(reader)
}
