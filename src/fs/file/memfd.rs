//! Files in memory without a name in a directory: memfd_create(2).

use alloc::sync::Arc;
use alloc::vec::Vec;

use spin::Once;

use super::open_file::OpenFile;
use crate::fs::attributes::Mode;
use crate::fs::error::FsError;
use crate::fs::namespace::attach;
use crate::fs::namespace::dentry::Dentry;
use crate::fs::namespace::path::Path;
use crate::fs::new_inode::{NewInode, NewKind};
use crate::fs::tmpfs::{self, Limits};

/// The prefix of the name in the path that such a file appears to have.
const PREFIX: &[u8] = b"memfd:";

/// The file system of these files; made with the first one.
static MOUNT: Once<Path> = Once::new();

/// Whether seals can be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sealable {
    /// Seals can be added.
    Yes,
    /// Seals can't be added.
    No,
}

fn root() -> Result<&'static Path, FsError> {
    MOUNT.try_call_once(|| {
        let mode = Mode::from_bits_truncate(0o777);
        attach::new_tree(tmpfs::make("tmpfs", Limits::default_of_machine(), mode)?)
    })
}

/// Makes a file that belongs to the user and group `owner`, open for reading and writing. Its link
/// in procfs shows `name`.
///
/// # Errors
/// [`FsError::NoSpace`], [`FsError::NoMemory`].
pub fn open(name: &[u8], owner: (u32, u32), sealable: Sealable) -> Result<Arc<OpenFile>, FsError> {
    let root = root()?;
    let mut full_name = Vec::new();
    full_name.try_reserve_exact(PREFIX.len() + name.len())?;
    full_name.extend_from_slice(PREFIX);
    full_name.extend_from_slice(name);
    let inode = {
        let directory = root.inode();
        let _lock = directory.lock().write();
        let mode = Mode::from_bits_truncate(0o777);
        let (uid, gid) = owner;
        let new = NewInode { kind: NewKind::Regular, mode, uid, gid };
        directory.ops().create(directory, None, new)?
    };
    if sealable == Sealable::Yes {
        inode.sealing().allow();
    }
    let dentry = Dentry::try_new(None, &full_name, Some(inode))?;
    dentry.set_removed();
    OpenFile::try_new_uncounted(Path::new(root.mount().clone(), dentry))
}
