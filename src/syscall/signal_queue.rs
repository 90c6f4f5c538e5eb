//! Signals with values, and waiting for signals: rt_sigqueueinfo(2), pidfd_send_signal(2),
//! rt_sigtimedwait(2).

use ::signals::{SIGINFO_BYTES, SigInfo, Signal, SignalSet, wait_for};
use blocking::WaitError;

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use super::file;
use super::signal;
use super::time;
use crate::arch::time::clock;
use crate::fs::file::open_flags::OpenFlags;
use crate::mm::user::pointer::UserPointer;
use crate::process::descriptors::Descriptor;
use crate::process::pid::{Pid, Selection};
use crate::process::pidfd;
use crate::process::signal_file;
use crate::process::signal_sending;
use crate::process::table;

/// Sends a signal to the process of a descriptor, with the information that the program passes, or
/// else as kill(2) does.
pub(super) fn pidfd_send_signal(call: &mut Call<'_>) -> CallResult {
    if call.argument_u32(3) != 0 {
        return Err(Errno::EINVAL.into());
    }
    let file = call.file(0)?;
    let process = pidfd::process_of(&file).ok_or(Errno::EBADF)?;
    let number = call.argument_u32(1);
    let info = match call.pointer_or_null(2) {
        Some(pointer) => {
            // The number of the signal is the first word.
            let passed = UserPointer::<u32>::new(pointer.address()).read()?;
            if passed != number {
                return Err(Errno::EINVAL.into());
            }
            passed_info(call, number, pointer, process.pid())?
        }
        None => signal::info(call, number, SigInfo::from_user)?,
    };
    if !pidfd::is_there(process) {
        return Err(Errno::ESRCH.into());
    }
    signal_sending::kill(call.thread, Selection::Process(process.pid()), info)?;
    Ok(0)
}

/// Returns the information that the program passes with a signal to `target`; `None` for signal 0.
fn passed_info(
    call: &Call<'_>,
    number: u32,
    pointer: UserPointer<[u8; SIGINFO_BYTES]>,
    target: Pid,
) -> Result<Option<SigInfo>, Failure> {
    let bytes = pointer.read()?;
    let wanted = match number {
        0 => None,
        number => Some(signal::signal(number.into())?),
    };
    let info = SigInfo::from_bytes(wanted.unwrap_or(Signal::TERM), &bytes);
    // Only to itself may a process send information like that of the kernel's signals or of
    // kill(2).
    if !info.code.may_be_queued() && target != call.process().pid() {
        return Err(Errno::EPERM.into());
    }
    Ok(wanted.map(|_| info))
}

pub(super) fn rt_sigqueueinfo(call: &mut Call<'_>) -> CallResult {
    let (number, pointer) = (call.argument_i32(0), call.pointer(2));
    let pid = u32::try_from(number).ok().and_then(Pid::try_new);
    // A number that no process can have isn't the caller's either.
    let target = pid.unwrap_or(Pid::INIT);
    let info = passed_info(call, call.argument_u32(1), pointer, target)?;
    let pid = pid.ok_or(Errno::ESRCH)?;
    signal_sending::kill(call.thread, Selection::Process(pid), info)?;
    Ok(0)
}

pub(super) fn rt_tgsigqueueinfo(call: &mut Call<'_>) -> CallResult {
    let (group, tid) = (call.argument_i32(0), call.argument_i32(1));
    if group <= 0 || tid <= 0 {
        return Err(Errno::EINVAL.into());
    }
    let group = Pid::try_new(group as u32).ok_or(Errno::ESRCH)?;
    let info = passed_info(call, call.argument_u32(2), call.pointer(3), group)?;
    let member = Pid::try_new(tid as u32).and_then(table::find_thread).ok_or(Errno::ESRCH)?;
    if member.process.pid() != group {
        return Err(Errno::ESRCH.into());
    }
    signal_sending::kill_thread(call.thread, &member, info)?;
    Ok(0)
}

/// Opens a descriptor from which signals are read, or sets the signals of an open one.
fn signalfd_of(call: &Call<'_>, flags: u32) -> CallResult {
    if call.argument(2) != signal::SET_BYTES {
        return Err(Errno::EINVAL.into());
    }
    let set = SignalSet::from_bits(call.pointer::<u64>(1).read()?);
    let flags = OpenFlags::from_bits(flags).ok_or(Errno::EINVAL)?;
    if !(OpenFlags::NONBLOCK | OpenFlags::CLOSE_ON_EXEC).contains(flags) {
        return Err(Errno::EINVAL.into());
    }
    if call.argument_i32(0) == -1 {
        let file = signal_file::open(set, flags)?;
        let on_exec = file::on_exec(flags);
        return Ok(file::place(call, Descriptor { file, on_exec }, 0)?.into());
    }
    signal_file::of(&*call.file(0)?).ok_or(Errno::EINVAL)?.set(set);
    Ok(call.argument_u32(0).into())
}

pub(super) fn signalfd(call: &mut Call<'_>) -> CallResult {
    signalfd_of(call, 0)
}

pub(super) fn signalfd4(call: &mut Call<'_>) -> CallResult {
    signalfd_of(call, call.argument_u32(3))
}

/// Waits for one of a set of signals, which are blocked, and takes it.
pub(super) fn rt_sigtimedwait(call: &mut Call<'_>) -> CallResult {
    if call.argument(3) != signal::SET_BYTES {
        return Err(Errno::EINVAL.into());
    }
    let set = SignalSet::from_bits(call.pointer::<u64>(0).read()?);
    let deadline_ns = match call.pointer_or_null(2) {
        Some(pointer) => Some(clock::now_ns().saturating_add(time::read_time(pointer)?)),
        None => None,
    };
    let info = wait_for_one(call, set, deadline_ns)?;
    if let Some(pointer) = call.pointer_or_null::<[u8; SIGINFO_BYTES]>(1) {
        pointer.write(&info.to_bytes())?;
    }
    Ok(info.signal.number().into())
}

/// Takes a signal of `set`; waits for one, until `deadline_ns` at most.
fn wait_for_one(
    call: &Call<'_>,
    set: SignalSet,
    deadline_ns: Option<u64>,
) -> Result<SigInfo, Failure> {
    let take = || call.thread.with_signals(|state, own| wait_for(own, &mut state.shared, set));
    let mut taken = take();
    if taken.is_none() {
        call.thread.with_own_signals(|own| own.set_awaited(set));
        let waited = call.process().wait_cancellable(deadline_ns, || {
            taken = take();
            taken.is_some()
        });
        call.thread.with_own_signals(|own| own.set_awaited(SignalSet::EMPTY));
        if taken.is_none() && waited == Err(WaitError::Cancelled) {
            return Err(Errno::EINTR.into());
        }
    }
    Ok(taken.ok_or(Errno::EAGAIN)?.info)
}
