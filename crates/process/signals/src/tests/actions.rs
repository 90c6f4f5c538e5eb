//! The actions of a process for each signal.

use proptest::prelude::*;

use super::signal;
use crate::{
    ActionError, Dispositions, Handler, SIGACTION_BYTES, SaFlags, SigAction, Signal, SignalSet,
};

fn handled(address: u64) -> SigAction {
    SigAction { handler: Handler::Address(address), ..SigAction::default() }
}

#[test]
fn kill_and_stop_keep_their_actions() {
    let mut dispositions = Dispositions::new();
    for signal in Signal::all() {
        let set = dispositions.set(signal, handled(0x1000));
        if signal == Signal::KILL || signal == Signal::STOP {
            assert_eq!(set, Err(ActionError::Unstoppable));
            assert_eq!(dispositions.get(signal), SigAction::default());
        } else {
            assert_eq!(set.unwrap().old, SigAction::default());
            assert_eq!(
                dispositions.set(signal, SigAction::default()).unwrap().old,
                handled(0x1000)
            );
        }
    }
}

#[test]
fn new_program_keeps_only_what_is_ignored() {
    let mut dispositions = Dispositions::new();
    let flags = SaFlags::RESTART | SaFlags::RESTORER;
    let action = SigAction { flags, mask: SignalSet::of(&[Signal::HUP]), ..handled(0x1000) };
    dispositions.set(Signal::INT, action).unwrap();
    let ignore = SigAction { handler: Handler::Ignore, ..action };
    dispositions.set(Signal::QUIT, ignore).unwrap();
    dispositions.exec();
    assert_eq!(dispositions.get(Signal::INT), SigAction::default());
    let ignored = SigAction { handler: Handler::Ignore, ..SigAction::default() };
    assert_eq!(dispositions.get(Signal::QUIT), ignored);
}

#[test]
fn ignored_signals_are_removed_from_queues() {
    let mut dispositions = Dispositions::new();
    let ignore = SigAction { handler: Handler::Ignore, ..SigAction::default() };
    for (signal, action, is_ignored) in [
        (Signal::TERM, ignore, true),
        (Signal::TERM, SigAction::default(), false),
        (Signal::TERM, handled(0x1000), false),
        (Signal::CHLD, SigAction::default(), true),
        (Signal::CONT, SigAction::default(), true),
        (Signal::TSTP, SigAction::default(), false),
        (signal(40), SigAction::default(), false),
    ] {
        assert_eq!(dispositions.set(signal, action).unwrap().is_ignored, is_ignored, "{signal}");
    }
}

#[test]
fn children_of_a_process_that_ignores_them() {
    let cases = [
        (Handler::Default, SaFlags::empty(), false, true),
        (Handler::Ignore, SaFlags::empty(), true, false),
        (Handler::Address(1), SaFlags::NOCLDWAIT, true, true),
        (Handler::Default, SaFlags::NOCLDSTOP, false, false),
    ];
    for (handler, flags, reaps, reports) in cases {
        let mut dispositions = Dispositions::new();
        let action = SigAction { handler, flags, ..SigAction::default() };
        dispositions.set(Signal::CHLD, action).unwrap();
        assert_eq!(dispositions.reaps_children(), reaps);
        assert_eq!(dispositions.reports_stops(), reports);
    }
}

#[test]
fn action_has_the_layout_of_linux() {
    let action = SigAction {
        handler: Handler::Address(0x40_1000),
        flags: SaFlags::SIGINFO | SaFlags::RESTORER | SaFlags::NODEFER,
        restorer: 0x40_2000,
        mask: SignalSet::of(&[Signal::HUP, signal(64)]),
    };
    let bytes = action.to_bytes();
    let words = [0x40_1000, 0x4400_0004, 0x40_2000, 0x8000_0000_0000_0001_u64];
    assert_eq!(bytes, *words.map(u64::to_le_bytes).as_flattened());
    assert_eq!(SigAction::from_bytes(&bytes), action);
}

#[test]
fn unknown_flags_and_unstoppable_signals_are_dropped() {
    let action = SigAction::from_bytes(&[0xff; SIGACTION_BYTES]);
    assert_eq!(action.flags, SaFlags::all());
    assert_eq!(action.flags.bits(), 0xdc00_0807);
    assert_eq!(action.mask, !SignalSet::UNSTOPPABLE);
}

proptest! {
    #[test]
    fn actions_survive_their_layout(bytes in prop::array::uniform32(any::<u8>())) {
        let action = SigAction::from_bytes(&bytes);
        prop_assert_eq!(SigAction::from_bytes(&action.to_bytes()), action);
    }
}
