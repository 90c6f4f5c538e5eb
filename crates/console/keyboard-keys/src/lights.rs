//! The lights of a keyboard, and the commands that set them.
//!
//! Source: PS/2 Technical Reference, "Keyboard commands": Set/Reset Status Indicators.

use bitflags::bitflags;

/// The keyboard's answer to each byte that it accepts.
pub const ACKNOWLEDGED: u8 = 0xFA;
/// The keyboard's answer to a byte that it rejects.
pub const RESEND: u8 = 0xFE;

const SET_LIGHTS: u8 = 0xED;

/// The time-out for an answer. A keyboard has to answer within 20 ms.
const ANSWER_MAX_US: u64 = 100_000;

bitflags! {
    /// Lights, in the keyboard's encoding.
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

/// Sets the lights of a keyboard without waiting for its answers.
///
/// If a keyboard doesn't answer, or rejects the command, nothing is sent before the lights
/// change again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LightSetter {
    /// The lights that were sent last, whether the keyboard accepted them or not.
    shown: Option<Lights>,
    state: Progress,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Idle,
    /// The command was sent at that time, in microseconds.
    CommandSent(u64),
    /// The lights were sent at that time, in microseconds.
    LightsSent(u64),
}

impl LightSetter {
    /// Returns a setter for a keyboard whose lights are in an unknown state.
    pub const fn new() -> Self {
        Self { shown: None, state: Progress::Idle }
    }

    /// Returns the first byte to send, if the lights should change and no command is in
    /// progress. The caller has to send it.
    pub fn begin(&mut self, wanted: Lights, now_us: u64) -> Option<u8> {
        if let Progress::CommandSent(since_us) | Progress::LightsSent(since_us) = self.state {
            if now_us.saturating_sub(since_us) < ANSWER_MAX_US {
                return None;
            }
            self.state = Progress::Idle;
        }
        if self.shown == Some(wanted) {
            return None;
        }
        self.shown = Some(wanted);
        self.state = Progress::CommandSent(now_us);
        Some(SET_LIGHTS)
    }

    /// Handles a byte from the keyboard; returns the byte to send in reply, if any. The
    /// caller has to send it.
    ///
    /// The code that receives the keyboard's bytes calls this first, because a keyboard
    /// sends no keys between the command and the lights.
    pub fn answer(&mut self, byte: u8, now_us: u64) -> Option<u8> {
        match (self.state, byte) {
            (Progress::CommandSent(_), ACKNOWLEDGED) => {
                self.state = Progress::LightsSent(now_us);
                self.shown.map(|lights| lights.bits())
            }
            (Progress::CommandSent(_) | Progress::LightsSent(_), ACKNOWLEDGED | RESEND) => {
                self.state = Progress::Idle;
                None
            }
            _ => None,
        }
    }

    /// Resets the state, because another keyboard may have been plugged in.
    pub fn begin_again(&mut self) {
        *self = Self::new();
    }
}

impl Default for LightSetter {
    fn default() -> Self {
        Self::new()
    }
}
