//! The events of a file in a set.

use bitflags::bitflags;

use crate::fs::file::readiness::Readiness;

bitflags! {
    /// The requested readiness of a file, and how it is reported; with Linux's values.
    ///
    /// Source: Linux, include/uapi/linux/eventpoll.h.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct SetEvents: u32 {
        /// At least one of the sets that contain the file is woken: EPOLLEXCLUSIVE. This kernel
        /// wakes all.
        const EXCLUSIVE = 1 << 28;
        /// The machine doesn't sleep during the event: EPOLLWAKEUP. This kernel never lets the
        /// machine sleep.
        const WAKE_UP = 1 << 29;
        /// The event is reported once: EPOLLONESHOT.
        const ONE_SHOT = 1 << 30;
        /// The event is reported when the readiness changes: EPOLLET.
        const EDGE = 1 << 31;
        /// The bits of [`Readiness`].
        const READINESS = 0xFFFF;
    }
}

impl SetEvents {
    /// The flags that aren't a [`Readiness`]: with these alone, nothing is reported.
    const HOW: Self = Self::EXCLUSIVE.union(Self::WAKE_UP).union(Self::ONE_SHOT).union(Self::EDGE);

    /// The events that may be requested together with [`EXCLUSIVE`](Self::EXCLUSIVE): EPOLLIN,
    /// EPOLLOUT and similar ones, EPOLLERR, EPOLLHUP, and the flags of reporting.
    const WITH_EXCLUSIVE: u32 = 0x1 | 0x40 | 0x4 | 0x100 | 0x8 | 0x10 | 1 << 28 | 1 << 29 | 1 << 31;

    /// Returns whether these events can be requested exclusively.
    pub(super) fn can_be_exclusive(self) -> bool {
        self.bits() & !Self::WITH_EXCLUSIVE == 0
    }

    /// Returns the events of a file that no longer reports anything.
    pub(super) fn disabled(self) -> Self {
        self & Self::HOW
    }

    /// Returns whether the file is reported again as long as it is ready.
    #[inline]
    pub(super) fn stays_queued(self) -> bool {
        !self.intersects(Self::EDGE.union(Self::ONE_SHOT))
    }

    /// Returns the part of `readiness` that is reported.
    #[inline]
    pub(super) fn reported(self, readiness: Readiness) -> Readiness {
        if (self & !Self::HOW).is_empty() {
            return Readiness::empty();
        }
        readiness.reported(Readiness::from_bits_truncate(self.bits() as u16))
    }

    /// Adds the events that are always reported: errors and hang-ups.
    pub(super) fn asked(self) -> Self {
        self | Self::from_bits_retain(u32::from(Readiness::ALWAYS.bits()))
    }
}

/// The request of a program for a file in a set: a `struct epoll_event`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest {
    /// The requested readiness, and how it is reported.
    pub events: SetEvents,
    /// The value that is returned with each event.
    pub data: u64,
}
