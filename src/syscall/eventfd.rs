//! Counters with which programs wait: eventfd(2).

use super::call::{Call, CallResult};
use super::errno::Errno;
use super::file;
use crate::fs::file::eventfd::{self, Takes};
use crate::fs::file::open_flags::OpenFlags;
use crate::process::descriptors::Descriptor;

/// EFD_SEMAPHORE; the other flags are the flags of open(2).
const SEMAPHORE: u32 = 1;

fn make(call: &Call<'_>, flags: u32) -> CallResult {
    let takes = match flags & SEMAPHORE {
        0 => Takes::All,
        _ => Takes::One,
    };
    let flags = OpenFlags::from_bits(flags & !SEMAPHORE).ok_or(Errno::EINVAL)?;
    if !(OpenFlags::CLOSE_ON_EXEC | OpenFlags::NONBLOCK).contains(flags) {
        return Err(Errno::EINVAL.into());
    }
    let counter = eventfd::open(call.argument_u32(0), takes, flags)?;
    let descriptor = Descriptor { file: counter, on_exec: file::on_exec(flags) };
    Ok(file::place(call, descriptor, 0)?.into())
}

pub(super) fn eventfd(call: &mut Call<'_>) -> CallResult {
    make(call, 0)
}

pub(super) fn eventfd2(call: &mut Call<'_>) -> CallResult {
    make(call, call.argument_u32(1))
}
