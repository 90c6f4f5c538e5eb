//! The effects of signals when they are sent.

use super::{World, signal};
use crate::{
    Action, Code, Handler, Limit, ProcessKind, SaFlags, Sent, SigInfo, Signal, SignalSet, force,
    send,
};

fn sent(world: &World, signal: Signal) -> Sent {
    let info = SigInfo::from_user(signal, 7, 0);
    send(&info, &world.thread, &world.dispositions, world.kind)
}

#[test]
fn stops_and_continue_remove_each_other() {
    let world = World::new();
    for signal in Signal::all() {
        let sent = sent(&world, signal);
        let expected = match signal {
            Signal::CONT => SignalSet::STOPS,
            _ if SignalSet::STOPS.contains(signal) => SignalSet::of(&[Signal::CONT]),
            _ => SignalSet::EMPTY,
        };
        assert_eq!(sent.discard, expected, "{signal}");
        assert_eq!(sent.continues, signal == Signal::CONT);
    }
}

#[test]
fn continue_works_blocked_and_ignored() {
    let mut world = World::new();
    assert!(sent(&world, Signal::CONT).continues);
    world.block(&[Signal::CONT]);
    world.set(Signal::CONT, Handler::Ignore, SaFlags::empty());
    assert!(sent(&world, Signal::CONT).continues);
}

/// Each row has a signal, its handler, whether it is blocked, and whether it is dropped.
#[test]
fn ignored_signals_are_dropped_unless_blocked() {
    let cases = [
        (Signal::TERM, Handler::Default, false, false),
        (Signal::TERM, Handler::Ignore, false, true),
        (Signal::TERM, Handler::Ignore, true, false),
        (Signal::TERM, Handler::Address(1), false, false),
        (Signal::CHLD, Handler::Default, false, true),
        (Signal::CHLD, Handler::Default, true, false),
        (Signal::CHLD, Handler::Address(1), false, false),
        (Signal::CONT, Handler::Default, false, true),
        (Signal::WINCH, Handler::Default, false, true),
        (signal(40), Handler::Default, false, false),
        (signal(40), Handler::Ignore, false, true),
    ];
    for (signal, handler, is_blocked, is_ignored) in cases {
        let mut world = World::new();
        world.set(signal, handler, SaFlags::empty());
        if is_blocked {
            world.block(&[signal]);
        }
        assert_eq!(
            sent(&world, signal).is_ignored,
            is_ignored,
            "{signal} {handler:?} {is_blocked}"
        );
    }
}

#[test]
fn first_process_gets_only_what_it_handles() {
    let mut world = World::new();
    world.kind = ProcessKind::Init;
    for signal in Signal::all() {
        assert!(sent(&world, signal).is_ignored, "{signal}");
    }
    world.set(Signal::TERM, Handler::Address(0x1000), SaFlags::empty());
    assert!(!sent(&world, Signal::TERM).is_ignored);
    // A blocked signal becomes pending, and has no effect when it is unblocked.
    world.block(&[Signal::HUP, Signal::KILL]);
    assert!(!sent(&world, Signal::HUP).is_ignored);
    assert!(sent(&world, Signal::KILL).is_ignored);
    world.shared.push(SigInfo::from_user(Signal::HUP, 7, 0), Limit::Below).unwrap();
    world.block(&[]);
    assert_eq!(world.next(), Action::None);
}

#[test]
fn fault_can_be_neither_blocked_nor_ignored() {
    let fault = SigInfo::fault(Signal::SEGV, Code::NOT_MAPPED, 0x1234);
    for (handler, is_blocked, is_handled) in [
        (Handler::Default, false, false),
        (Handler::Default, true, false),
        (Handler::Ignore, false, false),
        (Handler::Ignore, true, false),
        (Handler::Address(0x1000), false, true),
        (Handler::Address(0x1000), true, false),
    ] {
        for kind in [ProcessKind::Ordinary, ProcessKind::Init] {
            let mut world = World::new();
            world.kind = kind;
            world.set(Signal::SEGV, handler, SaFlags::empty());
            if is_blocked {
                world.block(&[Signal::SEGV]);
            }
            force(fault, &mut world.thread, &mut world.dispositions);
            match world.next() {
                Action::Deliver(delivery) => {
                    assert!(is_handled);
                    assert_eq!(delivery.info, fault);
                }
                other => {
                    assert!(!is_handled);
                    assert_eq!(other, Action::Terminate { info: fault, core: true });
                }
            }
        }
    }
}
