//! The bytes for keys of the keyboard, as on the Linux console: TERM=linux.
//!
//! Source: terminfo(5), the entry `linux`.

use line_editor::Key;

/// Writes the bytes for `key` to `bytes`; returns their number.
pub(super) fn encode(key: Key, bytes: &mut [u8]) -> usize {
    let mut utf8 = [0; 4];
    let sent: &[u8] = match key {
        Key::Char(c) => c.encode_utf8(&mut utf8).as_bytes(),
        Key::Enter => b"\r",
        Key::Backspace => b"\x7F",
        Key::Tab => b"\t",
        Key::Escape => b"\x1B",
        Key::Ctrl(c) => {
            utf8[0] = c as u8 & 0x1F;
            &utf8[..1]
        }
        Key::Up => b"\x1B[A",
        Key::Down => b"\x1B[B",
        Key::Right => b"\x1B[C",
        Key::Left => b"\x1B[D",
        Key::Home => b"\x1B[1~",
        Key::End => b"\x1B[4~",
        Key::Delete => b"\x1B[3~",
        Key::PageUp => b"\x1B[5~",
        Key::PageDown => b"\x1B[6~",
        Key::WordLeft => b"\x1Bb",
        Key::WordRight => b"\x1Bf",
        Key::DeleteWordLeft => b"\x1B\x7F",
        Key::DeleteWordRight => b"\x1Bd",
        Key::Function(number) => function(number),
        Key::ScrollUp | Key::ScrollDown => b"",
    };
    let len = sent.len().min(bytes.len());
    bytes[..len].copy_from_slice(&sent[..len]);
    len
}

fn function(number: u8) -> &'static [u8] {
    const SEQUENCES: [&[u8]; 12] = [
        b"\x1B[[A",
        b"\x1B[[B",
        b"\x1B[[C",
        b"\x1B[[D",
        b"\x1B[[E",
        b"\x1B[17~",
        b"\x1B[18~",
        b"\x1B[19~",
        b"\x1B[20~",
        b"\x1B[21~",
        b"\x1B[23~",
        b"\x1B[24~",
    ];
    usize::from(number).checked_sub(1).and_then(|index| SEQUENCES.get(index)).unwrap_or(&&b""[..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn keys_are_sent_as_terminals_send_them() {
        let mut bytes = [0; 8];
        for (key, sent) in [
            (Key::Char('a'), &b"a"[..]),
            (Key::Char('ü'), "ü".as_bytes()),
            (Key::Ctrl('c'), b"\x03"),
            (Key::Enter, b"\r"),
            (Key::Up, b"\x1B[A"),
            (Key::Ctrl('\\'), b"\x1C"),
            (Key::Ctrl('@'), b"\0"),
            (Key::Function(5), b"\x1B[[E"),
            (Key::Function(13), b""),
            (Key::ScrollUp, b""),
        ] {
            let len = encode(key, &mut bytes);
            assert_eq!(&bytes[..len], sent, "{key:?}");
        }
    }
}
