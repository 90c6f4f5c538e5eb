//! The files of poll(2).

use core::fmt;

use crate::bytes::Bytes;
use crate::flags::FlagSet;

/// Source: Linux UAPI, asm-generic/poll.h.
const EVENTS: FlagSet = FlagSet {
    field: None,
    zero: "0",
    bits: &[
        (1, "POLLIN"),
        (2, "POLLPRI"),
        (4, "POLLOUT"),
        (8, "POLLERR"),
        (0x10, "POLLHUP"),
        (0x20, "POLLNVAL"),
        (0x40, "POLLRDNORM"),
        (0x80, "POLLRDBAND"),
        (0x100, "POLLWRNORM"),
        (0x200, "POLLWRBAND"),
        (0x2000, "POLLRDHUP"),
    ],
};

/// A `struct pollfd`.
#[derive(Clone, Copy, Debug)]
pub struct PolledFile {
    fd: i32,
    wanted: u16,
    happened: u16,
}

impl PolledFile {
    /// The length of the structure, in bytes.
    pub const BYTES: usize = 8;

    /// Reads the structure.
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Self {
        let bytes = Bytes(bytes);
        Self { fd: bytes.i32_at(0), wanted: bytes.u16_at(4), happened: bytes.u16_at(6) }
    }

    /// Returns whether the file has events.
    pub const fn has_happened(&self) -> bool {
        self.happened != 0
    }

    /// Shows the events of the file; formatting the structure itself shows the requested events.
    pub fn show_happened(&self) -> impl fmt::Display + use<> {
        let Self { fd, happened, .. } = *self;
        fmt::from_fn(move |f| write!(f, "{{fd={fd}, revents={}}}", EVENTS.show(happened.into())))
    }
}

impl fmt::Display for PolledFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fd {
            fd @ ..0 => write!(f, "{{fd={fd}}}"),
            fd => write!(f, "{{fd={fd}, events={}}}", EVENTS.show(self.wanted.into())),
        }
    }
}
