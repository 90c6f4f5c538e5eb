//! Queues and delivery, compared with a naive model: one list of all sent signals.

use std::vec::Vec;

use proptest::prelude::*;

use super::{World, signal};
use crate::{
    Action, Code, Handler, Limit, ProcessKind, Pushed, SaFlags, SigInfo, Signal, SignalSet, send,
    wait_for,
};

#[derive(Clone, Debug)]
enum Step {
    Send { to_thread: bool, number: u64, value: u64, at_limit: bool },
    Handle(u64, Handler),
    Block(u64),
    Deliver,
    Wait(u64),
}

/// An entry of the model: whether the thread or the process receives it, the signal, and
/// its information unless that was lost.
#[derive(Clone, Copy, Debug)]
struct Entry {
    to_thread: bool,
    signal: Signal,
    info: Option<SigInfo>,
}

#[derive(Default)]
struct Model {
    entries: Vec<Entry>,
    handlers: Vec<(Signal, Handler)>,
    blocked: SignalSet,
}

impl Model {
    fn handler(&self, signal: Signal) -> Handler {
        let set = self.handlers.iter().rev().find(|(of, _)| *of == signal);
        set.map_or(Handler::Default, |(_, handler)| *handler)
    }

    fn is_ignored(&self, signal: Signal) -> bool {
        match self.handler(signal) {
            Handler::Ignore => true,
            Handler::Default => [17, 18, 23, 28].contains(&signal.number()),
            Handler::Address(_) => false,
        }
    }

    fn send(&mut self, to_thread: bool, info: SigInfo, at_limit: bool) -> bool {
        let signal = info.signal;
        let stops = [19, 20, 21, 22];
        if signal == Signal::CONT {
            self.entries.retain(|entry| !stops.contains(&entry.signal.number()));
        } else if stops.contains(&signal.number()) {
            self.entries.retain(|entry| entry.signal != Signal::CONT);
        }
        if self.is_ignored(signal) && !self.blocked.contains(signal) {
            return true;
        }
        let is_same = |entry: &&Entry| entry.signal == signal && entry.to_thread == to_thread;
        let is_pending = self.entries.iter().any(|entry| is_same(&entry));
        let is_real_time = signal.number() >= 32;
        if is_pending && !is_real_time {
            return true;
        }
        let is_lost = at_limit && (is_real_time || info.code.0 < 0);
        if is_lost && is_real_time && info.code != Code::USER {
            return false;
        }
        let info = if is_lost { None } else { Some(info) };
        // An entry without information has no effect beside others of the same signal.
        if info.is_some() || !is_pending {
            // An entry with information replaces one without.
            self.entries.retain(|entry| !(is_same(&entry) && entry.info.is_none()));
            self.entries.push(Entry { to_thread, signal, info });
        }
        true
    }

    /// Takes the next of `among`, by the smallest key.
    fn take(&mut self, among: SignalSet, kill_first: bool) -> Option<SigInfo> {
        let faults = [4, 5, 7, 8, 11, 31];
        let key = |entry: &Entry| {
            let number = entry.signal.number();
            let is_kill = kill_first && number == 9;
            (!is_kill, !entry.to_thread, !faults.contains(&number), number)
        };
        let entries = self.entries.iter().enumerate();
        let wanted = entries.filter(|(_, entry)| among.contains(entry.signal));
        let (place, _) = wanted.min_by_key(|(place, entry)| (key(entry), *place))?;
        let entry = self.entries.remove(place);
        Some(entry.info.unwrap_or(SigInfo::from_user(entry.signal, 0, 0)))
    }
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![1_u64..=64, prop::sample::select(std::vec![2, 9, 11, 17, 18, 19, 20, 34, 35])]
}

fn step() -> impl Strategy<Value = Step> {
    let handler = prop_oneof![
        1 => Just(Handler::Default),
        1 => Just(Handler::Ignore),
        3 => Just(Handler::Address(0x1000)),
    ];
    prop_oneof![
        8 => (any::<bool>(), number(), 0_u64..3, prop::bool::weighted(0.2)).prop_map(
            |(to_thread, number, value, at_limit)| Step::Send { to_thread, number, value, at_limit }
        ),
        4 => (number(), handler).prop_map(|(number, handler)| Step::Handle(number, handler)),
        1 => any::<u64>().prop_map(Step::Block),
        1 => Just(Step::Block(0)),
        4 => Just(Step::Deliver),
        1 => any::<u64>().prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn signals_are_delivered_as_in_the_model(steps in prop::collection::vec(step(), 0..80)) {
        let mut world = World::new();
        let mut model = Model::default();
        let mut charged = 0;
        for step in steps {
            match step {
                Step::Send { to_thread, number, value, at_limit } => {
                    let info = match value {
                        0 => SigInfo::from_user(signal(number), 7, 0),
                        value => SigInfo::queued(signal(number), 7, 0, value),
                    };
                    let sent = send(&info, &world.thread, &world.dispositions, ProcessKind::Ordinary);
                    charged -= world.thread.pending.remove(sent.discard);
                    charged -= world.shared.remove(sent.discard);
                    let limit = if at_limit { Limit::Reached } else { Limit::Below };
                    let queue = if to_thread { &mut world.thread.pending } else { &mut world.shared };
                    let pushed = if sent.is_ignored {
                        Ok(Pushed::AlreadyPending)
                    } else {
                        queue.push(info, limit)
                    };
                    charged += usize::from(pushed == Ok(Pushed::Queued));
                    prop_assert_eq!(pushed.is_ok(), model.send(to_thread, info, at_limit));
                }
                Step::Handle(number, handler) => {
                    let signal = signal(number);
                    if signal.is_unstoppable() {
                        continue;
                    }
                    let action = crate::SigAction { handler, ..Default::default() };
                    if world.dispositions.set(signal, action).unwrap().is_ignored {
                        let set = SignalSet::of(&[signal]);
                        charged -= world.thread.pending.remove(set);
                        charged -= world.shared.remove(set);
                    }
                    model.handlers.push((signal, handler));
                    if model.is_ignored(signal) {
                        model.entries.retain(|entry| entry.signal != signal);
                    }
                }
                Step::Block(bits) => {
                    world.thread.set_blocked(SignalSet::from_bits(bits));
                    model.blocked = SignalSet::from_bits(bits).without(SignalSet::UNSTOPPABLE);
                }
                Step::Wait(bits) => {
                    let set = SignalSet::from_bits(bits);
                    let taken = wait_for(&mut world.thread, &mut world.shared, set);
                    charged -= taken.map_or(0, |taken| usize::from(taken.was_queued));
                    let expected = model.take(set.without(SignalSet::UNSTOPPABLE), false);
                    prop_assert_eq!(taken.map(|taken| taken.info), expected);
                }
                Step::Deliver => {
                    let queued = world.thread.pending.queued() + world.shared.queued();
                    let action = world.next();
                    charged -= queued - world.thread.pending.queued() - world.shared.queued();
                    let expected = loop {
                        let Some(info) = model.take(!model.blocked, true) else { break None };
                        if !model.is_ignored(info.signal) {
                            break Some(info);
                        }
                    };
                    let Some(info) = expected else {
                        prop_assert_eq!(action, Action::None);
                        continue;
                    };
                    match (model.handler(info.signal), info.signal.number()) {
                        (Handler::Address(_), _) => {
                            let Action::Deliver(delivery) = action else {
                                return Err(TestCaseError::fail("not delivered"));
                            };
                            prop_assert_eq!(delivery.info, info);
                            prop_assert_eq!(delivery.flags, SaFlags::empty());
                            prop_assert_eq!(delivery.saved, model.blocked);
                            model.blocked.insert(info.signal);
                        }
                        (_, 19..=22) => prop_assert_eq!(action, Action::Stop(info.signal)),
                        _ => {
                            let ended = matches!(action, Action::Terminate { info: by, .. } if by == info);
                            prop_assert!(ended, "{:?} {:?}", action, info);
                        }
                    }
                }
            }
            prop_assert_eq!(charged, world.thread.pending.queued() + world.shared.queued());
            prop_assert_eq!(world.thread.blocked(), model.blocked);
        }
    }
}
