//! The requests in a program's output that a terminal answers.

use heapless::Vec;

/// The longest sequence that can be a request; longer ones are passed on.
const SEQUENCE_BYTES: usize = 12;

/// Removes requests that a terminal answers from a program's output. If two terminals show the
/// same output, one of them is filtered, so that only the other one answers.
///
/// Requests are DSR, DA and DECID, also in xterm's variants. The filter holds the beginning of a
/// sequence back until it can be classified, which has no visible effect.
#[derive(Debug, Default)]
pub struct RequestFilter {
    held: Vec<u8, SEQUENCE_BYTES>,
}

impl RequestFilter {
    /// The most bytes that are held back.
    pub const HELD_BYTES: usize = SEQUENCE_BYTES;

    /// Makes a filter that holds nothing back.
    pub const fn new() -> Self {
        Self { held: Vec::new() }
    }

    /// Processes a byte of the output, and passes bytes that aren't part of a request to
    /// `out`.
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

    /// Passes the bytes that are held back to `out`.
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
            // With a question mark, `c` sets the shape of the Linux console's cursor.
            b'c' => matches!(prefix, None | Some(b'>' | b'=')),
            _ => false,
        }
}
