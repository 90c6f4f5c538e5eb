//! The requests in a program's output that a terminal answers.

use heapless::Vec;

/// The longest sequence that can be a request; longer ones pass.
const SEQUENCE_BYTES: usize = 12;

/// Takes requests that a terminal answers out of a program's output: for one of two terminals that
/// get the same text, so that only the other one answers.
///
/// Requests are reports of the state and of the attributes (DSR, DA, DECID), also xterm's. The beginning
/// of a sequence is held back until it is known what it is, which changes nothing on a screen.
#[derive(Debug, Default)]
pub struct RequestFilter {
    held: Vec<u8, SEQUENCE_BYTES>,
}

impl RequestFilter {
    /// How many bytes more than it gets it passes at most.
    pub const HELD_BYTES: usize = SEQUENCE_BYTES;

    /// Makes a filter that holds nothing back.
    pub const fn new() -> Self {
        Self { held: Vec::new() }
    }

    /// Takes a byte of the output, and passes what isn't part of a request to `out`.
    pub fn push(&mut self, byte: u8, out: &mut impl Extend<u8>) {
        match (&self.held[..], byte) {
            (_, 0x1B) => {
                self.flush(out);
                self.hold(byte, out);
            }
            ([], _) => out.extend([byte]),
            ([_], b'[') | ([_, _, ..], b' '..=b'?') => self.hold(byte, out),
            ([_], b'Z') => self.held.clear(),
            ([_, _, parameters @ ..], _) if is_request(parameters, byte) => self.held.clear(),
            _ => {
                self.flush(out);
                out.extend([byte]);
            }
        }
    }

    /// Passes what is held back to `out`.
    pub fn flush(&mut self, out: &mut impl Extend<u8>) {
        out.extend(self.held.iter().copied());
        self.held.clear();
    }

    fn hold(&mut self, byte: u8, out: &mut impl Extend<u8>) {
        if self.held.push(byte).is_err() {
            self.flush(out);
            out.extend([byte]);
        }
    }
}

/// Returns whether a control sequence with these parameters and this last byte is a request.
///
/// Source: ECMA-48, 8.3.24 (DA) and 8.3.35 (DSR); "XTerm Control Sequences".
fn is_request(parameters: &[u8], last: u8) -> bool {
    let (prefix, digits) = match parameters {
        [prefix @ b'<'..=b'?', digits @ ..] => (Some(prefix), digits),
        digits => (None, digits),
    };
    let is_plain = digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b';' | b':'));
    is_plain
        && match last {
            b'n' => matches!(prefix, None | Some(b'?')),
            // With a question mark it is the Linux console's shape of the cursor.
            b'c' => matches!(prefix, None | Some(b'>' | b'=')),
            _ => false,
        }
}
