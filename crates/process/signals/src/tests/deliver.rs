//! The order of delivery, and the action for each signal.

use super::{World, signal};
use crate::{
    Action, Code, Handler, Limit, ProcessKind, SaFlags, SigAction, SigInfo, Signal, SignalSet,
    ThreadSignals, wait_for,
};

impl World {
    fn send_to_process(&mut self, signal: Signal) {
        self.shared.push(SigInfo::from_user(signal, 7, 0), Limit::Below).unwrap();
    }

    fn send_to_thread(&mut self, signal: Signal) {
        self.thread.pending.push(SigInfo::to_thread(signal, 7, 0), Limit::Below).unwrap();
    }

    fn handle_all(&mut self, flags: SaFlags) {
        for signal in Signal::all().filter(|signal| !signal.is_unstoppable()) {
            self.set(signal, Handler::Address(0x1000), flags | SaFlags::NODEFER);
        }
    }

    /// Returns all signals that are delivered now.
    fn all_delivered(&mut self) -> std::vec::Vec<u8> {
        core::iter::from_fn(|| match self.next() {
            Action::Deliver(delivery) => Some(delivery.info.signal.number()),
            _ => None,
        })
        .collect()
    }
}

#[test]
fn default_actions() {
    for signal in Signal::all() {
        let mut world = World::new();
        world.send_to_process(signal);
        let info = SigInfo::from_user(signal, 7, 0);
        let expected = match signal.number() {
            17 | 18 | 23 | 28 => Action::None,
            19..=22 => Action::Stop(signal),
            3 | 4 | 5 | 6 | 7 | 8 | 11 | 24 | 25 | 31 => Action::Terminate { info, core: true },
            _ => Action::Terminate { info, core: false },
        };
        assert_eq!(world.next(), expected, "{signal}");
        assert_eq!(world.next(), Action::None);
    }
}

#[test]
fn signals_of_the_thread_come_first_and_faults_before_them() {
    let mut world = World::new();
    world.handle_all(SaFlags::empty());
    for signal in [Signal::HUP, Signal::ILL, signal(33)] {
        world.send_to_process(signal);
    }
    for signal in [signal(34), Signal::TERM, Signal::BUS, Signal::INT] {
        world.send_to_thread(signal);
    }
    let fault = SigInfo::fault(Signal::SEGV, Code::NOT_MAPPED, 1);
    world.thread.pending.push(fault, Limit::Below).unwrap();
    assert_eq!(world.all_delivered(), [11, 7, 2, 15, 34, 4, 1, 33]);
}

#[test]
fn kill_comes_before_everything() {
    let mut world = World::new();
    world.handle_all(SaFlags::empty());
    world.send_to_thread(Signal::SEGV);
    world.send_to_thread(Signal::HUP);
    world.send_to_process(Signal::KILL);
    assert!(matches!(world.next(), Action::Terminate { core: false, .. }));
}

#[test]
fn blocked_signals_stay_pending() {
    let mut world = World::new();
    world.handle_all(SaFlags::empty());
    world.block(&[Signal::INT, Signal::SEGV]);
    for signal in [Signal::INT, Signal::TERM, Signal::SEGV] {
        world.send_to_process(signal);
    }
    assert!(world.thread.has_signal(&world.shared));
    assert_eq!(world.all_delivered(), [15]);
    assert!(!world.thread.has_signal(&world.shared));
    let pending = SignalSet::of(&[Signal::INT, Signal::SEGV]);
    assert_eq!(world.thread.pending_set(&world.shared), pending);
    world.block(&[]);
    assert_eq!(world.all_delivered(), [11, 2]);
}

#[test]
fn handler_blocks_its_signal_and_its_mask() {
    for (flags, own_is_blocked) in [(SaFlags::empty(), true), (SaFlags::NODEFER, false)] {
        let mut world = World::new();
        world.block(&[Signal::HUP]);
        let action = SigAction {
            handler: Handler::Address(0x1000),
            flags: flags | SaFlags::ONSTACK,
            restorer: 0x2000,
            mask: SignalSet::of(&[Signal::USR1]),
        };
        world.dispositions.set(Signal::INT, action).unwrap();
        world.send_to_process(Signal::INT);
        let delivery = world.delivered();
        assert_eq!((delivery.handler, delivery.restorer), (0x1000, 0x2000));
        assert_eq!(delivery.flags, action.flags);
        assert_eq!(delivery.saved, SignalSet::of(&[Signal::HUP]));
        let mut blocked = SignalSet::of(&[Signal::HUP, Signal::USR1]);
        if own_is_blocked {
            blocked.insert(Signal::INT);
        }
        assert_eq!(world.thread.blocked(), blocked);
    }
}

#[test]
fn nested_handlers_restore_one_after_the_other() {
    let mut world = World::new();
    world.set(Signal::INT, Handler::Address(1), SaFlags::empty());
    world.set(Signal::TERM, Handler::Address(2), SaFlags::empty());
    world.send_to_process(Signal::INT);
    world.send_to_process(Signal::TERM);
    assert_eq!(world.delivered().saved, SignalSet::EMPTY);
    // The second frame is on top of the first: its handler runs first.
    assert_eq!(world.delivered().saved, SignalSet::of(&[Signal::INT]));
}

#[test]
fn handler_that_resets_runs_once() {
    let mut world = World::new();
    world.set(Signal::INT, Handler::Address(0x1000), SaFlags::RESETHAND);
    world.send_to_process(Signal::INT);
    world.delivered();
    world.block(&[]);
    world.send_to_process(Signal::INT);
    assert!(matches!(world.next(), Action::Terminate { .. }));
}

#[test]
fn group_without_a_parent_is_not_stopped_by_the_terminal() {
    for (signal, stops) in
        [(Signal::STOP, true), (Signal::TSTP, false), (Signal::TTIN, false), (Signal::TTOU, false)]
    {
        let mut world = World::new();
        world.has_orphaned_group = true;
        world.send_to_process(signal);
        let expected = if stops { Action::Stop(signal) } else { Action::None };
        assert_eq!(world.next(), expected);
    }
}

#[test]
fn first_process_survives_what_others_do_not() {
    let mut world = World::new();
    world.kind = ProcessKind::Init;
    world.send_to_process(Signal::TERM);
    world.send_to_process(Signal::SEGV);
    world.send_to_process(Signal::TSTP);
    assert_eq!(world.next(), Action::None);
}

#[test]
fn mask_for_one_call_is_seen_by_the_handler_and_not_after_it() {
    let mut world = World::new();
    world.set(Signal::INT, Handler::Address(0x1000), SaFlags::empty());
    world.block(&[Signal::INT, Signal::HUP]);
    world.send_to_process(Signal::INT);
    world.thread.block_for_call(SignalSet::of(&[Signal::TERM, Signal::KILL]));
    assert!(world.thread.has_signal(&world.shared));
    let delivery = world.delivered();
    assert_eq!(delivery.saved, SignalSet::of(&[Signal::INT, Signal::HUP]));
    assert_eq!(world.thread.blocked(), SignalSet::of(&[Signal::TERM, Signal::INT]));
    world.thread.restore_blocked();
    assert_eq!(world.thread.blocked(), SignalSet::of(&[Signal::TERM, Signal::INT]));

    // Without a handler, the call itself restores the blocked signals.
    world.block(&[Signal::HUP]);
    world.thread.block_for_call(SignalSet::EMPTY);
    world.thread.block_for_call(SignalSet::of(&[Signal::USR1]));
    world.thread.restore_blocked();
    assert_eq!(world.thread.blocked(), SignalSet::of(&[Signal::HUP]));
}

#[test]
fn waiting_thread_takes_what_it_waits_for() {
    let mut world = World::new();
    let wanted = SignalSet::of(&[Signal::USR1, Signal::USR2, signal(40), Signal::KILL]);
    world.block(&[Signal::USR1, Signal::USR2, signal(40), Signal::HUP]);
    for signal in [signal(40), Signal::HUP, Signal::USR2, Signal::KILL] {
        world.send_to_process(signal);
    }
    world.send_to_thread(signal(40));
    let mut take =
        || wait_for(&mut world.thread, &mut world.shared, wanted).map(|taken| taken.info);
    assert_eq!(take(), Some(SigInfo::to_thread(signal(40), 7, 0)));
    assert_eq!(take(), Some(SigInfo::from_user(Signal::USR2, 7, 0)));
    assert_eq!(take(), Some(SigInfo::from_user(signal(40), 7, 0)));
    assert_eq!(take(), None);
    // Of the blocked signals, only an awaited one wakes the thread.
    world.thread.set_awaited(wanted);
    assert!(world.thread.accepts(Signal::USR1) && world.thread.accepts(Signal::TERM));
    assert!(!world.thread.accepts(Signal::HUP));
    world.thread.set_awaited(SignalSet::EMPTY);
    assert!(!world.thread.accepts(Signal::USR1));
}

#[test]
fn kill_and_stop_are_never_blocked() {
    let mut thread = ThreadSignals::new();
    thread.set_blocked(!SignalSet::EMPTY);
    assert_eq!(thread.blocked(), !SignalSet::UNSTOPPABLE);
}

#[test]
fn children_inherit_what_is_blocked_and_nothing_pending() {
    let mut world = World::new();
    world.block(&[Signal::HUP]);
    world.send_to_thread(Signal::HUP);
    let mut stack = [0; crate::STACK_BYTES];
    stack[16..18].copy_from_slice(&8192_u16.to_le_bytes());
    world.thread.alt_stack.set(&stack, 0x10_0000, 2048).unwrap();
    let process = world.thread.child(true);
    assert_eq!(process.blocked(), SignalSet::of(&[Signal::HUP]));
    assert!(process.pending.set().is_empty() && process.alt_stack.is_set());
    let thread = world.thread.child(false);
    assert!(!thread.alt_stack.is_set());
    world.thread.exec();
    assert!(!world.thread.alt_stack.is_set() && world.thread.blocked() == process.blocked());
    assert!(!world.thread.pending.set().is_empty());
}
