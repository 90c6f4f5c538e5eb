//! Sets modes, and switches between the two screens.
//!
//! Source: "XTerm Control Sequences", "DEC Private Mode Set"; console_codes(4), "DEC
//! Private Mode (DECSET/DECRST) sequences".

use crate::screen::{Screen, Which};

impl Screen {
    /// Sets a mode of ECMA-48. Only IRM (4) is supported.
    pub(crate) fn set_mode(&mut self, mode: usize, is_on: bool) {
        if mode == 4 {
            self.modes.is_insert = is_on;
        }
    }

    /// Sets a mode of DEC or xterm. Unknown modes are ignored. The two screens share the
    /// cursor.
    pub(crate) fn set_private_mode(&mut self, mode: usize, is_on: bool) {
        match mode {
            5 => self.modes.is_reversed = is_on,
            6 => {
                self.cursor.is_origin = is_on;
                self.go_to(0, 0);
            }
            7 => {
                self.modes.is_autowrap = is_on;
                self.cursor.is_wrap_pending &= is_on;
            }
            25 => self.modes.is_cursor_visible = is_on,
            47 => self.show(which(is_on)),
            1047 => {
                // Leaving the alternate screen empties it.
                if !is_on && self.which == Which::Alternate {
                    self.erase_screen(2);
                }
                self.show(which(is_on));
            }
            1048 if is_on => self.save_cursor(),
            1048 => self.restore_cursor(),
            1049 if is_on => {
                self.save_cursor();
                self.show(Which::Alternate);
                self.erase_screen(2);
            }
            1049 => {
                self.show(Which::Primary);
                self.restore_cursor();
            }
            _ => {}
        }
    }
}

fn which(is_alternate: bool) -> Which {
    if is_alternate { Which::Alternate } else { Which::Primary }
}
