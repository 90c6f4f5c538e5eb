//! The echo of input.

use crate::character::is_control;
use crate::discipline::LineDiscipline;
use crate::flags::LocalFlags;

impl LineDiscipline {
    /// Echoes a byte. With ECHOCTL, a control character except the tab is echoed as `^X`.
    pub(crate) fn echo(&mut self, byte: u8) {
        if is_control(byte) && byte != b'\t' && self.has_local(LocalFlags::ECHOCTL) {
            self.output.push_whole(&[b'^', byte ^ 0x40], 2);
        } else {
            self.echo_plain(byte);
        }
    }

    /// Echoes a byte without a `^`, processed according to OPOST.
    pub(crate) fn echo_plain(&mut self, byte: u8) {
        match self.processing() {
            // Linux marks commands in its echo buffer with this byte, and sends the byte
            // itself unprocessed.
            _ if byte == 0xff => self.output.push_whole(&[byte], 1),
            Some(how) => {
                let room = self.output.room();
                self.output.process(byte, how, room);
            }
            None => {
                self.output.push(byte);
            }
        }
    }

    /// Echoes a byte that is added to the edited line.
    pub(crate) fn echo_input(&mut self, byte: u8) {
        if self.input.edited_len() == 0 {
            self.output.mark_line();
        }
        self.echo(byte);
    }

    /// Echoes the `/` after characters that were shown as erased.
    pub(crate) fn finish_erasing(&mut self) {
        if core::mem::take(&mut self.erasing) {
            self.echo_plain(b'/');
        }
    }

    /// Shows the edited line again.
    pub(crate) fn reprint(&mut self, byte: u8) {
        self.finish_erasing();
        self.echo(byte);
        self.echo_plain(b'\n');
        for position in 0..self.input.edited_len() {
            self.echo(self.input.edited(position));
        }
    }
}
