//! The bytes that wait for the device, and the column after them.

use alloc::boxed::Box;

use crate::buffer::{CreateError, buffer};
use crate::character::{is_continuation, is_control, to_upper};
use crate::flags::OutputFlags;
use crate::input_queue::INPUT_BYTES;

/// The most bytes that wait for the device.
pub const OUTPUT_BYTES: usize = 16384;

/// The part of the queue that is reserved for echo, so that typed keys are echoed while a program
/// writes without pause. It suffices to remove the longest line from the screen, with three bytes
/// for each character.
pub const ECHO_RESERVE_BYTES: usize = 3 * INPUT_BYTES;

/// The processing of output: the flags, and whether it is UTF-8.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Processing {
    pub(crate) flags: OutputFlags,
    pub(crate) utf8: bool,
}

/// A ring of bytes. The indices grow without limit.
#[derive(Debug)]
pub(crate) struct OutputQueue {
    bytes: Box<[u8]>,
    head: usize,
    tail: usize,
    /// The index at which the output is stopped: bytes from there on wait for a restart.
    stopped_at: Option<usize>,
    columns: Columns,
    /// The columns at the time when the output stopped.
    stopped_columns: Columns,
}

/// Columns of the terminal, from 0.
#[derive(Clone, Copy, Debug, Default)]
struct Columns {
    /// The column after the last byte.
    current: usize,
    /// The column where the edited line began.
    line: usize,
}

impl OutputQueue {
    /// Returns an empty queue.
    pub(crate) fn try_new() -> Result<Self, CreateError> {
        Ok(Self {
            bytes: buffer(OUTPUT_BYTES)?,
            head: 0,
            tail: 0,
            stopped_at: None,
            columns: Columns::default(),
            stopped_columns: Columns::default(),
        })
    }

    /// Returns how many bytes wait.
    pub(crate) fn len(&self) -> usize {
        self.head.wrapping_sub(self.tail)
    }

    /// Returns how many bytes the device can take now.
    pub(crate) fn ready(&self) -> usize {
        self.stopped_at.unwrap_or(self.head).wrapping_sub(self.tail)
    }

    /// Returns the room for echo.
    pub(crate) fn room(&self) -> usize {
        OUTPUT_BYTES - self.len()
    }

    /// Returns the room for programs.
    pub(crate) fn program_room(&self) -> usize {
        self.room().saturating_sub(ECHO_RESERVE_BYTES)
    }

    /// Takes bytes for the device. Returns how many.
    pub(crate) fn take(&mut self, destination: &mut [u8]) -> usize {
        let length = destination.len().min(self.ready());
        for byte in &mut destination[..length] {
            *byte = self.bytes[self.tail % OUTPUT_BYTES];
            self.tail = self.tail.wrapping_add(1);
        }
        length
    }

    /// Removes everything.
    pub(crate) fn clear(&mut self) {
        self.tail = self.head;
        if let Some(at) = &mut self.stopped_at {
            *at = self.head;
            self.columns = self.stopped_columns;
        }
    }

    /// Removes the bytes that the device can take now.
    pub(crate) fn clear_ready(&mut self) {
        self.tail = self.stopped_at.unwrap_or(self.head);
    }

    /// Stops the output of bytes: `at_once` of all, otherwise of those that follow.
    pub(crate) fn stop(&mut self, at_once: bool) {
        self.stopped_at = Some(if at_once { self.tail } else { self.head });
        self.stopped_columns = self.columns;
    }

    /// Restarts the output of all bytes.
    pub(crate) fn restart(&mut self) {
        self.stopped_at = None;
    }

    /// Appends a byte unprocessed, without moving the column. Returns whether there was
    /// room.
    pub(crate) fn push(&mut self, byte: u8) -> bool {
        if self.room() == 0 {
            return false;
        }
        self.bytes[self.head % OUTPUT_BYTES] = byte;
        self.head = self.head.wrapping_add(1);
        true
    }

    /// Appends bytes that take `columns` columns, all of them or none.
    pub(crate) fn push_whole(&mut self, bytes: &[u8], columns: usize) {
        if bytes.len() <= self.room() {
            for byte in bytes {
                self.push(*byte);
            }
            self.columns.current += columns;
        }
    }

    /// Records that the edited line begins in the current column.
    pub(crate) fn mark_line(&mut self) {
        self.columns.line = self.columns.current;
    }

    /// Moves the current column back by one.
    pub(crate) fn step_back(&mut self) {
        self.columns.current = self.columns.current.saturating_sub(1);
    }

    /// Moves back over a tab that is `columns` columns after another tab, or after the
    /// start of the line.
    pub(crate) fn erase_tab(&mut self, columns: usize, after_tab: bool) {
        let before = if after_tab { columns } else { columns + self.columns.line };
        let width = 8 - before % 8;
        if width <= self.room() {
            for _ in 0..width {
                self.push(b'\x08');
                self.step_back();
            }
        }
    }

    /// Appends a byte, processed according to OPOST, if `room` suffices for the result; returns
    /// whether it did.
    pub(crate) fn process(&mut self, byte: u8, how: Processing, room: usize) -> bool {
        let flags = how.flags;
        if room == 0 {
            return false;
        }
        let mut byte = byte;
        match byte {
            b'\n' => {
                if flags.contains(OutputFlags::ONLRET) {
                    self.columns.current = 0;
                }
                if flags.contains(OutputFlags::ONLCR) {
                    if room < 2 {
                        return false;
                    }
                    self.push(b'\r');
                    self.columns.current = 0;
                }
                self.columns.line = self.columns.current;
            }
            b'\r' if flags.contains(OutputFlags::ONOCR) && self.columns.current == 0 => {
                return true;
            }
            b'\r' => {
                let becomes_newline = flags.contains(OutputFlags::OCRNL);
                if becomes_newline {
                    byte = b'\n';
                }
                if !becomes_newline || flags.contains(OutputFlags::ONLRET) {
                    self.columns.current = 0;
                    self.columns.line = 0;
                }
            }
            b'\t' => {
                let width = 8 - self.columns.current % 8;
                if flags & OutputFlags::TABDLY == OutputFlags::XTABS {
                    if room < width {
                        return false;
                    }
                    for _ in 0..width {
                        self.push(b' ');
                    }
                    self.columns.current += width;
                    return true;
                }
                self.columns.current += width;
            }
            b'\x08' => self.step_back(),
            _ if is_control(byte) => {}
            _ => {
                if flags.contains(OutputFlags::OLCUC) {
                    byte = to_upper(byte);
                }
                if !(how.utf8 && is_continuation(byte)) {
                    self.columns.current += 1;
                }
            }
        }
        self.push(byte)
    }
}
