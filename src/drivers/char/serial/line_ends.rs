//! The encoding of text on the serial line.

/// The bytes of a text, with a CR before each LF.
pub(super) struct LineEnds<'a> {
    bytes: core::str::Bytes<'a>,
    is_line_feed_due: bool,
}

impl<'a> LineEnds<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { bytes: text.bytes(), is_line_feed_due: false }
    }
}

impl Iterator for LineEnds<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        if core::mem::take(&mut self.is_line_feed_due) {
            return Some(b'\n');
        }
        let byte = self.bytes.next()?;
        if byte == b'\n' {
            self.is_line_feed_due = true;
            return Some(b'\r');
        }
        Some(byte)
    }
}

/// An iterator over bytes whose next byte can be inspected.
pub(super) trait PeekableBytes: Iterator<Item = u8> {
    fn peek_byte(&mut self) -> Option<u8>;
}

impl<I: Iterator<Item = u8>> PeekableBytes for core::iter::Peekable<I> {
    fn peek_byte(&mut self) -> Option<u8> {
        self.peek().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn line_feeds_get_a_carriage_return() {
        assert!(LineEnds::new("a\n\nb").eq(*b"a\r\n\r\nb"));
    }
}
