//! Keys for a kernel that has stopped.

use heapless::Deque;
use line_editor::{Key, KeyDecoder};

use crate::drivers::char::keyboard::EmergencyKeyboard;
use crate::drivers::char::serial;

/// The number of keys that are kept while a command runs.
const TYPED_AHEAD_MAX: usize = 128;

/// Keys for a kernel that has stopped. They are read directly from the devices, without interrupts
/// and without a lock that may be held.
pub struct EmergencyInput {
    /// Decodes the serial line's bytes.
    decoder: KeyDecoder,
    keyboard: EmergencyKeyboard,
    typed_ahead: Deque<Key, TYPED_AHEAD_MAX>,
}

impl EmergencyInput {
    /// Makes an input that has not read a key.
    #[expect(clippy::new_without_default, reason = "it asks what was found at the start")]
    pub fn new() -> Self {
        Self {
            decoder: KeyDecoder::new(),
            keyboard: EmergencyKeyboard::new(),
            typed_ahead: Deque::new(),
        }
    }

    /// Waits for a key, with interrupts off.
    pub fn wait_key(&mut self) -> Key {
        loop {
            if let Some(key) = self.typed_ahead.pop_front().or_else(|| self.poll()) {
                return key;
            }
            core::hint::spin_loop();
        }
    }

    /// Returns whether Ctrl-C was typed since the last key was read. Keys typed before it are
    /// discarded; keys typed after it are kept for the next reader.
    pub fn is_interrupted(&mut self) -> bool {
        while !self.typed_ahead.is_full()
            && let Some(key) = self.poll()
        {
            if key == Key::Ctrl('c') {
                self.typed_ahead.clear();
                return true;
            }
            self.typed_ahead.push_back(key).expect("it was checked not to be full");
        }
        false
    }

    fn poll(&mut self) -> Option<Key> {
        let from_serial = serial::poll_emergency().and_then(|byte| self.decoder.push(byte));
        from_serial.or_else(|| self.keyboard.poll())
    }
}
