//! A disk's answers: its status and error registers.
//!
//! Source: ACS-3, "STATUS field", "ERROR field".

use core::fmt;

/// Status: the disk executes a command.
const BUSY: u8 = 1 << 7;
/// Status: the disk can't go on.
const FAULT: u8 = 1 << 5;
/// Status: the disk waits for a transfer of data.
const DATA_REQUEST: u8 = 1 << 3;
/// Status: the command has failed; the error says why.
const ERROR: u8 = 1 << 0;

// Bits of the error.
const INTERFACE_CRC: u8 = 1 << 7;
const UNCORRECTABLE: u8 = 1 << 6;
const NO_SUCH_SECTOR: u8 = 1 << 4;
const ABORTED: u8 = 1 << 2;

/// The status and the error of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// The status.
    pub status: u8,
    /// The error, if the status has one.
    pub error: u8,
}

impl Status {
    /// Decodes the registers as a controller has them in one word.
    pub fn from_word(word: u32) -> Self {
        let [status, error, ..] = word.to_le_bytes();
        Self { status, error }
    }

    /// Returns the registers as a word.
    pub fn word(self) -> u16 {
        u16::from_le_bytes([self.status, self.error])
    }

    /// Returns whether the disk takes a command.
    pub fn is_ready(self) -> bool {
        self.status & (BUSY | DATA_REQUEST) == 0
    }

    /// Returns whether the last command has failed.
    pub fn is_failed(self) -> bool {
        self.status & (ERROR | FAULT) != 0
    }

    /// Returns whether the command may succeed if it is issued again: it was disturbed on its way. The
    /// disk itself has repeated all else for long.
    pub fn is_transient(self) -> bool {
        self.status & FAULT == 0 && self.error & INTERFACE_CRC != 0
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, error } = *self;
        if status & FAULT != 0 {
            return f.write_str("device fault");
        }
        for (bit, text) in [
            (INTERFACE_CRC, "interface CRC error"),
            (UNCORRECTABLE, "uncorrectable data"),
            (NO_SUCH_SECTOR, "no such sector"),
            (ABORTED, "command aborted"),
        ] {
            if error & bit != 0 {
                return f.write_str(text);
            }
        }
        write!(f, "status {status:#04x}, error {error:#04x}")
    }
}
