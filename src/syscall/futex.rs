//! Futexes: futex(2), set_robust_list(2), get_robust_list(2).

use ::signals::Interruption;

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use super::time;
use crate::arch::time::clock;
use crate::process::futex::{self, ANY_BITS, FutexError, Key, Requeue, Scope};
use crate::process::pid::Pid;
use crate::process::table;

// Source: Linux, include/uapi/linux/futex.h.
const WAIT: u32 = 0;
const WAKE: u32 = 1;
const REQUEUE: u32 = 3;
const CMP_REQUEUE: u32 = 4;
const WAKE_OP: u32 = 5;
const WAIT_BITSET: u32 = 9;
const WAKE_BITSET: u32 = 10;
const PRIVATE_FLAG: u32 = 128;
const CLOCK_REALTIME: u32 = 256;

/// The word of an operation.
#[derive(Clone, Copy)]
enum Word {
    /// The word of the first argument.
    First = 0,
    /// The word of the fifth argument.
    Second = 4,
}

/// Futexes with priority inheritance (FUTEX_LOCK_PI and others) aren't implemented, which C
/// libraries detect.
pub(super) fn futex(call: &mut Call<'_>) -> CallResult {
    let flags = call.argument_u32(1) & (PRIVATE_FLAG | CLOCK_REALTIME);
    let operation = call.argument_u32(1) & !flags;
    let is_realtime = flags & CLOCK_REALTIME != 0;
    if is_realtime && !matches!(operation, WAIT | WAIT_BITSET) {
        return Err(Errno::ENOSYS.into());
    }
    let count = |index| call.argument(index) as u32 as usize;
    let result = match operation {
        WAIT => return wait(call, ANY_BITS, Timeout::Relative),
        WAIT_BITSET => {
            let timeout = if is_realtime { Timeout::UntilRealTime } else { Timeout::Until };
            return wait(call, bits(call)?, timeout);
        }
        WAKE => futex::wake(key(call, Word::First)?, count(2).max(1), ANY_BITS),
        WAKE_BITSET => {
            let bits = bits(call)?;
            futex::wake(key(call, Word::First)?, count(2).max(1), bits)
        }
        REQUEUE | CMP_REQUEUE => return requeue(call, operation == CMP_REQUEUE),
        WAKE_OP => return wake_op(call),
        _ => return Err(Errno::ENOSYS.into()),
    };
    Ok(result as u64)
}

fn key(call: &Call<'_>, word: Word) -> Result<Key, FutexError> {
    let scope = match call.argument_u32(1) & PRIVATE_FLAG {
        0 => Scope::Shared,
        _ => Scope::Private,
    };
    futex::key(call.process(), call.argument(word as usize), scope)
}

fn bits(call: &Call<'_>) -> Result<u32, Failure> {
    match call.argument_u32(5) {
        0 => Err(Errno::EINVAL.into()),
        bits => Ok(bits),
    }
}

/// The kind of the time in a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Timeout {
    Relative,
    Until,
    UntilRealTime,
}

fn wait(call: &Call<'_>, bits: u32, timeout: Timeout) -> CallResult {
    let deadline_ns = match call.pointer_or_null(3) {
        None => None,
        Some(pointer) => {
            let (ns, now_ns) = (time::read_time(pointer)?, clock::now_ns());
            Some(match timeout {
                Timeout::Relative => now_ns.saturating_add(ns),
                Timeout::Until => ns,
                Timeout::UntilRealTime => {
                    now_ns.saturating_add(ns.saturating_sub(time::real_time_ns()))
                }
            })
        }
    };
    let key = key(call, Word::First)?;
    match futex::wait(key, call.argument(0), call.argument_u32(2), bits, deadline_ns) {
        Ok(()) => Ok(0),
        Err(FutexError::Interrupted) if deadline_ns.is_none() => Err(Failure::RESTART),
        Err(FutexError::Interrupted) => {
            Err(Failure::Interrupted(Interruption::RestartWithoutHandler))
        }
        Err(error) => Err(error.into()),
    }
}

fn requeue(call: &Call<'_>, compares: bool) -> CallResult {
    let count = |index| usize::try_from(call.argument_i32(index)).map_err(|_| Errno::EINVAL);
    let request = Requeue {
        wakes: count(2)?,
        moves: count(3)?,
        expected: compares.then(|| (call.argument(0), call.argument_u32(5))),
    };
    let (key, other) = (key(call, Word::First)?, key(call, Word::Second)?);
    let (woken, moved) = futex::requeue(key, other, request)?;
    // Source: futex(2). Moved threads are only counted with a comparison.
    Ok((if compares { woken + moved } else { woken }) as u64)
}

fn wake_op(call: &Call<'_>) -> CallResult {
    // Source: futex(2), FUTEX_WAKE_OP.
    const SHIFT: u32 = 8;
    let encoded = call.argument_u32(5);
    let signed = |shift: u32| (encoded << (20 - shift)) as i32 >> 20;
    let (operation, comparison) = (encoded >> 28, encoded >> 24 & 0xF);
    let (operand, compared) = (signed(12), signed(0));
    let operand = match operation & SHIFT {
        0 => operand as u32,
        _ => 1_u32.wrapping_shl(operand as u32),
    };
    let change: fn(u32, u32) -> u32 = match operation & !SHIFT {
        0 => |_, operand| operand,
        1 => u32::wrapping_add,
        2 => |word, operand| word | operand,
        3 => |word, operand| word & !operand,
        4 => |word, operand| word ^ operand,
        _ => return Err(Errno::ENOSYS.into()),
    };
    let compare: fn(&i32, &i32) -> bool = match comparison {
        0 => i32::eq,
        1 => i32::ne,
        2 => i32::lt,
        3 => i32::le,
        4 => i32::gt,
        5 => i32::ge,
        _ => return Err(Errno::ENOSYS.into()),
    };
    let (key, other) = (key(call, Word::First)?, key(call, Word::Second)?);
    let count = |index| call.argument(index) as u32 as usize;
    let woken = futex::wake_op(
        (key, count(2)),
        (other, count(3)),
        call.argument(4),
        |word| change(word, operand),
        |word| compare(&(word as i32), &compared),
    )?;
    Ok(woken as u64)
}

/// The size of a `struct robust_list_head`, in bytes.
const ROBUST_LIST_HEAD_BYTES: u64 = 24;

pub(super) fn set_robust_list(call: &mut Call<'_>) -> CallResult {
    if call.argument(1) != ROBUST_LIST_HEAD_BYTES {
        return Err(Errno::EINVAL.into());
    }
    call.thread.set_robust_list(call.argument(0));
    Ok(0)
}

/// Supported only for the calling thread; no other thread needs to read its list.
pub(super) fn get_robust_list(call: &mut Call<'_>) -> CallResult {
    let tid = call.argument_u32(0);
    if tid != 0 && tid != call.thread.tid().number() {
        let is_there = Pid::try_new(tid).is_some_and(|tid| table::find_thread(tid).is_some());
        return Err(if is_there { Errno::EPERM } else { Errno::ESRCH }.into());
    }
    call.pointer::<u64>(2).write(&ROBUST_LIST_HEAD_BYTES)?;
    call.pointer::<u64>(1).write(&call.thread.robust_list())?;
    Ok(0)
}
