//! The root file system on a disk: `root=`, `rootfstype=`, `ro` and `rw` on the command line.

use alloc::sync::Arc;

use path_walk::LastLink;

use super::block_files::number_of;
use super::error::FsError;
use super::kinds::{self, Kind, MountRequest, Source};
use super::namespace::attach;
use super::namespace::lookup::{Caller, look_up_path};
use super::namespace::path::Path;
use super::super_block::SuperBlock;
use crate::block::devices;
use crate::boot::Options;
use crate::seal::root_disk;

/// The first program of an archive. If it exists, it is responsible for the root, as on Linux.
const FIRST_PROGRAM: &[u8] = b"/init";

/// Returns the root of the file system that the command line names, if it names one and the archives of
/// the loader, which are in `archives`, have no first program. If it can't be mounted, the reason is
/// logged.
pub(super) fn mount(options: &Options, archives: &Path) -> Option<Path> {
    let name = options.root.as_deref()?;
    if look_up_path(&Caller::root(archives), FIRST_PROGRAM, LastLink::Follow).is_ok() {
        log::info!("root={name} is for /init, which the loader has brought");
        return None;
    }
    match find(options, name).and_then(|found| attach::new_tree_from(found, name.as_bytes())) {
        Ok(root) => {
            log::info!("the root is {name}, {}", root.mount().super_block().kind());
            Some(root)
        }
        Err(error) => {
            log::error!("root={name}: {error}");
            None
        }
    }
}

/// Returns the file system on the device `name`, in the first kind that it has.
fn find(options: &Options, name: &str) -> Result<Arc<SuperBlock>, FsError> {
    let device = devices::by_name(name).ok_or_else(|| {
        let names = devices::all();
        log::error!("there is no disk or partition {name}, but {} others", names.len());
        FsError::NotFound
    })?;
    let device = root_disk::verified(device);
    let is_read_only = !options.is_root_writable;
    let request = MountRequest { device: Some(number_of(&device)), is_read_only, options: b"" };
    let is_asked = |kind: &Kind| {
        let name = options.root_kind.as_deref();
        kind.source == Source::Device && name.is_none_or(|name| name == kind.name)
    };
    let mut result = Err(FsError::WrongDevice);
    for kind in (0..).map_while(kinds::nth).filter(is_asked) {
        result = (kind.make)(&request);
        if result.is_ok() {
            break;
        }
    }
    result
}
