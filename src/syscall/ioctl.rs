//! Requests that all files support: ioctl(2). All others are requests for terminals.

use super::block_ioctl;
use super::call::{Call, CallResult};
use super::fcntl::pipe_of;
use super::terminal::{self, FIONREAD};
use crate::fs::attributes::FileKind;
use crate::fs::block_files::BlockFile;
use crate::fs::file::file_ops::downcast;
use crate::fs::file::open_file::OpenFile;
use crate::fs::file::open_flags::OpenFlags;
use crate::process::descriptors::OnExec;

// Source: Linux, include/uapi/asm-generic/ioctls.h.
const FIONBIO: u32 = 0x5421;
const FIONCLEX: u32 = 0x5450;
const FIOCLEX: u32 = 0x5451;

pub(super) fn ioctl(call: &mut Call<'_>) -> CallResult {
    let file = call.file(0)?;
    match call.argument_u32(1) {
        FIOCLEX => set_on_exec(call, OnExec::Close),
        FIONCLEX => set_on_exec(call, OnExec::Keep),
        FIONBIO => {
            let is_on = call.pointer::<u32>(2).read()? != 0;
            let mut flags = file.flags();
            flags.set(OpenFlags::NONBLOCK, is_on);
            file.set_flags(flags);
            Ok(0)
        }
        FIONREAD if let Some(len_bytes) = readable_bytes(&file) => {
            // As on Linux, a number of 32 bits; it is negative if the position is after the end of
            // the file.
            call.pointer::<u32>(2).write(&(len_bytes as u32))?;
            Ok(0)
        }
        _ => match file.special().and_then(|special| downcast::<BlockFile>(&**special)) {
            Some(block_file) => block_ioctl::control(call, block_file),
            None => terminal::control(call, &file),
        },
    }
}

fn set_on_exec(call: &Call<'_>, on_exec: OnExec) -> CallResult {
    call.process().descriptors().set_on_exec(call.argument_u32(0), on_exec)?;
    Ok(0)
}

/// Returns the number of bytes after the position of a regular file, or in a pipe; `None` for other
/// files.
fn readable_bytes(file: &OpenFile) -> Option<i64> {
    if let Some(pipe) = pipe_of(file) {
        return Some(pipe.len_bytes() as i64);
    }
    let inode = file.inode();
    let is_regular = inode.kind() == FileKind::Regular;
    is_regular.then(|| (inode.metadata().size_bytes as i64).wrapping_sub(file.position() as i64))
}
