//! The function of each control character and sequence.
//!
//! Source: ECMA-48, 8.3; "XTerm Control Sequences"; console_codes(4).

use vte::{Params, Perform};

use crate::charset::Charset;
use crate::screen::Screen;

impl Perform for Screen {
    fn print(&mut self, character: char) {
        self.put(character);
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\x07' => self.has_rung = true,
            b'\x08' => self.go_left(1),
            b'\t' => self.tab(1),
            // LF, VT, FF.
            b'\n' | b'\x0B' | b'\x0C' => self.line_feed(),
            b'\r' => self.go_to_column(0),
            // SO, SI.
            b'\x0E' => self.cursor.charsets.shift(1),
            b'\x0F' => self.cursor.charsets.shift(0),
            0x80.. => self.put(byte.into()),
            _ => {}
        }
    }

    // A truncated sequence has two intermediate bytes, so it matches none of these.
    fn esc_dispatch(&mut self, intermediates: &[u8], _is_cut: bool, byte: u8) {
        match (intermediates, byte) {
            ([], b'7') => self.save_cursor(),
            ([], b'8') => self.restore_cursor(),
            ([], b'D') => self.line_feed(),
            ([], b'E') => {
                self.go_to_column(0);
                self.line_feed();
            }
            ([], b'H') => self.tabs.set(self.cursor.column, true),
            ([], b'M') => self.reverse_line_feed(),
            ([], b'Z') => self.identify(),
            ([], b'c') => self.reset(),
            ([b'#'], b'8') => self.fill_for_alignment(),
            ([b'('], name) => self.cursor.charsets.designate(0, Charset::named(name)),
            ([b')'], name) => self.cursor.charsets.designate(1, Charset::named(name)),
            _ => {}
        }
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], is_cut: bool, action: char) {
        if is_cut {
            return;
        }
        match (intermediates, action) {
            ([], _) => self.control(params, action),
            ([b'?'], 'h' | 'l') => {
                numbers(params).for_each(|mode| self.set_private_mode(mode, action == 'h'));
            }
            ([b'!'], 'p') => self.reset_softly(),
            _ => {}
        }
    }
}

impl Screen {
    /// Executes a control sequence that has no intermediate bytes.
    fn control(&mut self, params: &Params, action: char) {
        let what = number(params, 0);
        let count = what.max(1);
        // Rows and columns are counted from 1; 0 or a missing number means 1.
        let index = |nth| number(params, nth).max(1) - 1;
        match action {
            '@' => self.insert_cells(count),
            'A' => self.go_up(count),
            'B' | 'e' => self.go_down(count),
            'C' | 'a' => self.go_right(count),
            'D' => self.go_left(count),
            'E' => {
                self.go_down(count);
                self.go_to_column(0);
            }
            'F' => {
                self.go_up(count);
                self.go_to_column(0);
            }
            'G' | '`' => self.go_to_column(index(0)),
            'H' | 'f' => self.go_to(index(0), index(1)),
            'I' => self.tab(count),
            'J' => self.erase_screen(what),
            'K' => self.erase_row(what),
            'L' => self.insert_rows(count),
            'M' => self.delete_rows(count),
            'P' => self.delete_cells(count),
            'S' => self.scroll_up(count),
            // With more parameters, the sequence belongs to mouse tracking.
            'T' if params.len() == 1 => self.scroll_down(count),
            'X' => self.erase_cells(count),
            'Z' => self.tab_back(count),
            'b' => self.repeat(count),
            'c' if what == 0 => self.identify(),
            'd' => self.go_to_row(index(0)),
            'g' if what == 0 => self.tabs.set(self.cursor.column, false),
            'g' if what == 3 => self.tabs.clear(),
            'h' | 'l' => numbers(params).for_each(|mode| self.set_mode(mode, action == 'h')),
            'm' => self.cursor.style.select(params),
            'n' => self.report(what),
            'r' => self.set_region(number(params, 0), number(params, 1)),
            's' => self.save_cursor(),
            'u' => self.restore_cursor(),
            _ => {}
        }
    }
}

/// Returns parameter `nth`; 0 if it is missing.
fn number(params: &Params, nth: usize) -> usize {
    numbers(params).nth(nth).unwrap_or(0)
}

/// Returns the parameters, each without the numbers that follow its colons.
fn numbers(params: &Params) -> impl Iterator<Item = usize> {
    params.iter().map(|param| param.first().copied().unwrap_or(0).into())
}
