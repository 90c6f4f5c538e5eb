mod decoder;
mod keys;
mod layouts;
mod lights;

use std::vec::Vec;

use crate::{Decoder, Event, Key, Layout, ScanCodeSet};

/// Scan codes of set 1.
const SHIFT: u8 = 0x2A;
const RIGHT_SHIFT: u8 = 0x36;
const CTRL: u8 = 0x1D;
const ALT: u8 = 0x38;
const CAPS_LOCK: u8 = 0x3A;
const NUM_LOCK: u8 = 0x45;
const SCROLL_LOCK: u8 = 0x46;
/// The prefix of the code of a key that the original PC didn't have.
const EXTENDED: u8 = 0xE0;
/// The bit that is set in the code of a released key.
const RELEASE: u8 = 0x80;

fn events(decoder: &mut Decoder, bytes: &[u8]) -> Vec<Event> {
    bytes.iter().filter_map(|&byte| decoder.push(byte)).collect()
}

/// Returns the keys for bytes of set 1.
fn typed(layout: Layout, bytes: &[u8]) -> Vec<Key> {
    keys(layout, &mut Decoder::new(ScanCodeSet::One), bytes)
}

fn keys(layout: Layout, decoder: &mut Decoder, bytes: &[u8]) -> Vec<Key> {
    let key = |event| match event {
        Event::Press(press) => layout.key(&press),
        _ => None,
    };
    events(decoder, bytes).into_iter().filter_map(key).collect()
}
