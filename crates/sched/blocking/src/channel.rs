//! Channels: values sent from thread to thread.

use core::fmt;

use heapless::Deque;

use crate::atomic::const_fn;
use crate::{Condvar, Mutex, MutexGuard, Parking, Wait, WaitError};

/// A bounded channel with room for `N` values, for any number of senders and receivers.
/// Values are received in the order in which they were sent.
///
/// All operations, the `try_` forms too, take the channel's mutex. So they may sleep for a
/// short time while another thread uses the channel, whatever the deadline, and interrupt
/// handlers can't use a channel.
pub struct Channel<P, T, const N: usize> {
    queue: Mutex<P, Queue<T, N>>,
    /// There is a value.
    filled: Condvar<P>,
    /// There is room.
    drained: Condvar<P>,
}

struct Queue<T, const N: usize> {
    values: Deque<T, N>,
    is_closed: bool,
}

impl<P: Parking, T: Send, const N: usize> Channel<P, T, N> {
    const_fn! {
        /// Makes an empty channel.
        pub fn new() -> Self {
            const { assert!(N > 0, "a channel has room for a value") };
            Self {
                queue: Mutex::new(Queue { values: Deque::new(), is_closed: false }),
                filled: Condvar::new(),
                drained: Condvar::new(),
            }
        }
    }

    /// Sends `value`; sleeps while there is no room.
    ///
    /// # Errors
    /// [`ChannelError::Closed`], with the value.
    pub fn send(&self, value: T) -> Result<(), Unsent<T>> {
        self.send_with(value, Wait::ENDLESS)
    }

    /// Sends `value` if there is room.
    ///
    /// # Errors
    /// [`ChannelError::Closed`], or [`ChannelError::WouldWait`] if there is no room, with
    /// the value.
    pub fn try_send(&self, value: T) -> Result<(), Unsent<T>> {
        self.push(self.queue.lock(), value)
    }

    /// Sends `value`; sleeps while there is no room, but not after `deadline_ns`, in
    /// nanoseconds on the kernel's clock.
    ///
    /// # Errors
    /// [`ChannelError::Closed`], or [`ChannelError::TimedOut`], with the value.
    pub fn send_until(&self, value: T, deadline_ns: u64) -> Result<(), Unsent<T>> {
        self.send_with(value, Wait::until(deadline_ns))
    }

    /// Sends `value`; sleeps while there is no room, until the running thread is cancelled,
    /// and not after `deadline_ns` if there is one.
    ///
    /// # Errors
    /// Any [`ChannelError`] except `WouldWait`, with the value.
    pub fn send_cancellable(&self, value: T, deadline_ns: Option<u64>) -> Result<(), Unsent<T>> {
        self.send_with(value, Wait::cancellable(deadline_ns))
    }

    /// Receives a value; sleeps while there is none.
    ///
    /// # Errors
    /// [`ChannelError::Closed`] if the channel is empty and closed.
    pub fn recv(&self) -> Result<T, ChannelError> {
        self.recv_with(Wait::ENDLESS)
    }

    /// Receives a value if there is one.
    ///
    /// # Errors
    /// [`ChannelError::WouldWait`] if the channel is empty, or [`ChannelError::Closed`] if
    /// it is closed, too.
    pub fn try_recv(&self) -> Result<T, ChannelError> {
        self.pop(self.queue.lock())
    }

    /// Receives a value; sleeps while there is none, but not after `deadline_ns`, in
    /// nanoseconds on the kernel's clock.
    ///
    /// # Errors
    /// [`ChannelError::TimedOut`], or [`ChannelError::Closed`] if the channel is empty and
    /// closed.
    pub fn recv_until(&self, deadline_ns: u64) -> Result<T, ChannelError> {
        self.recv_with(Wait::until(deadline_ns))
    }

    /// Receives a value; sleeps while there is none, until the running thread is cancelled,
    /// and not after `deadline_ns` if there is one.
    ///
    /// # Errors
    /// Any [`ChannelError`] except `WouldWait`.
    pub fn recv_cancellable(&self, deadline_ns: Option<u64>) -> Result<T, ChannelError> {
        self.recv_with(Wait::cancellable(deadline_ns))
    }

    /// Closes the channel: nothing can be sent any more. What was sent before can still be
    /// received. Wakes all waiting threads.
    pub fn close(&self) {
        self.queue.lock().is_closed = true;
        self.filled.notify_all();
        self.drained.notify_all();
    }

    fn send_with(&self, value: T, wait: Wait) -> Result<(), Unsent<T>> {
        let is_full = |queue: &mut Queue<T, N>| queue.values.is_full() && !queue.is_closed;
        let (queue, result) = self.drained.wait_while_with(self.queue.lock(), wait, is_full);
        match result {
            Ok(()) => self.push(queue, value),
            Err(error) => Err(Unsent { value, error: error.into() }),
        }
    }

    fn recv_with(&self, wait: Wait) -> Result<T, ChannelError> {
        let is_empty = |queue: &mut Queue<T, N>| queue.values.is_empty() && !queue.is_closed;
        let (queue, result) = self.filled.wait_while_with(self.queue.lock(), wait, is_empty);
        result?;
        self.pop(queue)
    }

    fn push(&self, mut queue: MutexGuard<'_, P, Queue<T, N>>, value: T) -> Result<(), Unsent<T>> {
        if queue.is_closed {
            return Err(Unsent { value, error: ChannelError::Closed });
        }
        let pushed = queue.values.push_back(value);
        pushed.map_err(|value| Unsent { value, error: ChannelError::WouldWait })?;
        drop(queue);
        self.filled.notify_one();
        Ok(())
    }

    fn pop(&self, mut queue: MutexGuard<'_, P, Queue<T, N>>) -> Result<T, ChannelError> {
        match queue.values.pop_front() {
            Some(value) => {
                drop(queue);
                self.drained.notify_one();
                Ok(value)
            }
            None if queue.is_closed => Err(ChannelError::Closed),
            None => Err(ChannelError::WouldWait),
        }
    }
}

impl<P: Parking, T: Send, const N: usize> Default for Channel<P, T, N> {
    fn default() -> Self {
        Self::new()
    }
}

/// Why a value wasn't sent or received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelError {
    /// The channel is closed; for a receiver, it is empty, too.
    Closed,
    /// There is no room to send a value, or no value to receive.
    WouldWait,
    /// The deadline has passed.
    TimedOut,
    /// The wait was cancelled.
    Cancelled,
}

impl From<WaitError> for ChannelError {
    fn from(error: WaitError) -> Self {
        match error {
            WaitError::TimedOut => Self::TimedOut,
            WaitError::Cancelled => Self::Cancelled,
        }
    }
}

impl fmt::Display for ChannelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the channel is closed"),
            Self::WouldWait => f.write_str("the channel is full or empty"),
            Self::TimedOut => WaitError::TimedOut.fmt(f),
            Self::Cancelled => WaitError::Cancelled.fmt(f),
        }
    }
}

/// A value that wasn't sent, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsent<T> {
    /// The value.
    pub value: T,
    /// Why it wasn't sent.
    pub error: ChannelError,
}
