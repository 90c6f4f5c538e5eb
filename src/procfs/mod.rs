//! procfs: the state of processes and of the machine, as files on /proc.
//!
//! | module | what |
//! | --- | --- |
//! | [`root`] | the root directory |
//! | [`numbers`] | directories whose names are numbers |
//! | [`target`] | the process or thread that files are about |
//! | [`process`] | the files of a process |
//! | [`machine`] | the files of the whole machine |
//!
//! The formats are those of Linux 6.1; the directory `farjump` has what Linux doesn't have. Each text
//! is made when it is read, from the state at that time; no lock is held from one part of a text to
//! the next.
//!
//! Source: proc(5); Linux, Documentation/filesystems/proc.rst.

#![forbid(unsafe_code)]

mod machine;
mod numbers;
mod process;
mod root;
mod target;

use alloc::sync::Arc;

use spin::Once;

use crate::boot::Boot;
use crate::fs::attributes::Mode;
use crate::fs::error::FsError;
use crate::fs::generated::{self, Content, Node};
use crate::fs::kinds::{self, Kind, Source};
use crate::fs::namespace::attach;
use crate::fs::namespace::mount::MountFlags;
use crate::fs::super_block::SuperBlock;
use crate::fs::{self, Files};
use crate::process::Processes;
use root::Root;

/// Linux's number of this kind of file system.
///
/// Source: Linux, include/uapi/linux/magic.h (PROC_SUPER_MAGIC).
const MAGIC: u64 = 0x9FA0;

/// The one file system, which may be mounted at several places.
static PROCFS: Once<Arc<SuperBlock>> = Once::new();

/// Mounts procfs on /proc, and makes it mountable elsewhere. Errors are logged.
pub fn start(_files: Files, _processes: Processes, boot: &'static Boot) {
    machine::set_command_line(boot.information.command_line);
    if let Err(error) = mount() {
        log::error!("/proc: {error}");
    }
}

fn mount() -> Result<(), FsError> {
    kinds::register(Kind {
        name: "proc",
        source: Source::Any,
        make: |request| find(request.options),
    })?;
    let point = fs::mount_point(fs::root(), b"proc")?;
    let flags = MountFlags::NO_SUID | MountFlags::NO_DEV | MountFlags::NO_EXEC;
    attach::mount(find(b"")?, &point, flags, b"proc").map(drop)
}

/// Returns the file system. It has no options.
fn find(options: &[u8]) -> Result<Arc<SuperBlock>, FsError> {
    if !options.is_empty() {
        return Err(FsError::InvalidArgument);
    }
    let make = || {
        let content = Content::Directory(Arc::try_new(Root)?);
        let mode = Mode::from_bits_truncate(0o555);
        generated::make("proc", MAGIC, Node { mode, owner: (0, 0), content })
    };
    PROCFS.try_call_once(make).cloned()
}
