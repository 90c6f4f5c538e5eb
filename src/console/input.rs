//! Keys from the serial line and from the keyboard.

use core::sync::atomic::{AtomicBool, Ordering};

use heapless::Deque;
use line_editor::{Key, TimedDecoder};

use super::key_bytes;
use super::screen::{self, Scroll};
use crate::arch::time::clock;
use crate::drivers::char::serial::Serial;
use crate::drivers::char::{input_events, keyboard, serial};
use crate::sync::{IrqMutex, Rank};

/// The number of keys that are kept while a command runs.
const TYPED_AHEAD_MAX: usize = 256;

/// The device on which a key was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The terminal at the serial line.
    Serial,
    /// The keyboard.
    Keyboard,
}

/// A typed key and its device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Typed {
    /// The key.
    pub key: Key,
    /// The device.
    pub source: Source,
}

/// Protects the keys between the devices and their readers. Taken by readers only.
static INPUT: IrqMutex<Input> = IrqMutex::new(Rank::Input, Input::new());

struct Input {
    /// Decodes the serial line's bytes.
    decoder: TimedDecoder,
    typed_ahead: Deque<Typed, TYPED_AHEAD_MAX>,
}

impl Input {
    const fn new() -> Self {
        Self { decoder: TimedDecoder::new(), typed_ahead: Deque::new() }
    }

    /// Takes a key from a device, if there is one.
    fn take(&mut self) -> Option<Typed> {
        if let Some(key) = self.decoder.take(clock::now_us, serial::try_read) {
            return Some(Typed { key, source: Source::Serial });
        }
        keyboard::try_read().map(|key| Typed { key, source: Source::Keyboard })
    }

    /// Searches all typed keys for Ctrl-C; if it is found, discards the keys before it.
    fn is_interrupted(&mut self) -> bool {
        let mut is_interrupted = false;
        while !self.typed_ahead.is_full()
            && let Some(typed) = self.take()
        {
            if typed.key == Key::Ctrl('c') {
                self.typed_ahead.clear();
                is_interrupted = true;
            } else {
                self.typed_ahead.push_back(typed).expect("it was checked not to be full");
            }
        }
        is_interrupted
    }
}

/// Takes a typed key, if there is one.
pub fn try_read_key() -> Option<Typed> {
    let mut input = INPUT.lock();
    input.typed_ahead.pop_front().or_else(|| input.take())
}

/// Draws printed text, and sleeps until a key is typed.
pub fn wait_key() -> Typed {
    wait(None).expect("without an end, only a key ends it")
}

/// Draws printed text, and sleeps until a key is typed or the time has passed.
pub fn wait_key_for(time_us: u64) -> Option<Typed> {
    wait(Some(clock::now_us().saturating_add(time_us)))
}

fn wait(end_us: Option<u64>) -> Option<Typed> {
    screen::show();
    loop {
        // Read before the check for keys, so that a key that arrives after the check ends the wait.
        let seen = input_events::events();
        let typed = try_read_key();
        if typed.is_some() || end_us.is_some_and(|end_us| clock::now_us() >= end_us) {
            return typed;
        }
        // Without further bytes until this time, an ESC is the Escape key.
        let escape_us = INPUT.lock().decoder.end_us();
        let poll_ns = serial::poll_interval_ns().map(|interval_ns| clock::now_ns() + interval_ns);
        let deadlines_us = [end_us, escape_us].into_iter().flatten();
        let deadlines_ns = deadlines_us.map(|us| us.saturating_mul(1000)).chain(poll_ns);
        input_events::wait(seen, deadlines_ns.min());
    }
}

/// Whether the last byte for programs came from the keyboard.
static IS_AT_KEYBOARD: AtomicBool = AtomicBool::new(false);

/// Selects the keyboard as the place where programs are used, if there is no serial line.
pub(super) fn start(serial: Serial) {
    IS_AT_KEYBOARD.store(serial == Serial::Absent, Ordering::Relaxed);
}

/// Returns the device at which programs are used: where a key was typed last; initially the serial
/// line.
pub(super) fn place() -> Source {
    match IS_AT_KEYBOARD.load(Ordering::Relaxed) {
        true => Source::Keyboard,
        false => Source::Serial,
    }
}

/// The input for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypedBytes {
    /// This number of bytes.
    Input(usize),
    /// The request for attention: Ctrl-Alt-Escape, or a BREAK.
    Attention,
}

/// Sleeps until a key is typed or the screen's terminal answers a program, and fills `bytes` with
/// the input in the format of a terminal. Only for programs; the prompt reads no keys at the same
/// time.
pub fn wait_bytes(bytes: &mut [u8; TYPED_BYTES_MAX]) -> TypedBytes {
    loop {
        // Read before the check, so that a key in between isn't missed.
        let seen = input_events::events();
        if input_events::take_attention() {
            return TypedBytes::Attention;
        }
        let len = take_bytes(bytes);
        if len > 0 {
            return TypedBytes::Input(len);
        }
        let poll_ns = serial::poll_interval_ns().map(|interval_ns| clock::now_ns() + interval_ns);
        input_events::wait(seen, poll_ns);
    }
}

/// Fills `bytes` with typed input, or with an answer; returns the number of bytes.
fn take_bytes(bytes: &mut [u8; TYPED_BYTES_MAX]) -> usize {
    let answered = screen::take_answers(bytes);
    if answered > 0 {
        return answered;
    }
    let mut len = 0;
    while len < bytes.len()
        && let Some(byte) = serial::try_read()
    {
        bytes[len] = byte;
        len += 1;
    }
    if len > 0 {
        IS_AT_KEYBOARD.store(false, Ordering::Relaxed);
    }
    while len == 0
        && let Some(key) = keyboard::try_read()
    {
        IS_AT_KEYBOARD.store(true, Ordering::Relaxed);
        match key {
            Key::ScrollUp => screen::scroll(Scroll::Up),
            Key::ScrollDown => screen::scroll(Scroll::Down),
            _ => len = key_bytes::encode(key, bytes),
        }
    }
    len
}

/// The largest number of bytes that [`wait_bytes`] returns.
pub const TYPED_BYTES_MAX: usize = 64;

/// Returns whether Ctrl-C was typed since the last key was read. Keys typed before it are
/// discarded; keys typed after it are kept for the next reader.
pub fn is_interrupted() -> bool {
    INPUT.lock().is_interrupted()
}
