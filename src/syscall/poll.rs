//! Waiting until one of several files is ready: poll(2), ppoll(2).

use alloc::vec::Vec;

use ::signals::Interruption;
use zerocopy::IntoBytes;

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use super::signal;
use super::timeout::{self, Timeout};
use crate::fs::error::FsError;
use crate::fs::file::poll::{self, PollItem, PollWait};
use crate::fs::file::readiness::Readiness;
use crate::mm::user::page_table::PAGE_BYTES;
use crate::mm::user::pointer::{self, UserPointer};
use crate::process::thread::Restart;

/// A `struct pollfd`: the descriptor, the requested readiness in the low half of the second word,
/// and the readiness that was found in the high half.
type PolledFile = [u32; 2];

/// The size of a `struct pollfd`, in bytes.
const POLL_BYTES: u64 = size_of::<PolledFile>() as u64;

/// The offset of the readiness in a `struct pollfd`, in bytes.
const READY_OFFSET_BYTES: u64 = 6;

/// The number of files for which a wait allocates no memory.
const FEW: usize = 4;

/// Waits for `items`. An interrupted call is executed again, unless a handler runs.
pub(super) fn wait_for(items: &mut [PollItem], wait: PollWait) -> Result<usize, Failure> {
    match poll::poll(items, wait) {
        Err(FsError::Interrupted) => Err(Failure::Interrupted(Interruption::RestartWithoutHandler)),
        result => Ok(result?),
    }
}

/// Waits for the `count` files of an array at `files`.
fn wait(call: &Call<'_>, files: u64, count: u32, wait: PollWait) -> CallResult {
    if u64::from(count) > call.descriptor_limit() {
        return Err(Errno::EINVAL.into());
    }
    let count = count as usize;
    if count <= FEW {
        let (mut entries, mut items) = ([[0; 2]; FEW], [const { PollItem::NONE }; FEW]);
        return wait_in(call, files, wait, &mut entries[..count], &mut items[..count]);
    }
    let (mut entries, mut items) = (Vec::new(), Vec::new());
    entries.try_reserve_exact(count).map_err(|_| Errno::ENOMEM)?;
    items.try_reserve_exact(count).map_err(|_| Errno::ENOMEM)?;
    entries.resize(count, [0; 2]);
    items.resize_with(count, || PollItem::NONE);
    wait_in(call, files, wait, &mut entries, &mut items)
}

/// Waits for the files of an array at `files`, which is read into `entries`, with an item for each.
fn wait_in(
    call: &Call<'_>,
    files: u64,
    wait: PollWait,
    entries: &mut [PolledFile],
    items: &mut [PollItem],
) -> CallResult {
    pointer::read_bytes(files, entries.as_mut_bytes())?;
    let of_fds = items.iter_mut().zip(&*entries).map(|(item, [fd, word])| (*fd, (item, fd, word)));
    call.process().descriptors().for_each_of(of_fds, |(item, fd, word), file| {
        item.wanted = Readiness::from_bits_truncate(*word as u16) | Readiness::ALWAYS;
        // A negative descriptor is ignored.
        if file.is_none() && fd.cast_signed() >= 0 {
            item.ready = Readiness::INVALID;
        }
        item.file = file.cloned();
    });
    let ready = wait_for(items, wait)?;
    for (index, (item, [_, word])) in (0..).zip(items.iter().zip(entries)) {
        let address = files + index * POLL_BYTES + READY_OFFSET_BYTES;
        // Where the readiness is the old one, nothing is written, except for the first entry in each
        // page: the call fails if the page can't be written.
        let is_first = index == 0 || address % PAGE_BYTES < POLL_BYTES;
        if is_first || item.ready.bits() != (*word >> 16) as u16 {
            UserPointer::<u16>::new(address).write(&item.ready.bits())?;
        }
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
