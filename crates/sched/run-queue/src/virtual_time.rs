//! The virtual time of a CPU's fair threads, and the lag of each.
//!
//! All sums are of *service*: time times [`NICE_0_WEIGHT`](crate::NICE_0_WEIGHT), so a
//! nanosecond is 1024. A thread of weight w whose vruntime is v has had the service
//! w * v. The virtual time V is the average of all vruntimes by weight,
//! V = Σ w * v / Σ w, and lag = w * (V - v) is what a thread should have had and has
//! not, or else the other way round. The sum of all lags is 0.
//!
//! Nothing is ever rounded away, so there is no drift: what doesn't fill a unit of
//! vruntime stays in the thread's remainder, and what doesn't fill a unit of V in
//! [`VirtualTime::rest`]. Times wrap around, only their differences count.
//!
//! The differences fit: with lags of up to 2^41 at entry, weights from 2^4 to 2^17 and
//! at most 2^29 threads, all products stay below 2^63.

use crate::policy::units;

/// The virtual time, and the sum of the weights that it is the average for.
#[derive(Debug)]
pub(crate) struct VirtualTime {
    /// V, rounded down.
    floor: u64,
    /// V is `floor + rest / load`; below `load`, or 0.
    rest: u64,
    /// The sum of the weights.
    load: u64,
}

/// How far a thread of some weight is: at `vruntime + remainder / weight`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Position {
    /// The virtual time up to which the thread was served, rounded down.
    pub(crate) vruntime: u64,
    /// Service on top of it, below the weight.
    pub(crate) remainder: u32,
}

/// Returns whether a virtual time is after another. They are less than 2^63 apart.
#[inline]
pub(crate) fn is_after(time: u64, other: u64) -> bool {
    (time.wrapping_sub(other) as i64) > 0
}

impl VirtualTime {
    /// Returns one without threads, at `floor`.
    pub(crate) const fn new(floor: u64) -> Self {
        Self { floor, rest: 0, load: 0 }
    }

    /// Returns the sum of the weights.
    #[inline]
    pub(crate) fn load(&self) -> u64 {
        self.load
    }

    /// Returns the virtual time, rounded down. A thread is eligible, its lag isn't
    /// negative, if its vruntime isn't after that. As vruntimes are rounded too, a thread
    /// that is less than one unit ahead counts as eligible.
    #[inline]
    pub(crate) fn floor(&self) -> u64 {
        self.floor
    }

    /// Adds service to one of the threads.
    #[inline]
    pub(crate) fn advance(&mut self, service: u64) {
        // It fits: see the module.
        let rest = self.rest.wrapping_add(service);
        self.rest = rest;
        if rest >= self.load
            && let Some(units) = rest.checked_div(self.load)
        {
            self.floor = self.floor.wrapping_add(units);
            self.rest = rest % self.load;
        }
    }

    /// Sets the virtual time to the position of the only thread.
    #[inline]
    pub(crate) fn follow(&mut self, position: Position) {
        (self.floor, self.rest) = (position.vruntime, u64::from(position.remainder));
    }

    /// Adds a thread so that its lag is `lag`, at most 2^41 in size. An only thread
    /// has no lag.
    ///
    /// V moves by the entry of lag: with W the sum before, the thread has the lag after
    /// it if w * v = w * V - lag - lag * w / W. That is rounded to whole service, so the
    /// lag differs from the one asked for by less than 1, which is 1/1024 ns.
    #[inline(always)]
    pub(crate) fn join(&mut self, weight: u32, lag: i64) -> Position {
        if self.load == 0 {
            self.load = u64::from(weight);
            return Position { vruntime: self.floor, remainder: 0 };
        }
        let mut ahead = (u64::from(weight) * self.rest / self.load) as i64;
        if lag != 0 {
            ahead -= lag + (lag * i64::from(weight)).div_euclid(self.load as i64);
        }
        let (units, remainder) = units(ahead, weight);
        let position = Position { vruntime: self.floor.wrapping_add_signed(units), remainder };
        self.load += u64::from(weight);
        self.set_rest(self.rest as i64 + ahead);
        position
    }

    /// Removes a thread and returns its lag, rounded down.
    #[inline(always)]
    pub(crate) fn leave(&mut self, weight: u32, position: Position) -> i64 {
        let weight_sum = self.load;
        self.load -= u64::from(weight);
        if self.load == 0 {
            // It was the only one, so V is where it was.
            self.rest = 0;
            return 0;
        }
        let ahead = (position.vruntime.wrapping_sub(self.floor) as i64) * i64::from(weight)
            + i64::from(position.remainder);
        let lag = (u64::from(weight) * self.rest / weight_sum) as i64 - ahead;
        self.set_rest(self.rest as i64 - ahead);
        lag
    }

    /// Sets V to `floor + rest / load`. There are threads.
    #[inline]
    fn set_rest(&mut self, rest: i64) {
        let load = self.load as i64;
        if (0..load).contains(&rest) {
            self.rest = rest as u64;
        } else {
            let units = rest.div_euclid(load);
            self.floor = self.floor.wrapping_add_signed(units);
            self.rest = (rest - units * load) as u64;
        }
    }
}

#[cfg(test)]
impl VirtualTime {
    /// Returns how much service V is ahead of [`Self::floor`], of [`Self::load`].
    pub(crate) fn rest(&self) -> u64 {
        self.rest
    }
}
