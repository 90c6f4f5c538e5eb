//! Queues and their limit.

use super::signal;
use crate::{Code, Content, Limit, Pending, PushError, Pushed, SigInfo, Signal, SignalSet};

#[test]
fn standard_signal_is_pending_once() {
    let mut pending = Pending::new();
    let first = SigInfo::from_user(Signal::TERM, 1, 0);
    assert_eq!(pending.push(first, Limit::Below), Ok(Pushed::Queued));
    let second = SigInfo::from_user(Signal::TERM, 2, 0);
    assert_eq!(pending.push(second, Limit::Below), Ok(Pushed::AlreadyPending));
    assert_eq!(pending.take(Signal::TERM).unwrap().info, first);
    assert_eq!(pending.take(Signal::TERM), None);
    assert_eq!(pending.queued(), 0);
}

#[test]
fn real_time_signals_are_queued_in_order() {
    let mut pending = Pending::new();
    for (number, value) in [(40, 1), (35, 2), (40, 3), (40, 1), (35, 4)] {
        pending.push(SigInfo::queued(signal(number), 7, 0, value), Limit::Below).unwrap();
    }
    let mut taken = std::vec::Vec::new();
    while let Some(first) = pending.first(!SignalSet::EMPTY) {
        taken.push(pending.take(first).unwrap().info);
    }
    let expected = [(35, 2), (35, 4), (40, 1), (40, 3), (40, 1)];
    assert_eq!(taken, expected.map(|(number, value)| SigInfo::queued(signal(number), 7, 0, value)));
}

#[test]
fn limit_takes_values_but_no_signal_of_kill() {
    let lost = SigInfo::from_user;
    let cases = [
        (SigInfo::from_user(Signal::TERM, 7, 1), Ok(Pushed::Queued)),
        (SigInfo::from_kernel(Signal::INT), Ok(Pushed::Queued)),
        (SigInfo::to_thread(Signal::TERM, 7, 1), Ok(Pushed::WithoutInfo)),
        (SigInfo::queued(Signal::TERM, 7, 1, 5), Ok(Pushed::WithoutInfo)),
        (SigInfo::from_user(signal(40), 7, 1), Ok(Pushed::WithoutInfo)),
        (SigInfo::queued(signal(40), 7, 1, 5), Err(PushError::QueueFull)),
        (SigInfo::to_thread(signal(40), 7, 1), Err(PushError::QueueFull)),
    ];
    for (info, expected) in cases {
        let mut pending = Pending::new();
        assert_eq!(pending.push(info, Limit::Reached), expected, "{info}");
        let taken = pending.take(info.signal);
        match expected {
            Ok(Pushed::Queued) => assert_eq!(taken.unwrap().info, info),
            Ok(_) => {
                assert_eq!(taken.unwrap().info, lost(info.signal, 0, 0));
                assert!(!taken.unwrap().was_queued);
            }
            Err(_) => assert_eq!(taken, None),
        }
        assert!(pending.set().is_empty());
    }
}

#[test]
fn real_time_signal_stays_pending_until_its_last_entry() {
    let mut pending = Pending::new();
    let info = SigInfo::queued(signal(40), 7, 0, 1);
    pending.push(info, Limit::Below).unwrap();
    // The information is lost, but the signal is pending.
    assert_eq!(
        pending.push(SigInfo::from_user(signal(40), 8, 0), Limit::Reached),
        Ok(Pushed::WithoutInfo)
    );
    assert_eq!(pending.take(signal(40)).unwrap().info, info);
    assert_eq!(pending.take(signal(40)), None);
}

#[test]
fn removed_signals_are_counted() {
    let mut pending = Pending::new();
    for value in 0..5 {
        pending.push(SigInfo::queued(signal(40), 7, 0, value), Limit::Below).unwrap();
    }
    pending.push(SigInfo::from_user(Signal::TERM, 7, 0), Limit::Below).unwrap();
    assert_eq!(pending.remove(SignalSet::of(&[signal(40), Signal::HUP])), 5);
    assert_eq!(pending.set(), SignalSet::of(&[Signal::TERM]));
    assert_eq!(pending.queued(), 1);
}

#[test]
fn faults_come_before_lower_numbers() {
    let mut pending = Pending::new();
    for signal in [Signal::HUP, Signal::SEGV, Signal::FPE, signal(40)] {
        pending.push(SigInfo::from_user(signal, 7, 0), Limit::Below).unwrap();
    }
    let mut order = std::vec::Vec::new();
    while let Some(first) = pending.first(!SignalSet::EMPTY) {
        order.push(first);
        pending.take(first);
    }
    assert_eq!(order, [Signal::FPE, Signal::SEGV, Signal::HUP, signal(40)]);
}

#[test]
fn expirations_are_added_to_the_signal_of_their_timer() {
    let of_timer = |id: i32, overruns: i32| SigInfo {
        signal: signal(40),
        code: Code::TIMER,
        errno: 0,
        content: Content::Timer { id, overruns, value: 9 },
    };
    let mut pending = Pending::new();
    assert!(!pending.add_overruns(1, 5));
    for id in [1, 2] {
        pending.push(of_timer(id, 0), Limit::Below).unwrap();
    }
    assert!(pending.has_timer(2) && !pending.has_timer(3));
    assert!(pending.add_overruns(2, 5) && pending.add_overruns(2, i32::MAX));
    assert_eq!(pending.take(signal(40)).unwrap().info, of_timer(1, 0));
    assert_eq!(pending.take(signal(40)).unwrap().info, of_timer(2, i32::MAX));
    assert!(!pending.has_timer(2));
}
