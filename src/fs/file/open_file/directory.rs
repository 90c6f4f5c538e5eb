//! Reading the entries of an open directory.

use super::{Contents, OpenFile};
use crate::fs::attributes::FileKind;
use crate::fs::error::FsError;
use crate::fs::inode::DirectoryEntry;

impl OpenFile {
    /// Calls `found` with the entries of the directory from the position on, until it returns
    /// false. The next call starts with the entry for which it returned false.
    ///
    /// # Errors
    /// [`FsError::NotADirectory`]; [`FsError::NotFound`] if the directory was removed.
    pub fn read_directory(
        &self,
        mut found: impl FnMut(DirectoryEntry<'_>) -> bool,
    ) -> Result<(), FsError> {
        let Contents::Directory = self.contents else {
            return Err(match self.contents {
                Contents::Place => FsError::NotOpenForThis,
                _ => FsError::NotADirectory,
            });
        };
        let _lock = self.position_lock.lock();
        let inode = self.inode();
        if self.path.is_removed() {
            return Err(FsError::NotFound);
        }
        let _lock = inode.lock().read();
        for (cursor, name) in [&b"."[..], b".."].into_iter().enumerate() {
            let cursor = cursor as u64;
            if self.position() <= cursor {
                let number = match cursor {
                    0 => inode.number(),
                    _ => self.path.parent().inode().number(),
                };
                let kind = FileKind::Directory;
                if !found(DirectoryEntry { name, inode: number, kind, next: cursor + 1 }) {
                    return Ok(());
                }
                self.set_position(cursor + 1);
            }
        }
        let cursor = self.position();
        inode.ops().read_directory(inode, cursor, &mut |entry| {
            let next = entry.next;
            let is_taken = found(entry);
            if is_taken {
                self.set_position(next);
            }
            is_taken
        })?;
        self.touch_accessed();
        Ok(())
    }
}
