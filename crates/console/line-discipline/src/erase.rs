//! ERASE, WERASE and KILL.

use crate::character::{is_alphanumeric, is_continuation, is_control};
use crate::control_character::ControlCharacter;
use crate::discipline::LineDiscipline;
use crate::flags::{InputFlags, LocalFlags};

/// The part of the edited line that is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Erase {
    Character,
    Word,
    Line,
}

impl LineDiscipline {
    /// Erases a part of the edited line, and echoes the change.
    pub(crate) fn erase(&mut self, what: Erase) {
        if self.input.edited_len() == 0 {
            return;
        }
        let echo = self.has_local(LocalFlags::ECHO);
        let visibly = LocalFlags::ECHOE | LocalFlags::ECHOK | LocalFlags::ECHOKE;
        if what == Erase::Line && !(echo && self.has_local(visibly)) {
            self.input.shorten(0);
            if echo {
                self.finish_erasing();
                self.echo(self.termios.character(ControlCharacter::Kill));
                if self.has_local(LocalFlags::ECHOK) {
                    self.echo_plain(b'\n');
                }
            }
            return;
        }
        let mut in_word = false;
        while let Some(start) = self.last_character() {
            let first = self.input.edited(start);
            if what == Erase::Word {
                if is_alphanumeric(first) || first == b'_' {
                    in_word = true;
                } else if in_word {
                    break;
                }
            }
            if echo && self.has_local(LocalFlags::ECHOPRT) {
                self.show_erased(start);
                self.input.shorten(start);
            } else {
                self.input.shorten(start);
                if echo {
                    self.remove_from_screen(first, what);
                }
            }
            if what == Erase::Character {
                break;
            }
        }
        if echo && self.input.edited_len() == 0 {
            self.finish_erasing();
        }
    }

    /// Returns the start of the last character of the edited line; `None` if the line is
    /// empty, or has only continuation bytes of a UTF-8 character.
    fn last_character(&self) -> Option<usize> {
        let length = self.input.edited_len();
        (0..length).rev().find(|at| !self.is_inside_character(self.input.edited(*at)))
    }

    fn is_inside_character(&self, byte: u8) -> bool {
        self.has_input(InputFlags::IUTF8) && is_continuation(byte)
    }

    /// Echoes the last character, which starts at `start`, between `\` and `/`.
    fn show_erased(&mut self, start: usize) {
        if !self.erasing {
            self.echo_plain(b'\\');
            self.erasing = true;
        }
        self.echo(self.input.edited(start));
        for position in start + 1..self.input.edited_len() {
            self.echo_plain(self.input.edited(position));
            self.output.step_back();
        }
    }

    /// Removes a character, which is no longer in the edited line, from the screen.
    fn remove_from_screen(&mut self, first: u8, what: Erase) {
        if what == Erase::Character && !self.has_local(LocalFlags::ECHOE) {
            self.echo(self.termios.character(ControlCharacter::Erase));
        } else if first == b'\t' {
            self.remove_tab();
        } else {
            let width = match (is_control(first), self.has_local(LocalFlags::ECHOCTL)) {
                (false, _) => 1,
                (true, true) => 2,
                (true, false) => 0,
            };
            for _ in 0..width {
                for byte in *b"\x08 \x08" {
                    self.echo_plain(byte);
                }
            }
        }
    }

    /// Moves the cursor back over a tab after the edited line.
    fn remove_tab(&mut self) {
        let mut columns = 0;
        for position in (0..self.input.edited_len()).rev() {
            let byte = self.input.edited(position);
            if byte == b'\t' {
                return self.output.erase_tab(columns, true);
            } else if is_control(byte) {
                columns += if self.has_local(LocalFlags::ECHOCTL) { 2 } else { 0 };
            } else if !self.is_inside_character(byte) {
                columns += 1;
            }
        }
        self.output.erase_tab(columns, false);
    }
}
