//! Tests: a table for each rule, a naive model of queues and delivery, valid and forged
//! frames.

mod actions;
mod alt_stack;
mod deliver;
mod fpu;
mod frame;
mod info;
mod model;
mod pending;
mod restart;
mod send;
mod signals;

use crate::{
    Action, Delivery, Dispositions, Handler, Pending, Process, ProcessKind, SaFlags, SigAction,
    Signal, SignalSet, ThreadSignals, next_action,
};

/// A process with one thread.
pub(crate) struct World {
    pub(crate) thread: ThreadSignals,
    pub(crate) shared: Pending,
    pub(crate) dispositions: Dispositions,
    pub(crate) kind: ProcessKind,
    pub(crate) has_orphaned_group: bool,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            thread: ThreadSignals::new(),
            shared: Pending::new(),
            dispositions: Dispositions::new(),
            kind: ProcessKind::Ordinary,
            has_orphaned_group: false,
        }
    }

    pub(crate) fn next(&mut self) -> Action {
        let process = Process {
            shared: &mut self.shared,
            dispositions: &mut self.dispositions,
            kind: self.kind,
            has_orphaned_group: self.has_orphaned_group,
        };
        next_action(&mut self.thread, process)
    }

    /// Returns the next action, which has to be a delivery.
    pub(crate) fn delivered(&mut self) -> Delivery {
        match self.next() {
            Action::Deliver(delivery) => delivery,
            other => panic!("not delivered: {other:?}"),
        }
    }

    pub(crate) fn set(&mut self, signal: Signal, handler: Handler, flags: SaFlags) {
        let action = SigAction { handler, flags, ..SigAction::default() };
        self.dispositions.set(signal, action).unwrap();
    }

    pub(crate) fn block(&mut self, signals: &[Signal]) {
        self.thread.set_blocked(SignalSet::of(signals));
    }
}

/// Returns the signal of a number.
pub(crate) fn signal(number: u64) -> Signal {
    Signal::from_number(number).unwrap()
}
