//! The modes that a program can set.
//!
//! Source: "XTerm Control Sequences", "DEC Private Mode Set"; console_codes(4), "DEC
//! Private Mode (DECSET/DECRST) sequences".

/// Modes that are on or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Modes {
    /// IRM: a character is inserted, and the rest of the row moves right.
    pub(crate) is_insert: bool,
    /// DECAWM: text that reaches the end of a row continues in the next.
    pub(crate) is_autowrap: bool,
    /// DECTCEM: the cursor is shown.
    pub(crate) is_cursor_visible: bool,
    /// DECSCNM: the default colours are exchanged.
    pub(crate) is_reversed: bool,
}

impl Default for Modes {
    fn default() -> Self {
        Self { is_insert: false, is_autowrap: true, is_cursor_visible: true, is_reversed: false }
    }
}
