//! Signals that were sent and not yet delivered.

use alloc::collections::VecDeque;

use crate::code::Code;
use crate::info::{Content, SigInfo};
use crate::set::SignalSet;
use crate::signal::Signal;

/// Whether one more signal may be queued for the user of the receiving process
/// (RLIMIT_SIGPENDING). The caller counts: one more for [`Pushed::Queued`], one less for each
/// queued signal that is taken or removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The limit allows one more.
    Below,
    /// The limit is reached.
    Reached,
}

/// The result of sending a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// The signal is pending with its information, which counts against the limit.
    Queued,
    /// The signal is pending; its information is lost.
    WithoutInfo,
    /// The signal was pending already. A standard signal is pending at most once.
    AlreadyPending,
}

/// Why a signal was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushError {
    /// The limit is reached or no memory is left, and the signal would lose its value
    /// (EAGAIN).
    QueueFull,
}

/// A signal that was pending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its information. If that was lost, process 0 is the sender.
    pub info: SigInfo,
    /// Whether the information counted against the limit.
    pub was_queued: bool,
}

/// The signals that are pending for a process or for a thread.
#[derive(Debug, Default)]
pub struct Pending {
    set: SignalSet,
    /// The information of the signals, in the order in which they were sent.
    queue: VecDeque<SigInfo>,
}

impl Pending {
    /// Returns an empty queue, for a new process or thread.
    pub const fn new() -> Self {
        Self { set: SignalSet::EMPTY, queue: VecDeque::new() }
    }

    /// Returns which signals are pending.
    pub fn set(&self) -> SignalSet {
        self.set
    }

    /// Returns how many entries count against the limit.
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Adds a signal. The caller has called [`send`](crate::send) before.
    ///
    /// A standard signal of kill(2) or of the kernel is queued even at the limit. There,
    /// other standard signals, and real-time signals of kill(2), become pending without
    /// their information.
    ///
    /// # Errors
    ///
    /// [`PushError::QueueFull`] for a real-time signal with a value, at the limit or
    /// without memory. An error changes nothing.
    pub fn push(&mut self, info: SigInfo, limit: Limit) -> Result<Pushed, PushError> {
        let is_real_time = info.signal.is_real_time();
        if !is_real_time && self.set.contains(info.signal) {
            return Ok(Pushed::AlreadyPending);
        }
        let ignores_limit = !is_real_time && info.code.0 >= 0;
        let may_queue = limit == Limit::Below || ignores_limit;
        if may_queue && self.queue.try_reserve(1).is_ok() {
            self.queue.push_back(info);
            self.set.insert(info.signal);
            Ok(Pushed::Queued)
        } else if is_real_time && info.code != Code::USER {
            Err(PushError::QueueFull)
        } else {
            self.set.insert(info.signal);
            Ok(Pushed::WithoutInfo)
        }
    }

    /// Returns the pending signal of `among` that is delivered first: faults, then the
    /// lowest number.
    pub fn first(&self, among: SignalSet) -> Option<Signal> {
        let set = self.set & among;
        let faults = set & SignalSet::FAULTS;
        if faults.is_empty() { set.first() } else { faults.first() }
    }

    /// Removes the oldest entry of `signal`, if it is pending.
    pub fn take(&mut self, signal: Signal) -> Option<Taken> {
        if !self.set.contains(signal) {
            return None;
        }
        let info = match self.queue.front() {
            Some(first) if first.signal == signal => self.queue.pop_front(),
            _ => {
                let place = self.queue.iter().position(|info| info.signal == signal);
                place.and_then(|place| self.queue.remove(place))
            }
        };
        // A standard signal is queued at most once.
        if !signal.is_real_time() || !self.queue.iter().any(|info| info.signal == signal) {
            self.set.remove(signal);
        }
        match info {
            Some(info) => Some(Taken { info, was_queued: true }),
            None => Some(Taken { info: SigInfo::from_user(signal, 0, 0), was_queued: false }),
        }
    }

    /// Returns whether a signal of the timer `id` is pending.
    pub fn has_timer(&self, id: i32) -> bool {
        self.queue.iter().any(|info| is_of_timer(info, id))
    }

    /// Adds expirations to the pending signal of the timer `id`; returns whether there is one.
    pub fn add_overruns(&mut self, id: i32, more: i32) -> bool {
        let Some(info) = self.queue.iter_mut().find(|info| is_of_timer(info, id)) else {
            return false;
        };
        if let Content::Timer { overruns, .. } = &mut info.content {
            *overruns = overruns.saturating_add(more);
        }
        true
    }

    /// Removes the oldest fault among `among` that the kernel has sent. Its frame has to be
    /// made before others, while the instruction pointer still points to the fault.
    pub(crate) fn take_fault(&mut self, among: SignalSet) -> Option<Taken> {
        let wanted = self.set & among & SignalSet::FAULTS;
        if wanted.is_empty() {
            return None;
        }
        let info =
            self.queue.iter().find(|info| wanted.contains(info.signal) && info.code.is_of_kernel());
        let signal = info?.signal;
        self.take(signal)
    }

    /// Removes all entries of `signals`. Returns how many counted against the limit.
    pub fn remove(&mut self, signals: SignalSet) -> usize {
        self.set = self.set.without(signals);
        let before = self.queue.len();
        self.queue.retain(|info| !signals.contains(info.signal));
        before - self.queue.len()
    }
}

/// Returns whether the timer `id` sent the signal, not rt_sigqueueinfo(2).
fn is_of_timer(info: &SigInfo, id: i32) -> bool {
    matches!(info.content, Content::Timer { id: of, .. } if of == id)
}
