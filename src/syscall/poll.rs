//! Waiting until one of several files is ready: poll(2), ppoll(2).

use alloc::vec::Vec;

use ::signals::Interruption;

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use super::signal;
use super::timeout::{self, Timeout};
use crate::fs::error::FsError;
use crate::fs::file::poll::{self, PollItem, PollWait};
use crate::fs::file::readiness::Readiness;
use crate::mm::user::pointer::UserPointer;
use crate::process::thread::Restart;

/// The size of a `struct pollfd`, in bytes.
const POLL_BYTES: u64 = 8;

/// The offset of the readiness in a `struct pollfd`, in bytes.
const READY_OFFSET_BYTES: u64 = 6;

/// Waits for `items`. An interrupted call is executed again, unless a handler runs.
pub(super) fn wait_for(items: &mut [PollItem], wait: PollWait) -> Result<usize, Failure> {
    match poll::poll(items, wait) {
        Err(FsError::Interrupted) => Err(Failure::Interrupted(Interruption::RestartWithoutHandler)),
        result => Ok(result?),
    }
}

/// Returns the file of a `struct pollfd`, and the readiness that it requests.
fn item_of(call: &Call<'_>, [a, b, c, d, e, f, ..]: [u8; POLL_BYTES as usize]) -> PollItem {
    let wanted = Readiness::from_bits_truncate(u16::from_le_bytes([e, f])) | Readiness::ALWAYS;
    let none = PollItem { file: None, wanted, ready: Readiness::empty() };
    let Ok(fd) = u32::try_from(i32::from_le_bytes([a, b, c, d])) else {
        // A negative descriptor is ignored.
        return none;
    };
    match call.process().descriptors().get(fd) {
        Ok(file) => PollItem { file: Some(file), ..none },
        Err(_) => PollItem { ready: Readiness::INVALID, ..none },
    }
}

/// Waits for the `count` files of an array at `files`.
fn wait(call: &Call<'_>, files: u64, count: u32, wait: PollWait) -> CallResult {
    let count = u64::from(count);
    if count > call.descriptor_limit() {
        return Err(Errno::EINVAL.into());
    }
    let mut items = Vec::new();
    items.try_reserve_exact(count as usize).map_err(|_| Errno::ENOMEM)?;
    let entries = UserPointer::<[u8; POLL_BYTES as usize]>::new(files);
    for index in 0..count {
        items.push(item_of(call, entries.at(index)?.read()?));
    }
    let ready = wait_for(&mut items, wait)?;
    for (index, item) in (0..).zip(&items) {
        let address = entries.at(index)?.address() + READY_OFFSET_BYTES;
        UserPointer::<u16>::new(address).write(&item.ready.bits())?;
    }
    Ok(ready as u64)
}

/// Waits as for poll(2). After a signal without a handler, restart_syscall(2) waits for the
/// remaining time.
pub(super) fn poll_until(
    call: &Call<'_>,
    files: u64,
    count: u32,
    how_long: PollWait,
) -> CallResult {
    match (wait(call, files, count, how_long), how_long) {
        (Err(Failure::Interrupted(_)), PollWait::Until(deadline_ns)) => {
            call.thread.set_restart(Restart::Poll { files, count, deadline_ns });
            Err(Failure::Interrupted(Interruption::RestartBlock))
        }
        (result, _) => result,
    }
}

pub(super) fn poll(call: &mut Call<'_>) -> CallResult {
    let how_long = timeout::wait_of_ms(call.argument_i32(2));
    poll_until(call, call.argument(0), call.argument_u32(1), how_long)
}

pub(super) fn ppoll(call: &mut Call<'_>) -> CallResult {
    let timeout = Timeout::of_timespec(call, 2)?;
    let (set, set_bytes) = (call.pointer_or_null(3), call.argument(4));
    signal::with_blocked(call, set, set_bytes, |call| {
        timeout.finish(wait(call, call.argument(0), call.argument_u32(1), timeout.wait))
    })
}
