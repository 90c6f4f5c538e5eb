//! Converts the scan codes of a PC's keyboard into keys, in the layouts of several
//! countries.
//!
//! [`Decoder`] decodes the bytes that the keyboard sends, in an interrupt handler. It
//! records which modifiers are held and which locks are on, and produces [`KeyPress`]es,
//! each with the modifiers of that moment. The loss of a press therefore affects no
//! modifier. [`Layout::key`] converts a press into a [`Key`] when the press is read.
//! [`LightSetter`] determines the bytes to send to the keyboard for its lights.
//!
//! The crate `pc_keyboard` decodes scan codes and has most of the layouts. This crate adds
//! modifiers, locks that repeat, chords, the keypad, and corrections of the layouts.
//!
//! ```
//! use keyboard_keys::{Decoder, Event, Key, Layout, ScanCodeSet};
//! let mut decoder = Decoder::new(ScanCodeSet::One);
//! // Right Alt is pressed, then the key next to Tab.
//! let events: Vec<_> = [0xE0, 0x38, 0x10].iter().filter_map(|&byte| decoder.push(byte)).collect();
//! let [Event::Press(press)] = &events[..] else { panic!("one key") };
//! assert_eq!(Layout::De.key(press), Some(Key::Char('@')));
//! assert_eq!(Layout::Us.key(press), None);
//! ```

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[cfg(test)]
extern crate std;

mod decoder;
mod keys;
mod layout;
mod lights;
#[cfg(test)]
mod tests;

pub use decoder::{Decoder, Event, KeyPress, ScanCodeSet};
pub use layout::Layout;
pub use lights::{ACKNOWLEDGED, LightSetter, Lights, RESEND};
pub use line_editor::Key;
