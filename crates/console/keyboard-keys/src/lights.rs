//! The lights of a keyboard, and how it is told of them.
//!
//! Source: PS/2 Technical Reference, "Keyboard commands": Set/Reset Status Indicators.

use bitflags::bitflags;

/// The keyboard's answer to each byte that it has understood.
pub const ACKNOWLEDGED: u8 = 0xFA;
/// The keyboard's answer to a byte that it hasn't.
pub const RESEND: u8 = 0xFE;

const SET_LIGHTS: u8 = 0xED;

/// For how long an answer is waited for. A keyboard has 20 ms for it.
const ANSWER_MAX_US: u64 = 100_000;

bitflags! {
    /// Lights, as the keyboard takes them.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Lights: u8 {
        /// ScrollLock is on.
        const SCROLL_LOCK = 1 << 0;
        /// NumLock is on.
        const NUM_LOCK = 1 << 1;
        /// CapsLock is on.
        const CAPS_LOCK = 1 << 2;
    }
}

/// Tells a keyboard which lights to show, without ever waiting for it.
///
/// A keyboard that doesn't answer, or refuses, isn't told again before the lights
/// change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LightSetter {
    /// What was sent last, whatever became of it.
    shown: Option<Lights>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    /// The command was sent, at that time.
    CommandSent(u64),
    /// The lights were sent, at that time.
    LightsSent(u64),
}

impl LightSetter {
    /// Returns one that knows nothing of what the lights show.
    pub const fn new() -> Self {
        Self { shown: None, state: State::Idle }
    }

    /// Returns the byte to begin with, if the lights should change and nothing is
    /// under way. It counts as sent.
    pub fn begin(&mut self, wanted: Lights, now_us: u64) -> Option<u8> {
        if let State::CommandSent(since_us) | State::LightsSent(since_us) = self.state {
            if now_us.saturating_sub(since_us) < ANSWER_MAX_US {
                return None;
            }
            self.state = State::Idle;
        }
        if self.shown == Some(wanted) {
            return None;
        }
        self.shown = Some(wanted);
        self.state = State::CommandSent(now_us);
        Some(SET_LIGHTS)
    }

    /// Takes a byte from the keyboard; returns what to send to it at once, if
    /// anything. It counts as sent.
    ///
    /// Between the command and the lights a keyboard sends no keys, so this is for
    /// whoever gets the byte first.
    pub fn answer(&mut self, byte: u8, now_us: u64) -> Option<u8> {
        match (self.state, byte) {
            (State::CommandSent(_), ACKNOWLEDGED) => {
                self.state = State::LightsSent(now_us);
                self.shown.map(|lights| lights.bits())
            }
            (State::CommandSent(_) | State::LightsSent(_), ACKNOWLEDGED | RESEND) => {
                self.state = State::Idle;
                None
            }
            _ => None,
        }
    }

    /// Forgets all, as another keyboard may have been plugged in.
    pub fn begin_again(&mut self) {
        *self = Self::new();
    }
}

impl Default for LightSetter {
    fn default() -> Self {
        Self::new()
    }
}
