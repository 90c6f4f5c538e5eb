//! The actions of a thread for its signals before it returns to user mode.

use crate::action::{Handler, SaFlags};
use crate::dispositions::Dispositions;
use crate::info::SigInfo;
use crate::pending::{Pending, Taken};
use crate::send::ProcessKind;
use crate::set::SignalSet;
use crate::signal::{DefaultAction, Signal};
use crate::thread::ThreadSignals;

/// The properties of a thread's process that matter for signals.
#[derive(Debug)]
pub struct Process<'a> {
    /// The signals that were sent to the process.
    pub shared: &'a mut Pending,
    /// The actions for each signal.
    pub dispositions: &'a mut Dispositions,
    /// Whether it is the first process.
    pub kind: ProcessKind,
    /// Whether its process group has no parent that could continue it. Then SIGTSTP, SIGTTIN
    /// and SIGTTOU don't stop it.
    pub has_orphaned_group: bool,
}

/// The action of a thread for its next signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// No signal is left: the thread continues in user mode.
    None,
    /// The thread runs a handler.
    Deliver(Delivery),
    /// The whole process ends.
    Terminate {
        /// The signal that ends it.
        info: SigInfo,
        /// Whether with a core dump.
        core: bool,
    },
    /// The whole process stops until SIGCONT or SIGKILL is sent. Then [`next_action`] is
    /// called again.
    Stop(Signal),
}

/// The parameters of a handler's run. The blocked signals have already been changed for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The information about the signal.
    pub info: SigInfo,
    /// The handler's address.
    pub handler: u64,
    /// The action's flags.
    pub flags: SaFlags,
    /// The address to which the handler returns.
    pub restorer: u64,
    /// The blocked signals that the handler's return restores.
    pub saved: SignalSet,
}

/// Takes the next signal that isn't ignored, and returns the action for it. The caller repeats
/// this until it gets [`Action::None`], because each handler gets its own frame.
///
/// The order is SIGKILL, faults of this thread, its other signals, the signals of its process;
/// within each, the signals of faults first, then by rising numbers.
pub fn next_action(thread: &mut ThreadSignals, process: Process) -> Action {
    let Process { shared, dispositions, kind, has_orphaned_group } = process;
    loop {
        let Some(Taken { info, .. }) = take_next(thread, shared) else {
            return Action::None;
        };
        let signal = info.signal;
        let action = dispositions.get(signal);
        if let Handler::Address(handler) = action.handler {
            let saved = thread.take_saved();
            let mut blocked = thread.blocked() | action.mask;
            if !action.flags.contains(SaFlags::NODEFER) {
                blocked.insert(signal);
            }
            thread.set_blocked(blocked);
            if action.flags.contains(SaFlags::RESETHAND) {
                dispositions.reset(signal);
            }
            let delivery =
                Delivery { info, handler, flags: action.flags, restorer: action.restorer, saved };
            return Action::Deliver(delivery);
        }
        // A fault ends the first process too, which can't continue.
        let is_fault = SignalSet::FAULTS.contains(signal) && info.code.is_of_kernel();
        if action.handler == Handler::Ignore || (kind == ProcessKind::Init && !is_fault) {
            continue;
        }
        match signal.default_action() {
            DefaultAction::Ignore | DefaultAction::Continue => {}
            DefaultAction::Stop if has_orphaned_group && signal != Signal::STOP => {}
            DefaultAction::Stop => return Action::Stop(signal),
            DefaultAction::Terminate => return Action::Terminate { info, core: false },
            DefaultAction::Core => return Action::Terminate { info, core: true },
        }
    }
}

/// Takes a pending signal among `signals`, blocked or not, for rt_sigtimedwait and signalfd; never
/// SIGKILL or SIGSTOP. The signals of the thread come before those of its process; among each,
/// those of faults come first, then the lowest numbers.
pub fn wait_for(
    thread: &mut ThreadSignals,
    shared: &mut Pending,
    signals: SignalSet,
) -> Option<Taken> {
    take_first(thread, shared, signals.without(SignalSet::UNSTOPPABLE))
}

/// Takes the signal that is next in the order of [`next_action`].
fn take_next(thread: &mut ThreadSignals, shared: &mut Pending) -> Option<Taken> {
    let wanted = !thread.blocked();
    thread
        .pending
        .take(Signal::KILL)
        .or_else(|| shared.take(Signal::KILL))
        .or_else(|| thread.pending.take_fault(wanted))
        .or_else(|| take_first(thread, shared, wanted))
}

fn take_first(thread: &mut ThreadSignals, shared: &mut Pending, among: SignalSet) -> Option<Taken> {
    if let Some(signal) = thread.pending.first(among) {
        return thread.pending.take(signal);
    }
    let signal = shared.first(among)?;
    shared.take(signal)
}
