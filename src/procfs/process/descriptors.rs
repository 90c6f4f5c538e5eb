//! `fd`, `fdinfo`: the descriptors.

use alloc::sync::Arc;

use super::links;
use crate::fs::attributes::{FileKind, Mode};
use crate::fs::error::FsError;
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::generated::{Content, Directory, File, Found, Link, Node, Subject, Text};
use crate::fs::inode::LinkTarget;
use crate::process::descriptors::{Descriptor, Fd, OnExec};
use crate::procfs::target::Target;

/// Where the descriptors begin among the entries.
const FIRST_DESCRIPTOR: u64 = 2;

/// An entry of the directory, for each descriptor.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Each {
    /// A link to the open file's place.
    Link,
    /// A text about the open file.
    Info,
}

struct Descriptors {
    target: Target,
    each: Each,
}

/// A descriptor of a process.
struct Entry {
    target: Target,
    fd: Fd,
}

pub(super) fn links(target: &Target) -> Result<Arc<dyn Directory>, FsError> {
    Ok(Arc::try_new(Descriptors { target: target.clone(), each: Each::Link })?)
}

pub(super) fn infos(target: &Target) -> Result<Arc<dyn Directory>, FsError> {
    Ok(Arc::try_new(Descriptors { target: target.clone(), each: Each::Info })?)
}

/// Returns the descriptor `fd` of the process.
fn descriptor(target: &Target, fd: Fd) -> Result<Descriptor, FsError> {
    let process = target.process().map_err(|_| FsError::NotFound)?;
    let file = process.descriptors().get(fd).map_err(|_| FsError::NotFound)?;
    let on_exec = process.descriptors().on_exec(fd).unwrap_or(OnExec::Keep);
    Ok(Descriptor { file, on_exec })
}

impl Directory for Descriptors {
    fn find(&self, name: &[u8]) -> Result<Node, FsError> {
        let has_zeros = name.first() == Some(&b'0') && name.len() > 1;
        if has_zeros || !name.iter().all(u8::is_ascii_digit) {
            return Err(FsError::NotFound);
        }
        let number = core::str::from_utf8(name).ok().and_then(|name| name.parse().ok());
        let fd = number.ok_or(FsError::NotFound)?;
        let flags = descriptor(&self.target, fd)?.file.flags();
        let entry = Arc::try_new(Entry { target: self.target.clone(), fd })?;
        // The owner's rights say how the file is open.
        let (mode, content) = match self.each {
            Each::Link => {
                let read = if flags.can_read() { 0o500 } else { 0 };
                let written = if flags.can_write() { 0o300 } else { 0 };
                (read | written, Content::Link(entry))
            }
            Each::Info => (0o444, Content::File(entry)),
        };
        let mode = Mode::from_bits_truncate(mode);
        Ok(Node { mode, owner: self.target.owner()?, content })
    }

    fn list(&self, cursor: u64, found: Found<'_>) -> Result<(), FsError> {
        let process = self.target.process().map_err(|_| FsError::NotFound)?;
        let kind = match self.each {
            Each::Link => FileKind::Symlink,
            Each::Info => FileKind::Regular,
        };
        let mut result = Ok(true);
        process.descriptors().for_each(|fd, _| {
            let at = u64::from(fd) + FIRST_DESCRIPTOR;
            if result == Ok(true) && at >= cursor {
                let mut name = Text::new();
                result = write!(name, "{fd}").map(|()| found(&name.into_bytes(), kind, at + 1));
            }
        });
        result.map(drop)
    }
}

impl Link for Entry {
    fn follow(&self) -> Result<LinkTarget, FsError> {
        self.target.check_access().map_err(|error| match error {
            FsError::NoProcess => FsError::NotFound,
            error => error,
        })?;
        links::place(descriptor(&self.target, self.fd)?.file.path().clone())
    }
}

impl File for Entry {
    fn check_open(&self) -> Result<(), FsError> {
        self.target.check_access()
    }

    /// Source: proc(5), /proc/pid/fdinfo.
    fn write_text(&self, text: &mut Text) -> Result<(), FsError> {
        let Descriptor { file, on_exec } = descriptor(&self.target, self.fd)?;
        let mut flags = file.flags();
        flags.set(OpenFlags::CLOSE_ON_EXEC, on_exec == OnExec::Close);
        if file.special().is_none() {
            flags |= OpenFlags::LARGE_FILE;
        }
        let (mount, inode) = (file.path().mount().id(), file.inode().number());
        writeln!(text, "pos:\t{}", file.position())?;
        writeln!(text, "flags:\t0{:o}", flags.bits())?;
        writeln!(text, "mnt_id:\t{mount}")?;
        writeln!(text, "ino:\t{inode}")
    }
}
