//! The part of a thread that its process and the senders of signals use.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering};

use signals::ThreadSignals;

use super::attention::Attention;
use super::identity::Identity;
use super::pid::Pid;
use super::scheduling::Scheduling;
use super::usage::{SplitTimes, Usage};
use crate::sync::{Rank, SpinMutex};

/// The part of a thread that its process and the senders of signals use.
pub struct ThreadHandle {
    /// Its number. An exec changes it to the number of the process.
    tid: AtomicU32,
    /// Its work before a return to ring 3.
    attention: Attention,
    /// Protects its signals; held for a few instructions, inside the lock of the process's signals.
    signals: SpinMutex<ThreadSignals>,
    /// The last split of its time.
    times: SplitTimes,
    scheduling: Scheduling,
    /// Protects its identity, which is copied for use.
    identity: SpinMutex<Arc<Identity>>,
}

impl ThreadHandle {
    pub(super) fn new(tid: Pid, signals: ThreadSignals, identity: Arc<Identity>) -> Self {
        Self {
            tid: AtomicU32::new(tid.number()),
            attention: Attention::new(),
            signals: SpinMutex::new(Rank::ThreadSignals, signals),
            times: SplitTimes::new(),
            scheduling: Scheduling::new(),
            identity: SpinMutex::new(Rank::ThreadSignals, identity),
        }
    }

    /// Returns its number.
    pub fn tid(&self) -> Pid {
        Pid::try_new(self.tid.load(Ordering::Relaxed)).expect("it was made from a number")
    }

    pub(super) fn set_tid(&self, tid: Pid) {
        self.tid.store(tid.number(), Ordering::Relaxed);
    }

    /// Returns its work before a return to ring 3.
    #[inline]
    pub fn attention(&self) -> &Attention {
        &self.attention
    }

    /// Returns its identity.
    pub fn identity(&self) -> Arc<Identity> {
        self.identity.lock().clone()
    }

    pub(super) fn set_identity(&self, identity: Arc<Identity>) {
        let before = core::mem::replace(&mut *self.identity.lock(), identity);
        drop(before);
    }

    /// Returns its scheduling attributes, except the policy.
    pub fn scheduling(&self) -> &Scheduling {
        &self.scheduling
    }

    /// Returns its usage, with its time split in the ratio of the samples.
    pub(super) fn split_times(&self, sampled: Usage) -> Usage {
        self.times.of(sampled)
    }

    /// Calls `access` with the thread's own signals.
    #[inline]
    pub fn with_signals<R>(&self, access: impl FnOnce(&mut ThreadSignals) -> R) -> R {
        access(&mut self.signals.lock())
    }
}
