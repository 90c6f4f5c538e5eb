//! A line of text, typed and corrected by backspace.

use heapless::String;

use super::{Key, wait_key, write};

/// The longest line, in bytes.
pub const LINE_MAX_BYTES: usize = 240;

/// Shows `prompt` and reads a line, which is echoed.
///
/// Backspace takes a character back, Ctrl-U all of them, Ctrl-C gives the line
/// up: the result is then empty.
pub fn read_line(prompt: &str) -> String<LINE_MAX_BYTES> {
    write(prompt);
    let mut line = String::new();
    loop {
        match wait_key() {
            Key::Enter => {
                write("\n");
                return line;
            }
            Key::Ctrl('c') => {
                write("^C\n");
                return String::new();
            }
            Key::Ctrl('u') => {
                while line.pop().is_some() {
                    erase();
                }
            }
            Key::Backspace => {
                if line.pop().is_some() {
                    erase();
                }
            }
            Key::Char(c) if line.push(c).is_ok() => write(c.encode_utf8(&mut [0; 4])),
            Key::Char(_) | Key::Ctrl(_) => {}
        }
    }
}

fn erase() {
    write("\x08 \x08");
}
