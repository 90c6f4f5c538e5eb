//! Switches modes, and between the two screens.
//!
//! Source: "XTerm Control Sequences", "DEC Private Mode Set"; console_codes(4), "DEC
//! Private Mode (DECSET/DECRST) sequences".

use crate::screen::{Screen, Which};

impl Screen {
    /// Switches a mode of the standard. Of these only IRM (4) is known.
    pub(crate) fn set_mode(&mut self, mode: usize, is_on: bool) {
        if mode == 4 {
            self.modes.is_insert = is_on;
        }
    }

    /// Switches a mode of DEC's or of xterm's. Those that aren't known do nothing. The
    /// two screens share the cursor.
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
                // It is left empty.
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
