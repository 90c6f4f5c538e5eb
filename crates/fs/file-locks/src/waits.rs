//! Which owners of locks wait for which.

use alloc::vec::Vec;

/// Why an owner doesn't wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitError {
    /// The other owner waits for this one, directly or through others.
    Deadlock,
    /// No memory is left.
    NoMemory,
}

/// Which owners wait for which. An owner may wait several times, in several threads.
#[derive(Debug)]
pub struct Waits<O> {
    /// The graph of waiting owners.
    waits: Vec<(O, O)>,
}

impl<O> Default for Waits<O> {
    fn default() -> Self {
        Self::new()
    }
}

impl<O> Waits<O> {
    /// Returns an empty graph.
    pub const fn new() -> Self {
        Self { waits: Vec::new() }
    }
}

impl<O: Copy + PartialEq> Waits<O> {
    /// Records that `waiter` waits for `holder`.
    ///
    /// # Errors
    /// See [`WaitError`]; nothing has changed then.
    pub fn begin(&mut self, waiter: O, holder: O) -> Result<(), WaitError> {
        if self.is_waiting_for(holder, waiter)? {
            return Err(WaitError::Deadlock);
        }
        self.waits.try_reserve(1).map_err(|_| WaitError::NoMemory)?;
        self.waits.push((waiter, holder));
        Ok(())
    }

    /// Removes the wait of `waiter` for `holder`.
    pub fn end(&mut self, waiter: O, holder: O) {
        if let Some(index) = self.waits.iter().position(|wait| *wait == (waiter, holder)) {
            self.waits.swap_remove(index);
        }
    }

    /// Returns whether `from` is `to`, or waits for it directly or through others.
    fn is_waiting_for(&self, from: O, to: O) -> Result<bool, WaitError> {
        let mut found = Vec::new();
        found.try_reserve(self.waits.len() + 1).map_err(|_| WaitError::NoMemory)?;
        found.push(from);
        let mut next = 0;
        while let Some(at) = found.get(next).copied() {
            next += 1;
            if at == to {
                return Ok(true);
            }
            for (waiter, holder) in &self.waits {
                if *waiter == at && !found.contains(holder) {
                    found.push(*holder);
                }
            }
        }
        Ok(false)
    }
}
