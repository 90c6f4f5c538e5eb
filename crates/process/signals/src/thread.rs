//! The signal state of a thread.

use crate::alt_stack::AltStack;
use crate::pending::Pending;
use crate::set::SignalSet;
use crate::signal::Signal;

/// The signal state of a thread.
#[derive(Debug, Default)]
pub struct ThreadSignals {
    /// The signals that were sent to this thread.
    pub pending: Pending,
    /// The alternate stack.
    pub alt_stack: AltStack,
    blocked: SignalSet,
    /// The signals that the thread waits for (rt_sigtimedwait): they wake it, blocked or
    /// not.
    awaited: SignalSet,
    /// The blocked signals to restore after rt_sigsuspend, ppoll or a similar call.
    saved: Option<SignalSet>,
}

impl ThreadSignals {
    /// Returns the state of the first thread.
    pub const fn new() -> Self {
        Self {
            pending: Pending::new(),
            alt_stack: AltStack::NONE,
            blocked: SignalSet::EMPTY,
            awaited: SignalSet::EMPTY,
            saved: None,
        }
    }

    /// Returns the state of a thread or process that this thread creates: the same signals are
    /// blocked, none is pending. A child of fork or vfork keeps the alternate stack; a child
    /// that runs concurrently in the same memory (CLONE_VM without CLONE_VFORK) doesn't.
    pub fn child(&self, keeps_alt_stack: bool) -> Self {
        Self {
            alt_stack: if keeps_alt_stack { self.alt_stack } else { AltStack::NONE },
            blocked: self.blocked,
            ..Self::new()
        }
    }

    /// Resets the state that a new program doesn't keep (execve): the alternate stack. Blocked and
    /// pending signals stay.
    pub fn exec(&mut self) {
        self.alt_stack = AltStack::NONE;
    }

    /// Returns the blocked signals.
    pub fn blocked(&self) -> SignalSet {
        self.blocked
    }

    /// Sets the blocked signals; SIGKILL and SIGSTOP are never blocked. The caller then
    /// checks for pending signals that are no longer blocked.
    pub fn set_blocked(&mut self, signals: SignalSet) {
        self.blocked = signals.without(SignalSet::UNSTOPPABLE);
    }

    /// Sets the blocked signals during one system call (rt_sigsuspend, ppoll, pselect,
    /// epoll_pwait). A handler that ends the call runs with them, and its return restores
    /// the previous ones.
    pub fn block_for_call(&mut self, signals: SignalSet) {
        self.saved.get_or_insert(self.blocked);
        self.set_blocked(signals);
    }

    /// Restores the blocked signals after such a call, if no handler runs.
    pub fn restore_blocked(&mut self) {
        if let Some(saved) = self.saved.take() {
            self.blocked = saved;
        }
    }

    /// Returns the blocked signals that a handler's return restores.
    pub(crate) fn take_saved(&mut self) -> SignalSet {
        self.saved.take().unwrap_or(self.blocked)
    }

    /// Sets the signals that the thread waits for (rt_sigtimedwait); after the wait, none.
    pub fn set_awaited(&mut self, signals: SignalSet) {
        self.awaited = signals.without(SignalSet::UNSTOPPABLE);
    }

    /// Returns whether `signal`, sent to the process, wakes this thread.
    pub fn accepts(&self, signal: Signal) -> bool {
        !self.blocked.contains(signal) || self.awaited.contains(signal)
    }

    /// Returns whether a signal is to be delivered to this thread, so that system calls
    /// that wait have to return. `shared` is its process's queue.
    pub fn has_signal(&self, shared: &Pending) -> bool {
        !(self.pending.set() | shared.set()).without(self.blocked).is_empty()
    }

    /// Returns the signals that are pending and blocked (rt_sigpending).
    pub fn pending_set(&self, shared: &Pending) -> SignalSet {
        (self.pending.set() | shared.set()) & self.blocked
    }
}
