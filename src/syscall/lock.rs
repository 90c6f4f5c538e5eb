//! Advisory locks of files: flock(2), and the locks of fcntl(2).

use alloc::sync::Arc;

use file_locks::{Kind, Lock, Range};

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use crate::fs::file::open_file::OpenFile;
use crate::fs::locks::{FileLocks, LockError, LockFamily, LockOwner, OnConflict};
use crate::mm::user::pointer::UserPointer;

// Source: Linux, include/uapi/asm-generic/fcntl.h.
const READ_LOCK: u16 = 0;
const WRITE_LOCK: u16 = 1;
const UNLOCK: u16 = 2;

/// The last byte that a file can have; a lock up to here includes all bytes that are added later.
const LAST: u64 = i64::MAX as u64;

/// A `struct flock`: type and whence, start, length, process.
type UserLock = [u64; 4];

/// Returns the locks of the file.
fn locks_of(file: &OpenFile) -> Result<&FileLocks, Failure> {
    Ok(file.inode().locks().map_err(|_| Errno::ENOLCK)?)
}

/// Returns the end of a call that couldn't set a lock.
fn failure(error: LockError) -> Failure {
    match error {
        LockError::WouldWait => Errno::EAGAIN.into(),
        LockError::Deadlock => Errno::EDEADLK.into(),
        LockError::NoMemory => Errno::ENOLCK.into(),
        LockError::Interrupted => Failure::RESTART,
    }
}

/// The owner of the locks of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// The process.
    Process,
    /// The open file: open file description locks.
    OpenFile,
}

impl Owner {
    fn of(self, call: &Call<'_>, file: &OpenFile) -> LockOwner {
        match self {
            Self::Process => call.process().descriptors().lock_owner(),
            Self::OpenFile => file.lock_owner(),
        }
    }

    /// Returns the number of the process that a lock reports.
    fn pid(self, call: &Call<'_>) -> i32 {
        match self {
            Self::Process => call.process().pid().number() as i32,
            Self::OpenFile => -1,
        }
    }

    /// Checks the fields that have to be 0.
    fn check(self, [_, _, _, pid]: UserLock) -> Result<(), Failure> {
        match self {
            Self::OpenFile if pid as i32 != 0 => Err(Errno::EINVAL.into()),
            _ => Ok(()),
        }
    }
}

/// Returns the range of bytes that a program has specified.
fn range_of(file: &OpenFile, [head, start, len, _]: UserLock) -> Result<Range, Failure> {
    let base = match (head >> 16) as u16 {
        0 => 0,
        1 => file.position(),
        2 => file.inode().size_bytes(),
        _ => return Err(Errno::EINVAL.into()),
    };
    let (base, start, len) = (base as i64, start as i64, len as i64);
    let start = base.checked_add(start).ok_or(Errno::EOVERFLOW)?;
    let start = u64::try_from(start).map_err(|_| Errno::EINVAL)?;
    let range = match len {
        0 => Range { first: start, last: LAST },
        1.. => {
            let last = start.checked_add(len as u64 - 1).filter(|last| *last <= LAST);
            Range { first: start, last: last.ok_or(Errno::EOVERFLOW)? }
        }
        _ => {
            let first = start.checked_sub(len.unsigned_abs()).ok_or(Errno::EINVAL)?;
            Range { first, last: start - 1 }
        }
    };
    Ok(range)
}

/// Returns the kind of lock of a type; `None` for the type that removes locks.
fn kind_of([head, ..]: UserLock) -> Result<Option<Kind>, Failure> {
    match head as u16 {
        READ_LOCK => Ok(Some(Kind::Read)),
        WRITE_LOCK => Ok(Some(Kind::Write)),
        UNLOCK => Ok(None),
        _ => Err(Errno::EINVAL.into()),
    }
}

/// Sets or removes a lock: F_SETLK and similar commands.
pub(super) fn set(
    call: &Call<'_>,
    file: &Arc<OpenFile>,
    owner: Owner,
    on_conflict: OnConflict,
) -> CallResult {
    let wanted = call.pointer::<UserLock>(2).read()?;
    let range = range_of(file, wanted)?;
    let kind = kind_of(wanted)?;
    owner.check(wanted)?;
    let is_open_for_it = match kind {
        Some(Kind::Read) => file.flags().can_read(),
        Some(Kind::Write) => file.flags().can_write(),
        None => true,
    };
    if !is_open_for_it {
        return Err(Errno::EBADF.into());
    }
    let (locks, owner, pid) = (locks_of(file)?, owner.of(call, file), owner.pid(call));
    let result = match kind {
        Some(kind) => locks.set(LockFamily::Records, Lock { owner, kind, range, pid }, on_conflict),
        None => locks.unlock(LockFamily::Records, owner, range),
    };
    result.map_err(failure)?;
    Ok(0)
}

/// Writes the first lock that conflicts with another one: F_GETLK and F_OFD_GETLK.
pub(super) fn get(call: &Call<'_>, file: &Arc<OpenFile>, owner: Owner) -> CallResult {
    let pointer: UserPointer<UserLock> = call.pointer(2);
    let mut wanted = pointer.read()?;
    let range = range_of(file, wanted)?;
    let kind = kind_of(wanted)?.ok_or(Errno::EINVAL)?;
    owner.check(wanted)?;
    let owner = owner.of(call, file);
    wanted = match locks_of(file)?.conflict(LockFamily::Records, owner, kind, range) {
        Some(lock) => {
            let kind = match lock.kind {
                Kind::Read => READ_LOCK,
                Kind::Write => WRITE_LOCK,
            };
            let Range { first, last } = lock.range;
            let len = if last == LAST { 0 } else { last - first + 1 };
            [kind.into(), first, len, u64::from(lock.pid as u32)]
        }
        None => {
            let [head, rest @ ..] = wanted;
            let [start, len, pid] = rest;
            [head & !0xFFFF | u64::from(UNLOCK), start, len, pid]
        }
    };
    pointer.write(&wanted)?;
    Ok(0)
}

pub(super) fn flock(call: &mut Call<'_>) -> CallResult {
    // Source: Linux, include/uapi/asm-generic/fcntl.h.
    const SHARED: u32 = 1;
    const EXCLUSIVE: u32 = 2;
    const NONBLOCK: u32 = 4;
    const UNLOCK: u32 = 8;
    let operation = call.argument_u32(1);
    let kind = match operation & !NONBLOCK {
        SHARED => Some(Kind::Read),
        EXCLUSIVE => Some(Kind::Write),
        UNLOCK => None,
        _ => return Err(Errno::EINVAL.into()),
    };
    let file = call.file(0)?;
    let on_conflict = match operation & NONBLOCK {
        0 => OnConflict::Wait,
        _ => OnConflict::Fail,
    };
    if kind.is_some() && !file.flags().can_read() && !file.flags().can_write() {
        return Err(Errno::EBADF.into());
    }
    let (locks, owner) = (locks_of(&file)?, file.lock_owner());
    let range = Range::ALL;
    let result = match kind {
        None => locks.unlock(LockFamily::Whole, owner, range),
        Some(kind) => {
            // A change of a lock isn't atomic: the previous lock is released first.
            let pid = Owner::Process.pid(call);
            let lock = Lock { owner, kind, range, pid };
            locks
                .give_up_other(owner, kind)
                .and_then(|()| locks.set(LockFamily::Whole, lock, on_conflict))
        }
    };
    result.map_err(failure)?;
    Ok(0)
}
