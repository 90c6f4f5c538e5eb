//! The modes that a program switches.
//!
//! Source: "XTerm Control Sequences", "DEC Private Mode Set"; console_codes(4), "DEC
//! Private Mode (DECSET/DECRST) sequences".

/// What can be switched on and off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Modes {
    /// IRM: characters are inserted.
    pub(crate) is_insert: bool,
    /// DECAWM: what doesn't fit into a row goes to the next.
    pub(crate) is_autowrap: bool,
    /// DECTCEM.
    pub(crate) is_cursor_visible: bool,
    /// DECSCNM: the default colours are exchanged.
    pub(crate) is_reversed: bool,
}

impl Default for Modes {
    fn default() -> Self {
        Self { is_insert: false, is_autowrap: true, is_cursor_visible: true, is_reversed: false }
    }
}
