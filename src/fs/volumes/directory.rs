//! Reading a directory of a volume.

use alloc::sync::Arc;
use alloc::vec::Vec;

use volume::NodeId;

use super::convert::file_kind;
use super::mounted::Mounted;
use crate::fs::attributes::FileKind;
use crate::fs::directory_entry::DirectoryEntry;
use crate::fs::error::FsError;

/// The cursor of the first entry; the cursors before it are those of `.` and `..`.
const FIRST_CURSOR: u64 = 2;

/// The number of entries that are read while the volume is locked once.
const BATCH: usize = 64;

struct Found {
    name: Vec<u8>,
    inode: u64,
    kind: Option<FileKind>,
    next: u64,
}

/// Calls `found` with the entries of a directory from `cursor` on, until it returns false. It may access
/// the memory of a program, so the volume isn't locked meanwhile.
///
/// # Errors
/// [`FsError::NoMemory`], or the error of the volume.
pub(super) fn read(
    mounted: &Arc<Mounted>,
    directory: NodeId,
    cursor: u64,
    found: &mut dyn FnMut(DirectoryEntry<'_>) -> bool,
) -> Result<(), FsError> {
    let mut next = cursor.saturating_sub(FIRST_CURSOR);
    loop {
        let batch = read_some(mounted, directory, next)?;
        if batch.is_empty() {
            return Ok(());
        }
        for entry in &batch {
            let given = DirectoryEntry {
                name: &entry.name,
                inode: entry.inode,
                kind: entry.kind.unwrap_or(FileKind::Regular),
                next: entry.next + FIRST_CURSOR,
            };
            if !found(given) {
                return Ok(());
            }
            next = entry.next;
        }
    }
}

/// Returns the next entries; none at the end.
fn read_some(
    mounted: &Arc<Mounted>,
    directory: NodeId,
    cursor: u64,
) -> Result<Vec<Found>, FsError> {
    let mut batch = Vec::new();
    batch.try_reserve_exact(BATCH)?;
    let mut result = Ok(());
    mounted.with(|volume| {
        volume.read_directory(directory, cursor, &mut |entry| {
            let mut name = Vec::new();
            if name.try_reserve_exact(entry.name.len()).is_err() {
                result = Err(FsError::NoMemory);
                return false;
            }
            name.extend_from_slice(entry.name);
            let (inode, kind) = (entry.node.0, entry.kind.map(file_kind));
            batch.push(Found { name, inode, kind, next: entry.next });
            batch.len() < BATCH
        })?;
        for entry in batch.iter_mut().filter(|entry| entry.kind.is_none()) {
            let kind = volume.attributes(NodeId(entry.inode)).map(|found| found.kind);
            entry.kind = kind.ok().map(file_kind);
        }
        Ok(())
    })?;
    result.map(|()| batch)
}
