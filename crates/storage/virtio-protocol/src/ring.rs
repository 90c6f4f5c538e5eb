//! The positions in the rings of a queue.
//!
//! Both rings have free-running counts: the available ring that of the requests which the driver has
//! submitted, the used ring that of those which the device has answered.
//!
//! Source: VIRTIO 1.2, "Split Virtqueues".

/// The positions in the rings of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rings {
    entries: u16,
    submitted: u16,
    taken: u16,
}

/// What the used ring has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Used {
    /// No new answer.
    None,
    /// An answer at this position.
    At(u16),
    /// A count that the device can't have reached.
    Impossible,
}

impl Rings {
    /// Makes empty rings of a queue with `entries` entries, a power of two.
    pub fn new(entries: u16) -> Self {
        Self { entries, submitted: 0, taken: 0 }
    }

    /// Returns the number of requests without an answer.
    fn in_flight(&self) -> u16 {
        self.submitted.wrapping_sub(self.taken)
    }

    /// Submits a request. Returns its position in the available ring; `None` if there is no room.
    pub fn submit(&mut self) -> Option<u16> {
        if self.in_flight() == self.entries {
            return None;
        }
        let position = self.submitted % self.entries;
        self.submitted = self.submitted.wrapping_add(1);
        Some(position)
    }

    /// Returns the number of submitted requests, for the available ring.
    pub fn submitted(&self) -> u16 {
        self.submitted
    }

    /// Takes the next answer, if the count in the used ring says that there is one.
    pub fn take(&mut self, answered: u16) -> Used {
        match answered.wrapping_sub(self.taken) {
            0 => Used::None,
            new if new > self.in_flight() => Used::Impossible,
            _ => {
                let position = self.taken % self.entries;
                self.taken = self.taken.wrapping_add(1);
                Used::At(position)
            }
        }
    }
}
