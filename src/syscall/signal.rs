//! Signals: rt_sigaction(2), rt_sigprocmask(2), rt_sigreturn(2), kill(2).

use ::signals::{
    ActionError, AltStackError, MINSIGSTKSZ, SIGACTION_BYTES, STACK_BYTES, SigAction, SigInfo,
    Signal, SignalSet,
};

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use crate::mm::user::pointer::UserPointer;
use crate::process::pid::Pid;
use crate::process::signal_delivery;
use crate::process::signal_sending;
use crate::process::table;

/// The size of a set of signals, in bytes.
pub(super) const SET_BYTES: u64 = size_of::<u64>() as u64;

/// Returns the signal with a number.
pub(super) fn signal(number: u64) -> Result<Signal, Failure> {
    Signal::from_number(number).ok_or(Failure::Errno(Errno::EINVAL))
}

pub(super) fn rt_sigaction(call: &mut Call<'_>) -> CallResult {
    if call.argument(3) != SET_BYTES {
        return Err(Errno::EINVAL.into());
    }
    let signal = signal(call.argument(0))?;
    let action = match call.pointer_or_null::<[u8; SIGACTION_BYTES]>(1) {
        Some(pointer) => Some(SigAction::from_bytes(&pointer.read()?)),
        None => None,
    };
    let process = call.process();
    let mut is_ignored = false;
    let before = process.with_signals(|state| {
        let before = state.dispositions.get(signal);
        if let Some(action) = action {
            is_ignored = state.dispositions.set(signal, action)?.is_ignored;
        }
        if is_ignored {
            state.shared.remove(SignalSet::of(&[signal]));
        }
        Ok::<_, ActionError>(before)
    });
    let before = before.map_err(|ActionError::Unstoppable| Errno::EINVAL)?;
    if is_ignored {
        process.for_each_thread(|thread| {
            thread.with_signals(|own| own.pending.remove(SignalSet::of(&[signal])));
        });
    }
    if let Some(pointer) = call.pointer_or_null::<[u8; SIGACTION_BYTES]>(2) {
        pointer.write(&before.to_bytes())?;
    }
    Ok(0)
}

pub(super) fn rt_sigprocmask(call: &mut Call<'_>) -> CallResult {
    const BLOCK: u64 = 0;
    const UNBLOCK: u64 = 1;
    const SET: u64 = 2;
    if call.argument(3) != SET_BYTES {
        return Err(Errno::EINVAL.into());
    }
    let set = match call.pointer_or_null::<u64>(1) {
        Some(pointer) => Some(SignalSet::from_bits(pointer.read()?)),
        None => None,
    };
    let how = call.argument(0);
    if set.is_some() && how > SET {
        return Err(Errno::EINVAL.into());
    }
    let before = call.thread.with_own_signals(|own| {
        let before = own.blocked();
        match (set, how) {
            (Some(set), BLOCK) => own.set_blocked(before | set),
            (Some(set), UNBLOCK) => own.set_blocked(before.without(set)),
            (Some(set), _) => own.set_blocked(set),
            (None, _) => {}
        }
        before
    });
    call.thread.look_for_signals();
    if call.process().thread_count() > 1 {
        call.process().pass_signals_on(call.thread.handle());
    }
    if let Some(pointer) = call.pointer_or_null::<u64>(2) {
        pointer.write(&before.bits())?;
    }
    Ok(0)
}

pub(super) fn rt_sigreturn(call: &mut Call<'_>) -> CallResult {
    signal_delivery::return_from_handler(call.thread, call.frame);
    Err(Failure::RegistersAreSet)
}

pub(super) fn kill(call: &mut Call<'_>) -> CallResult {
    let target = call.selection(0)?.ok_or(Errno::ESRCH)?;
    let info = info(call, call.argument_u32(1), SigInfo::from_user)?;
    signal_sending::kill(call.thread, target, info)?;
    Ok(0)
}

/// Returns the information for a signal from the process, which `info` makes from the process's
/// number and user. `None` for signal 0, with which a call only checks whether a signal could be
/// sent.
pub(super) fn info(
    call: &Call<'_>,
    signal: u32,
    info: impl FnOnce(Signal, i32, u32) -> SigInfo,
) -> Result<Option<SigInfo>, Failure> {
    if signal == 0 {
        return Ok(None);
    }
    let sender = call.process();
    let signal = self::signal(signal.into())?;
    Ok(Some(info(signal, sender.pid().number() as i32, call.identity().uid)))
}

/// Sends a signal to a thread; if `group` is given, the thread must belong to that process.
fn send_to_thread(call: &Call<'_>, group: Option<i32>, tid: i32, signal: u32) -> CallResult {
    if tid <= 0 || group.is_some_and(|group| group <= 0) {
        return Err(Errno::EINVAL.into());
    }
    let info = info(call, signal, SigInfo::to_thread)?;
    let member = Pid::try_new(tid as u32).and_then(table::find_thread).ok_or(Errno::ESRCH)?;
    if group.is_some_and(|group| group as u32 != member.process.pid().number()) {
        return Err(Errno::ESRCH.into());
    }
    signal_sending::kill_thread(call.thread, &member, info)?;
    Ok(0)
}

pub(super) fn tkill(call: &mut Call<'_>) -> CallResult {
    send_to_thread(call, None, call.argument_i32(0), call.argument_u32(1))
}

pub(super) fn tgkill(call: &mut Call<'_>) -> CallResult {
    let group = Some(call.argument_i32(0));
    send_to_thread(call, group, call.argument_i32(1), call.argument_u32(2))
}

pub(super) fn rt_sigpending(call: &mut Call<'_>) -> CallResult {
    if call.argument(1) > SET_BYTES {
        return Err(Errno::EINVAL.into());
    }
    let pending = call.thread.with_signals(|state, own| own.pending_set(&state.shared));
    call.pointer::<u64>(0).write(&pending.bits())?;
    Ok(0)
}

pub(super) fn sigaltstack(call: &mut Call<'_>) -> CallResult {
    let rsp = call.frame.rsp;
    let wanted = match call.pointer_or_null::<[u8; STACK_BYTES]>(0) {
        Some(pointer) => Some(pointer.read()?),
        None => None,
    };
    let before = call.thread.with_own_signals(|own| {
        let before = own.alt_stack.to_bytes(rsp);
        if let Some(wanted) = wanted {
            own.alt_stack.set(&wanted, rsp, MINSIGSTKSZ)?;
        }
        Ok::<_, AltStackError>(before)
    });
    let before = before.map_err(|error| match error {
        AltStackError::InUse => Errno::EPERM,
        AltStackError::TooSmall => Errno::ENOMEM,
        AltStackError::UnknownFlags => Errno::EINVAL,
    })?;
    if let Some(pointer) = call.pointer_or_null::<[u8; STACK_BYTES]>(1) {
        pointer.write(&before)?;
    }
    Ok(0)
}

pub(super) fn rt_sigsuspend(call: &mut Call<'_>) -> CallResult {
    if call.argument(1) != SET_BYTES {
        return Err(Errno::EINVAL.into());
    }
    let set = SignalSet::from_bits(call.pointer::<u64>(0).read()?);
    call.thread.with_own_signals(|own| own.block_for_call(set));
    call.thread.look_for_signals();
    wait_for_signal(call)
}

/// Calls `wait` with the signals blocked that are in `set`, which has `set_bytes`, if there is one:
/// for ppoll(2) and others. A handler that ends the wait also runs with them blocked.
///
/// # Errors
/// EINVAL, EFAULT, and the errors of `wait`.
pub(super) fn with_blocked(
    call: &mut Call<'_>,
    set: Option<UserPointer<u64>>,
    set_bytes: u64,
    wait: impl FnOnce(&mut Call<'_>) -> CallResult,
) -> CallResult {
    let Some(set) = set else {
        return wait(call);
    };
    if set_bytes != SET_BYTES {
        return Err(Errno::EINVAL.into());
    }
    let set = SignalSet::from_bits(set.read()?);
    call.thread.with_own_signals(|own| own.block_for_call(set));
    call.thread.look_for_signals();
    let result = wait(call);
    // After an interruption, the delivery of signals restores the set.
    if !matches!(result, Err(Failure::Interrupted(_) | Failure::Errno(Errno::EINTR))) {
        call.thread.with_own_signals(|own| own.restore_blocked());
        call.thread.look_for_signals();
    }
    result
}

pub(super) fn pause(call: &mut Call<'_>) -> CallResult {
    wait_for_signal(call)
}

/// Waits until a signal arrives that isn't blocked.
fn wait_for_signal(call: &Call<'_>) -> CallResult {
    let has_signal = || call.thread.with_signals(|state, own| own.has_signal(&state.shared));
    // The end of the process by the signal is also intended.
    let _ = call.process().wait_cancellable(None, has_signal);
    Err(Failure::Interrupted(::signals::Interruption::RestartWithoutHandler))
}
