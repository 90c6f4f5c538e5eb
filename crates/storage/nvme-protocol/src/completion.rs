//! A controller's answers.
//!
//! Source: NVM Express Base Specification 2.0, "Completion Queue Entry", "Status Code".

use core::fmt;

/// The size of an answer, in bytes.
pub const COMPLETION_BYTES: usize = 16;

/// The answer to a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The result; its meaning depends on the command.
    pub result: u32,
    /// The position up to which the controller has taken commands from the submission queue.
    pub submission_head: u16,
    /// The identifier of the command.
    pub identifier: u16,
    /// The phase, which says whether the entry is new: see
    /// [`CompletionRing`](crate::ring::CompletionRing).
    pub phase: bool,
    /// The outcome.
    pub status: Status,
}

impl Completion {
    /// Decodes the words of an entry.
    pub fn from_words(words: [u32; COMPLETION_BYTES / 4]) -> Self {
        let [result, _, head, last] = words;
        Self {
            result,
            submission_head: head as u16,
            identifier: last as u16,
            phase: last & 1 << 16 != 0,
            status: Status((last >> 17) as u16),
        }
    }
}

/// Returns the number of pairs of queues that the result of Set Features grants, at least 1.
pub fn queue_pairs(result: u32) -> u16 {
    let [submission, completion] = [result as u16, (result >> 16) as u16];
    submission.min(completion).saturating_add(1)
}

/// The outcome of a command: the upper 15 bits of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u16);

impl Status {
    /// Success.
    pub const SUCCESS: Self = Self(0);

    /// Returns whether the command has succeeded.
    pub fn is_success(self) -> bool {
        self.0 & 0x7FF == 0
    }

    /// Returns whether the same command would fail again.
    pub fn is_final(self) -> bool {
        self.0 & 1 << 14 != 0
    }

    /// Returns the type and the code.
    pub fn parts(self) -> (u8, u8) {
        ((self.0 >> 8) as u8 & 7, self.0 as u8)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, code) = self.parts();
        let text = match (kind, code) {
            (0, 0x00) => "success",
            (0, 0x01) => "invalid opcode",
            (0, 0x02) => "invalid field",
            (0, 0x04) => "data transfer error",
            (0, 0x06) => "internal error",
            (0, 0x07) => "aborted",
            (0, 0x08) => "aborted with its queue",
            (0, 0x0B) => "invalid namespace",
            (0, 0x13) => "invalid data pointer",
            (0, 0x80) => "block out of range",
            (0, 0x82) => "namespace not ready",
            (1, 0x01) => "invalid queue",
            (1, 0x02) => "invalid queue size",
            (1, 0x80) => "conflicting attributes",
            (1, 0x82) => "the namespace is read-only",
            (2, 0x80) => "write fault",
            (2, 0x81) => "unrecovered read error",
            (2, 0x86) => "access denied",
            _ => return write!(f, "status {kind}/{code:#04x}"),
        };
        write!(f, "{text} (status {kind}/{code:#04x})")
    }
}
