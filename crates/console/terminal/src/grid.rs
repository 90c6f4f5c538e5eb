//! A ring of rows: scrolling moves the rows' indices, not their cells.

use alloc::vec::Vec;
use core::ops::Range;

use crate::{Cell, Error};

/// The rows of a screen, and the rows that scrolled off its top (the history).
///
/// The rows are in `cells` in any order; `order` is a ring of their indices. From `start`
/// on it holds the rows of the screen, top first, then those of the history, oldest first,
/// up to `start` again. If `start` advances by one, the top row becomes the newest row of
/// the history, and the oldest row becomes the bottom row of the screen.
pub(crate) struct Grid {
    rows: usize,
    columns: usize,
    cells: Vec<Cell>,
    order: Vec<usize>,
    start: usize,
    /// The number of rows of the history that are in use.
    past: usize,
    /// The rows that may have changed.
    changed: Range<usize>,
}

impl Grid {
    /// Returns an empty grid with room for `past_rows` rows of history.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NoMemory`].
    pub(crate) fn try_new(rows: usize, columns: usize, past_rows: usize) -> Result<Self, Error> {
        if rows == 0 || columns == 0 {
            return Err(Error::Empty);
        }
        let total = rows.checked_add(past_rows).ok_or(Error::NoMemory)?;
        let len = total.checked_mul(columns).ok_or(Error::NoMemory)?;
        let (mut cells, mut order) = (Vec::new(), Vec::new());
        cells.try_reserve_exact(len).map_err(|_| Error::NoMemory)?;
        order.try_reserve_exact(total).map_err(|_| Error::NoMemory)?;
        cells.resize(len, Cell::default());
        order.extend(0..total);
        Ok(Self { rows, columns, cells, order, start: 0, past: 0, changed: 0..rows })
    }

    /// Returns the number of rows and of columns.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    /// Returns how many rows the history has.
    pub(crate) fn past(&self) -> usize {
        self.past
    }

    /// Returns the rows that may have changed since the last call; empty if there are
    /// none.
    pub(crate) fn take_changed(&mut self) -> Range<usize> {
        core::mem::replace(&mut self.changed, self.rows..0)
    }

    /// Records that `rows` have changed.
    pub(crate) fn note_changed(&mut self, rows: Range<usize>) {
        self.changed.start = self.changed.start.min(rows.start);
        self.changed.end = self.changed.end.max(rows.end);
    }

    /// Empties the history.
    pub(crate) fn forget(&mut self) {
        self.past = 0;
    }

    /// Returns row `row` of the screen when it is scrolled back by `back` rows.
    ///
    /// # Panics
    /// If the screen has no such row, or the history has fewer than `back` rows.
    pub(crate) fn row(&self, row: usize, back: usize) -> &[Cell] {
        assert!(row < self.rows && back <= self.past, "row {row}, {back} back");
        let start = self.order[self.place(row + self.order.len() - back)] * self.columns;
        &self.cells[start..start + self.columns]
    }

    /// Returns row `row` of the screen for writing.
    ///
    /// # Panics
    /// If the screen has no such row.
    pub(crate) fn row_mut(&mut self, row: usize) -> &mut [Cell] {
        assert!(row < self.rows, "row {row} of {}", self.rows);
        self.note_changed(row..row + 1);
        let start = self.order[self.place(row)] * self.columns;
        &mut self.cells[start..start + self.columns]
    }

    /// Fills `rows` with `cell`.
    pub(crate) fn fill(&mut self, rows: Range<usize>, cell: Cell) {
        rows.for_each(|row| self.row_mut(row).fill(cell));
    }

    /// Moves all rows up by `count`; rows that leave the top are added to the history. New
    /// rows are filled with `cell`.
    pub(crate) fn advance(&mut self, count: usize, cell: Cell) {
        let count = count.min(self.rows);
        let past_max = self.order.len() - self.rows;
        self.note_changed(0..self.rows);
        self.start = self.place(count);
        self.past = (self.past + count).min(past_max);
        self.fill(self.rows - count..self.rows, cell);
    }

    /// Moves `rows` up by `count`; those that leave the range at its top are lost. New
    /// rows are filled with `cell`.
    pub(crate) fn scroll_up(&mut self, rows: Range<usize>, count: usize, cell: Cell) {
        let count = count.min(rows.len());
        self.rotate(rows.clone(), count);
        self.fill(rows.end - count..rows.end, cell);
    }

    /// Moves `rows` down by `count`; those that leave the range at its bottom are lost.
    /// New rows are filled with `cell`.
    pub(crate) fn scroll_down(&mut self, rows: Range<usize>, count: usize, cell: Cell) {
        let count = count.min(rows.len());
        self.rotate(rows.clone(), rows.len() - count);
        self.fill(rows.start..rows.start + count, cell);
    }

    /// Rotates the indices of `rows` to the left by `count`.
    fn rotate(&mut self, rows: Range<usize>, count: usize) {
        self.note_changed(rows.clone());
        let middle = rows.start + count;
        self.reverse(rows.start..middle);
        self.reverse(middle..rows.end);
        self.reverse(rows);
    }

    fn reverse(&mut self, rows: Range<usize>) {
        for i in 0..rows.len() / 2 {
            let (a, b) = (self.place(rows.start + i), self.place(rows.end - 1 - i));
            self.order.swap(a, b);
        }
    }

    /// Returns the position in `order` of a row of the screen.
    fn place(&self, row: usize) -> usize {
        (self.start + row) % self.order.len()
    }
}
