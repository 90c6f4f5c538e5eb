//! What a program asks of a file in a set.

use bitflags::bitflags;

use crate::fs::file::readiness::Readiness;

bitflags! {
    /// What a file is to be ready for, and how that is reported; with Linux's values.
    ///
    /// Source: Linux, include/uapi/linux/eventpoll.h.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct SetEvents: u32 {
        /// Of several sets that the file is in, one is woken at least: EPOLLEXCLUSIVE. All are woken.
        const EXCLUSIVE = 1 << 28;
        /// The machine doesn't sleep meanwhile: EPOLLWAKEUP. It never does.
        const WAKE_UP = 1 << 29;
        /// It is reported once: EPOLLONESHOT.
        const ONE_SHOT = 1 << 30;
        /// It is reported when it changes: EPOLLET.
        const EDGE = 1 << 31;
        /// The bits of [`Readiness`].
        const READINESS = 0xFFFF;
    }
}

impl SetEvents {
    /// The bits that are not for a [`Readiness`]: without any other, nothing is reported.
    const HOW: Self = Self::EXCLUSIVE.union(Self::WAKE_UP).union(Self::ONE_SHOT).union(Self::EDGE);

    /// Those that can be asked for together with [`EXCLUSIVE`](Self::EXCLUSIVE): EPOLLIN, EPOLLOUT
    /// and their like, EPOLLERR, EPOLLHUP, and how it is reported.
    const WITH_EXCLUSIVE: u32 = 0x1 | 0x40 | 0x4 | 0x100 | 0x8 | 0x10 | 1 << 28 | 1 << 29 | 1 << 31;

    /// Returns whether what is asked for can be asked for exclusively.
    pub(super) fn can_be_exclusive(self) -> bool {
        self.bits() & !Self::WITH_EXCLUSIVE == 0
    }

    /// Returns those of a file that reports nothing any more.
    pub(super) fn disabled(self) -> Self {
        self & Self::HOW
    }

    /// Returns what of `readiness` is reported.
    pub(super) fn reported(self, readiness: Readiness) -> Readiness {
        if (self & !Self::HOW).is_empty() {
            return Readiness::empty();
        }
        readiness.reported(Readiness::from_bits_truncate(self.bits() as u16))
    }

    /// Returns those of a file that is asked for; errors and hang-ups always are.
    pub(super) fn asked(self) -> Self {
        self | Self::from_bits_retain(u32::from(Readiness::ALWAYS.bits()))
    }
}

/// What a program asks of a file in a set: a `struct epoll_event`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest {
    /// What the file is to be ready for, and how that is reported.
    pub events: SetEvents,
    /// What the program wants back with it.
    pub data: u64,
}
