//! The actions of a process for each signal.

use crate::action::{Handler, SaFlags, SigAction};
use crate::signal::{DefaultAction, SIGNALS, Signal};

/// Why an action was not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionError {
    /// The signal is SIGKILL or SIGSTOP, which always have their default actions.
    Unstoppable,
}

/// The result of setting an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetAction {
    /// The previous action.
    pub old: SigAction,
    /// The signal is ignored now: the caller removes it from the queues of the process and
    /// of all its threads.
    pub is_ignored: bool,
}

/// The actions of a process for each signal. A fork copies them, CLONE_SIGHAND shares them.
#[derive(Clone, Debug)]
pub struct Dispositions([SigAction; SIGNALS]);

impl Dispositions {
    /// Returns the actions of the first process: the default for all signals.
    pub fn new() -> Self {
        Self([SigAction::default(); SIGNALS])
    }

    /// Returns the action for `signal`.
    pub fn get(&self, signal: Signal) -> SigAction {
        self.0[signal.index()]
    }

    /// Sets the action for `signal` (rt_sigaction).
    ///
    /// # Errors
    ///
    /// [`ActionError::Unstoppable`] (EINVAL) for SIGKILL and SIGSTOP, whose actions can
    /// only be read.
    pub fn set(&mut self, signal: Signal, action: SigAction) -> Result<SetAction, ActionError> {
        if signal.is_unstoppable() {
            return Err(ActionError::Unstoppable);
        }
        let old = core::mem::replace(&mut self.0[signal.index()], action);
        Ok(SetAction { old, is_ignored: self.ignores(signal) })
    }

    /// Returns whether the signal is ignored, by its action or by default. That includes
    /// SIGCONT, which takes effect when it is sent.
    pub fn ignores(&self, signal: Signal) -> bool {
        match self.get(signal).handler {
            Handler::Ignore => true,
            Handler::Default => {
                matches!(signal.default_action(), DefaultAction::Ignore | DefaultAction::Continue)
            }
            Handler::Address(_) => false,
        }
    }

    /// Sets the default action, for SA_RESETHAND and for a fault that can't be handled. As
    /// on Linux, the flags and the mask stay.
    pub fn reset(&mut self, signal: Signal) {
        self.0[signal.index()].handler = Handler::Default;
    }

    /// Resets handlers for a new program (execve): ignored signals stay ignored.
    pub fn exec(&mut self) {
        for action in &mut self.0 {
            let handler = match action.handler {
                Handler::Ignore => Handler::Ignore,
                Handler::Default | Handler::Address(_) => Handler::Default,
            };
            *action = SigAction { handler, ..SigAction::default() };
        }
    }

    /// Returns whether children that end leave no zombies.
    pub fn reaps_children(&self) -> bool {
        let action = self.get(Signal::CHLD);
        action.handler == Handler::Ignore || action.flags.contains(SaFlags::NOCLDWAIT)
    }

    /// Returns whether SIGCHLD is sent when a child stops or continues.
    pub fn reports_stops(&self) -> bool {
        let action = self.get(Signal::CHLD);
        action.handler != Handler::Ignore && !action.flags.contains(SaFlags::NOCLDSTOP)
    }
}

impl Default for Dispositions {
    fn default() -> Self {
        Self::new()
    }
}
