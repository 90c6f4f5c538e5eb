//! The positions in a submission queue and in a completion queue.
//!
//! Source: NVM Express Base Specification 2.0, "Submission Queue & Completion Queue Definition".

/// The positions in a submission queue: the driver writes at the tail, the controller reads at the
/// head. A queue with `entries` entries has room for one command less.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmissionRing {
    entries: u16,
    head: u16,
    tail: u16,
}

impl SubmissionRing {
    /// Makes an empty queue of at least 2 entries.
    pub fn new(entries: u16) -> Self {
        Self { entries: entries.max(2), head: 0, tail: 0 }
    }

    /// Returns whether there is no room.
    pub fn is_full(&self) -> bool {
        self.after(self.tail) == self.head
    }

    /// Returns the position for the next command and moves the tail after it; `None` if there is no
    /// room.
    pub fn push(&mut self) -> Option<u16> {
        let at = self.tail;
        if self.is_full() {
            return None;
        }
        self.tail = self.after(at);
        Some(at)
    }

    /// Returns the tail, for the doorbell.
    pub fn tail(&self) -> u16 {
        self.tail
    }

    /// Sets the head to the position in an answer. Returns whether the controller can have read as
    /// far as that; otherwise nothing changes.
    pub fn set_head(&mut self, head: u16) -> bool {
        let ahead = |from: u16, to: u16| (to + self.entries - from) % self.entries;
        let is_possible =
            head < self.entries && ahead(self.head, head) <= ahead(self.head, self.tail);
        if is_possible {
            self.head = head;
        }
        is_possible
    }

    fn after(&self, position: u16) -> u16 {
        if position + 1 == self.entries { 0 } else { position + 1 }
    }
}

/// The position in a completion queue: the controller writes entries with a phase that changes each
/// time it begins the queue anew, so that the driver finds the new ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompletionRing {
    entries: u16,
    head: u16,
    phase: bool,
}

impl CompletionRing {
    /// Makes an empty queue, whose memory is cleared.
    pub fn new(entries: u16) -> Self {
        Self { entries, head: 0, phase: true }
    }

    /// Returns the position of the next entry, which is also the value for the doorbell.
    pub fn head(&self) -> u16 {
        self.head
    }

    /// Takes the next entry if it is new: if it has this phase. Returns whether it is.
    pub fn take(&mut self, phase: bool) -> bool {
        if phase != self.phase {
            return false;
        }
        self.head += 1;
        if self.head == self.entries {
            self.head = 0;
            self.phase = !self.phase;
        }
        true
    }
}
