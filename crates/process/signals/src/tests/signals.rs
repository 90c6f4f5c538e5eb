//! Numbers, names, default actions, sets.

use std::string::ToString;
use std::vec::Vec;

use super::signal;
use crate::{DefaultAction, Signal, SignalSet};

/// The names and actions are those of kill -l and signal(7).
#[test]
fn standard_signals() {
    let names = "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT \
                 CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS";
    let all: Vec<_> = Signal::all().filter_map(Signal::standard_name).collect();
    assert_eq!(all.join(" "), names);
    let of = |action| {
        let signals = Signal::all().filter(|signal| signal.default_action() == action);
        signals.map(|signal| signal.to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        of(DefaultAction::Core),
        "SIGQUIT SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGSEGV SIGXCPU SIGXFSZ SIGSYS"
    );
    assert_eq!(of(DefaultAction::Ignore), "SIGCHLD SIGURG SIGWINCH");
    assert_eq!(of(DefaultAction::Stop), "SIGSTOP SIGTSTP SIGTTIN SIGTTOU");
    assert_eq!(of(DefaultAction::Continue), "SIGCONT");
}

#[test]
fn numbers_from_1_to_64_are_signals() {
    for number in [0, 65, 66, 256 + 9, u64::MAX] {
        assert_eq!(Signal::from_number(number), None);
    }
    assert_eq!(signal(9), Signal::KILL);
    assert_eq!(Signal::all().count(), 64);
    assert!(!signal(31).is_real_time() && signal(32).is_real_time());
}

#[test]
fn names_are_those_of_strace() {
    let names =
        [(1, "SIGHUP"), (31, "SIGSYS"), (32, "SIGRTMIN"), (33, "SIGRT_1"), (64, "SIGRT_32")];
    for (number, name) in names {
        assert_eq!(signal(number).to_string(), name);
    }
    assert_eq!(SignalSet::EMPTY.to_string(), "[]");
    assert_eq!(
        SignalSet::of(&[Signal::INT, Signal::CHLD, signal(34)]).to_string(),
        "[INT CHLD RT_2]"
    );
    assert_eq!((!SignalSet::UNSTOPPABLE).to_string(), "~[KILL STOP]");
    assert_eq!((!SignalSet::EMPTY).to_string(), "~[]");
}

#[test]
fn sets_are_sets() {
    let mut set = SignalSet::of(&[Signal::HUP, signal(64)]);
    assert_eq!(set.bits(), 1 << 63 | 1);
    assert_eq!(set.first(), Some(Signal::HUP));
    set.remove(Signal::HUP);
    assert_eq!(set.first(), Some(signal(64)));
    set.insert(Signal::TERM);
    assert_eq!(set.iter().collect::<Vec<_>>(), [Signal::TERM, signal(64)]);
    assert_eq!(set.len(), 2);
    assert_eq!(set.without(set), SignalSet::EMPTY);
    assert_eq!(SignalSet::EMPTY.first(), None);
}
