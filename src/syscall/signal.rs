//! Signals: rt_sigaction(2), rt_sigprocmask(2), rt_sigreturn(2), kill(2).

use ::signals::{
    ActionError, AltStackError, MINSIGSTKSZ, SIGACTION_BYTES, STACK_BYTES, SigAction, SigInfo,
    Signal, SignalSet,
};

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use crate::process::pid::{Pid, Selection};
use crate::process::signal_delivery;
use crate::process::signal_sending;

/// The size of a set of signals, in bytes.
const SET_BYTES: u64 = size_of::<u64>() as u64;

fn signal(number: u64) -> Result<Signal, Failure> {
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
    let before = call.process().with_signals(|state| {
        let before = state.dispositions.get(signal);
        if let Some(action) = action
            && state.dispositions.set(signal, action)?.is_ignored
        {
            state.shared.remove(SignalSet::of(&[signal]));
            state.thread.pending.remove(SignalSet::of(&[signal]));
        }
        Ok::<_, ActionError>(before)
    });
    let before = before.map_err(|ActionError::Unstoppable| Errno::EINVAL)?;
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
    let before = call.process().with_signals(|state| {
        let before = state.thread.blocked();
        match (set, how) {
            (Some(set), BLOCK) => state.thread.set_blocked(before | set),
            (Some(set), UNBLOCK) => state.thread.set_blocked(before.without(set)),
            (Some(set), _) => state.thread.set_blocked(set),
            (None, _) => {}
        }
        before
    });
    call.thread.look_for_signals();
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
    send(call, target, call.argument_u32(1), SigInfo::from_user)
}

/// Sends a signal of the process, with what `info` makes of it, its number and its user; the signal
/// 0 only checks whether it could be sent.
fn send(
    call: &Call<'_>,
    target: Selection,
    signal: u32,
    info: impl FnOnce(Signal, i32, u32) -> SigInfo,
) -> CallResult {
    let sender = call.process();
    let info = match signal {
        0 => None,
        number => {
            let signal = self::signal(number.into())?;
            Some(info(signal, sender.pid().number() as i32, sender.identity().uid))
        }
    };
    signal_sending::kill(sender, target, info)?;
    Ok(0)
}

/// Sends a signal to a thread, as tgkill(2) and tkill(2) do: a process has one thread.
fn send_to_thread(call: &Call<'_>, tid: u32, signal: u32) -> CallResult {
    let pid = Pid::try_new(tid).ok_or(Errno::EINVAL)?;
    send(call, Selection::Process(pid), signal, SigInfo::to_thread)
}

pub(super) fn tkill(call: &mut Call<'_>) -> CallResult {
    send_to_thread(call, call.argument_u32(0), call.argument_u32(1))
}

pub(super) fn tgkill(call: &mut Call<'_>) -> CallResult {
    if call.argument_i32(0) <= 0 || call.argument_i32(1) <= 0 {
        return Err(Errno::EINVAL.into());
    }
    if call.argument_u32(0) != call.argument_u32(1) {
        return Err(Errno::ESRCH.into());
    }
    send_to_thread(call, call.argument_u32(1), call.argument_u32(2))
}

pub(super) fn rt_sigpending(call: &mut Call<'_>) -> CallResult {
    let pending = call.process().with_signals(|state| state.thread.pending_set(&state.shared));
    call.pointer::<u64>(0).write(&pending.bits())?;
    Ok(0)
}

pub(super) fn sigaltstack(call: &mut Call<'_>) -> CallResult {
    let rsp = call.frame.rsp;
    let wanted = match call.pointer_or_null::<[u8; STACK_BYTES]>(0) {
        Some(pointer) => Some(pointer.read()?),
        None => None,
    };
    let before = call.process().with_signals(|state| {
        let before = state.thread.alt_stack.to_bytes(rsp);
        if let Some(wanted) = wanted {
            state.thread.alt_stack.set(&wanted, rsp, MINSIGSTKSZ)?;
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
    call.process().with_signals(|state| state.thread.block_for_call(set));
    wait_for_signal(call)
}

pub(super) fn pause(call: &mut Call<'_>) -> CallResult {
    wait_for_signal(call)
}

/// Waits until a signal comes that isn't blocked.
fn wait_for_signal(call: &Call<'_>) -> CallResult {
    let process = call.process();
    let has_signal = || process.with_signals(|state| state.thread.has_signal(&state.shared));
    // Its end by a signal is what it is for.
    let _ = process.wait_cancellable(has_signal);
    Err(Failure::Interrupted(::signals::Interruption::RestartWithoutHandler))
}
