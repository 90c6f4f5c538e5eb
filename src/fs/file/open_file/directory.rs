//! Reading the entries of an open directory.

use super::{Contents, OpenFile};
use crate::fs::attributes::FileKind;
use crate::fs::directory_entry::DirectoryEntry;
use crate::fs::error::FsError;

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
        let mut position = self.position();
        let mut take = |entry: DirectoryEntry<'_>| {
            let next = entry.next;
            let is_taken = found(entry);
            if is_taken {
                position = next;
            }
            is_taken
        };
        let result = self.pass_entries(self.position(), &mut take);
        self.set_position(position);
        if result? {
            self.touch_accessed();
        }
        Ok(())
    }

    /// Calls `found` with the entries from `cursor` on, until it returns false. Returns whether it
    /// was called with the file system's entries.
    fn pass_entries(
        &self,
        cursor: u64,
        found: &mut dyn FnMut(DirectoryEntry<'_>) -> bool,
    ) -> Result<bool, FsError> {
        let (inode, kind) = (self.inode(), FileKind::Directory);
        let own = DirectoryEntry { name: b".", inode: inode.number(), kind, next: 1 };
        if cursor == 0 && !found(own) {
            return Ok(false);
        }
        if cursor <= 1 {
            let inode = self.path.parent().inode().number();
            if !found(DirectoryEntry { name: b"..", inode, kind, next: 2 }) {
                return Ok(false);
            }
        }
        inode.ops().read_directory(inode, cursor.max(2), found)?;
        Ok(true)
    }
}
