//! Tab stops.

use alloc::vec::Vec;

use crate::Error;

/// The distance of the default stops, in columns.
const STEP: usize = 8;

/// For each column, whether it has a tab stop.
pub(crate) struct TabStops(Vec<bool>);

impl TabStops {
    /// Returns the default stops for `columns` columns.
    ///
    /// # Errors
    /// [`Error::NoMemory`].
    pub(crate) fn try_new(columns: usize) -> Result<Self, Error> {
        let mut stops = Vec::new();
        stops.try_reserve_exact(columns).map_err(|_| Error::NoMemory)?;
        stops.resize(columns, false);
        let mut stops = Self(stops);
        stops.reset();
        Ok(stops)
    }

    /// Restores the default stops.
    pub(crate) fn reset(&mut self) {
        let columns = self.0.iter_mut().enumerate();
        columns.for_each(|(column, is_stop)| *is_stop = column % STEP == 0);
    }

    /// Sets a stop, or clears it.
    pub(crate) fn set(&mut self, column: usize, is_stop: bool) {
        self.0[column] = is_stop;
    }

    /// Clears all stops.
    pub(crate) fn clear(&mut self) {
        self.0.fill(false);
    }

    /// Returns the next stop right of `column`; the last column if there is none.
    pub(crate) fn next(&self, column: usize) -> usize {
        let last = self.0.len() - 1;
        (column + 1..last).find(|&column| self.0[column]).unwrap_or(last)
    }

    /// Returns the next stop left of `column`; the first column if there is none.
    pub(crate) fn previous(&self, column: usize) -> usize {
        (0..column).rev().find(|&column| self.0[column]).unwrap_or(0)
    }
}
