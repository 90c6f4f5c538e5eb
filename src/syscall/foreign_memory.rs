//! The memory of another process: process_vm_readv(2), process_vm_writev(2).

use alloc::sync::Arc;
use alloc::vec::Vec;

use capabilities::Capability;
use x86_64::VirtAddr;

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use crate::mm::user::address_space::AddressSpace;
use crate::mm::user::pointer::{self, UserPointer};
use crate::process::identity::Identity;
use crate::process::pid::Pid;
use crate::process::process::Process;
use crate::process::table;

/// The largest number of buffers of a list: UIO_MAXIOV.
const BUFFERS_MAX: u64 = 1024;

/// The number of bytes that are copied at once.
const PIECE_BYTES: usize = 4096;

/// A buffer: its address, and its length in bytes.
type Buffer = [u64; 2];

/// The direction of a transfer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    /// From the other process.
    Read,
    /// To the other process.
    Write,
}

pub(super) fn process_vm_readv(call: &mut Call<'_>) -> CallResult {
    transfer(call, Direction::Read)
}

pub(super) fn process_vm_writev(call: &mut Call<'_>) -> CallResult {
    transfer(call, Direction::Write)
}

/// Reads a list of buffers.
///
/// # Errors
/// EINVAL, EFAULT, ENOMEM.
fn buffers(list: UserPointer<Buffer>, count: u64) -> Result<Vec<Buffer>, Failure> {
    if count > BUFFERS_MAX {
        return Err(Errno::EINVAL.into());
    }
    let mut buffers = Vec::new();
    buffers.try_reserve_exact(count as usize).map_err(|_| Errno::ENOMEM)?;
    for index in 0..count {
        let [address, len_bytes] = list.at(index)?.read()?;
        if len_bytes > i64::MAX as u64 {
            return Err(Errno::EINVAL.into());
        }
        buffers.push([address, len_bytes]);
    }
    Ok(buffers)
}

/// Returns the memory of the process that the first argument names, if the caller may access it, as
/// PTRACE_MODE_ATTACH_REALCREDS of ptrace(2) requires.
///
/// # Errors
/// ESRCH, EPERM.
fn foreign_memory(call: &Call<'_>) -> Result<Arc<AddressSpace>, Failure> {
    let pid = Pid::try_new(call.argument_u32(0)).ok_or(Errno::ESRCH)?;
    let other = table::find_thread(pid).ok_or(Errno::ESRCH)?.process;
    if !Arc::ptr_eq(&other, call.process()) && !may_access(&call.identity(), &other) {
        return Err(Errno::EPERM.into());
    }
    Ok(other.memory().ok_or(Errno::ESRCH)?)
}

fn may_access(own: &Identity, other: &Process) -> bool {
    let other = other.identity();
    let has_same_user = [other.uid, other.effective_uid, other.saved_uid] == [own.uid; 3];
    let has_same_group = [other.gid, other.effective_gid, other.saved_gid] == [own.gid; 3];
    own.has(Capability::SysPtrace) || (has_same_user && has_same_group)
}

/// The rest of a list of buffers.
struct Rest<'a> {
    buffers: &'a [Buffer],
    /// The number of bytes of the first buffer that were transferred.
    done: u64,
}

impl Rest<'_> {
    /// Returns the address of the next byte, and the number of bytes from there on in its buffer;
    /// `None` at the end.
    fn next(&mut self) -> Option<Buffer> {
        loop {
            let (&[address, len_bytes], later) = self.buffers.split_first()?;
            if self.done < len_bytes {
                return Some([address.wrapping_add(self.done), len_bytes - self.done]);
            }
            (self.buffers, self.done) = (later, 0);
        }
    }
}

fn transfer(call: &Call<'_>, direction: Direction) -> CallResult {
    if call.argument(5) != 0 {
        return Err(Errno::EINVAL.into());
    }
    let own = buffers(call.pointer(1), call.argument(2))?;
    let is_empty = |[_, len_bytes]: &Buffer| *len_bytes == 0;
    if own.iter().all(is_empty) {
        return Ok(0);
    }
    let others = buffers(call.pointer(3), call.argument(4))?;
    if others.iter().all(is_empty) {
        return Ok(0);
    }
    let memory = foreign_memory(call)?;
    let mut piece = Vec::new();
    piece.try_reserve_exact(PIECE_BYTES).map_err(|_| Errno::ENOMEM)?;
    piece.resize(PIECE_BYTES, 0);

    let mut own = Rest { buffers: &own, done: 0 };
    let mut others = Rest { buffers: &others, done: 0 };
    let mut total = 0;
    while let (Some([to, own_left]), Some([from, other_left])) = (own.next(), others.next()) {
        // A copy ends at the end of a page of the other process.
        let within_page = PIECE_BYTES as u64 - from % PIECE_BYTES as u64;
        let len_bytes = own_left.min(other_left).min(within_page) as usize;
        let piece = &mut piece[..len_bytes];
        let copied = match VirtAddr::try_new(from) {
            Err(_) => 0,
            Ok(from) if direction == Direction::Read => {
                let read = memory.read_as_program(from, piece);
                pointer::write_some(to, &piece[..read])
            }
            Ok(from) => {
                let read = pointer::read_some(to, piece);
                memory.write_as_program(from, &piece[..read])
            }
        };
        total += copied as u64;
        if copied < len_bytes {
            break;
        }
        own.done += copied as u64;
        others.done += copied as u64;
    }
    match total {
        0 => Err(Errno::EFAULT.into()),
        total => Ok(total),
    }
}
