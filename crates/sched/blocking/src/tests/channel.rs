use std::string::ToString;
use std::sync::Arc;

use super::lot::{ModelLot, cancel, check, expire, join, spawn, wait_until_parked};
use crate::{Channel, ChannelError, QueueEnd, Unsent};

type TestChannel<const N: usize> = Channel<ModelLot, u32, N>;

fn shared<const N: usize>() -> Arc<TestChannel<N>> {
    Arc::new(TestChannel::new())
}

#[test]
fn values_come_in_order_through_a_channel_that_is_too_small() {
    check(3, || {
        let channel = shared::<2>();
        let sender = channel.clone();
        let sender = spawn(2, move || {
            for value in 0..3 {
                sender.send(value).unwrap();
            }
        });
        for value in 0..3 {
            assert_eq!(channel.recv(), Ok(value));
        }
        join([sender]);
        assert_eq!(channel.try_recv(), Err(ChannelError::WouldWait));
    });
}

#[test]
fn values_of_several_senders_come_once_each() {
    check(1, || {
        let channel = shared::<1>();
        let senders = [2, 3].map(|number| {
            let channel = channel.clone();
            spawn(number, move || channel.send(number).unwrap())
        });
        let sum = channel.recv().unwrap() + channel.recv().unwrap();
        assert_eq!(sum, 5);
        join(senders);
        assert_eq!(channel.try_recv(), Err(ChannelError::WouldWait));
    });
}

#[test]
fn values_go_to_several_receivers_once_each() {
    check(1, || {
        let channel = shared::<2>();
        let receivers = [2, 3].map(|number| {
            let channel = channel.clone();
            spawn(number, move || assert!(channel.recv().is_ok()))
        });
        channel.send(7).unwrap();
        channel.send(8).unwrap();
        join(receivers);
        assert_eq!(channel.try_recv(), Err(ChannelError::WouldWait));
    });
}

#[test]
fn a_closed_channel_is_drained() {
    check(3, || {
        let channel = shared::<2>();
        let sender = channel.clone();
        let sender = spawn(2, move || {
            sender.send(1).unwrap();
            sender.close();
            let unsent = Unsent { value: 2, error: ChannelError::Closed };
            assert_eq!(sender.send(2), Err(unsent));
            assert_eq!(sender.try_send(2), Err(unsent));
        });
        assert_eq!(channel.recv(), Ok(1));
        assert_eq!(channel.recv(), Err(ChannelError::Closed));
        assert_eq!(channel.try_recv(), Err(ChannelError::Closed));
        join([sender]);
    });
}

#[test]
fn close_wakes_all_that_wait() {
    check(2, || {
        let channel = shared::<1>();
        let receivers = [2, 3].map(|number| {
            let channel = channel.clone();
            spawn(number, move || assert_eq!(channel.recv(), Err(ChannelError::Closed)))
        });
        channel.close();
        join(receivers);
    });
    check(2, || {
        let channel = shared::<1>();
        channel.send(1).unwrap();
        let senders = [2, 3].map(|number| {
            let channel = channel.clone();
            spawn(number, move || {
                let unsent = Unsent { value: number, error: ChannelError::Closed };
                assert_eq!(channel.send(number), Err(unsent));
            })
        });
        channel.close();
        join(senders);
        assert_eq!(channel.recv(), Ok(1));
    });
}

#[test]
fn a_deadline_loses_no_value() {
    check(3, || {
        let channel = shared::<1>();
        let receiver = channel.clone();
        let receiver = spawn(2, move || {
            let received = receiver.recv_until(1);
            let expected = if received.is_ok() { Ok(7) } else { Err(ChannelError::TimedOut) };
            assert_eq!(received, expected);
            if received.is_err() {
                assert_eq!(receiver.recv(), Ok(7));
            }
        });
        let clock = spawn(3, || expire(2));
        channel.send(7).unwrap();
        join([receiver, clock]);
        assert_eq!(channel.try_recv(), Err(ChannelError::WouldWait));
    });
}

#[test]
fn a_cancellation_loses_no_room() {
    check(3, || {
        let channel = shared::<1>();
        channel.send(1).unwrap();
        let sender = channel.clone();
        let sender = spawn(2, move || {
            if let Err(unsent) = sender.send_cancellable(2, None) {
                assert_eq!(unsent, Unsent { value: 2, error: ChannelError::Cancelled });
                sender.send(2).unwrap();
            }
        });
        let signal = spawn(3, || cancel(2));
        assert_eq!(channel.recv(), Ok(1));
        join([sender, signal]);
        assert_eq!(channel.try_recv(), Ok(2));
    });
}

#[test]
fn waits_end_by_deadline_and_cancellation() {
    check(2, || {
        let channel = shared::<1>();
        let waiter = channel.clone();
        let waiter = spawn(2, move || {
            assert_eq!(waiter.recv_until(1), Err(ChannelError::TimedOut));
            assert_eq!(waiter.recv_cancellable(None), Err(ChannelError::Cancelled));
            assert_eq!(waiter.try_send(1), Ok(()));
            let unsent = |error| Err(Unsent { value: 2, error });
            assert_eq!(waiter.send_until(2, 1), unsent(ChannelError::TimedOut));
            assert_eq!(waiter.send_cancellable(2, None), unsent(ChannelError::Cancelled));
            assert_eq!(waiter.try_send(2), unsent(ChannelError::WouldWait));
        });
        wait_until_parked(2, QueueEnd::Back);
        expire(2);
        wait_until_parked(2, QueueEnd::Back);
        cancel(2);
        join([waiter]);
    });
}

#[test]
fn errors_have_messages() {
    let messages = [
        (ChannelError::Closed, "the channel is closed"),
        (ChannelError::WouldWait, "the channel is full or empty"),
        (ChannelError::TimedOut, "the deadline has passed"),
        (ChannelError::Cancelled, "the wait was cancelled"),
    ];
    for (error, message) in messages {
        assert_eq!(error.to_string(), message);
    }
}
