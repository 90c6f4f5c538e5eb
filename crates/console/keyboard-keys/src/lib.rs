//! Keys out of the scan codes of a PC's keyboard, in the layouts of several countries.
//!
//! [`Decoder`] takes the bytes that the keyboard sends, in an interrupt handler: it
//! knows which keys are held down and which locks are on, and makes [`KeyPress`]es,
//! each with what was held at that moment. So a press that gets lost on its way
//! leaves no Shift behind. [`Layout::key`] makes a [`Key`] of a press, whenever it is
//! read. [`LightSetter`] says what to send to the keyboard for its lights.
//!
//! Scan codes and most of what stands on the keys are `pc_keyboard`'s. Here are held
//! keys, locks that repeat, chords, the keypad, and where the layouts differ.
//!
//! ```
//! use keyboard_keys::{Decoder, Event, Key, Layout, ScanCodeSet};
//! let mut decoder = Decoder::new(ScanCodeSet::One);
//! // Right Alt is pressed, then the key behind Tab.
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
