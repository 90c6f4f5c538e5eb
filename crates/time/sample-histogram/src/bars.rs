//! A histogram as text.

use core::fmt;

use crate::histogram::Histogram;
use crate::row::Row;

/// Draws a histogram, a line for each of its [rows](Histogram::rows): the range, the number of
/// values, and a bar whose length is in proportion to that number, but at least one character.
///
/// ```
/// use sample_histogram::Histogram;
/// let mut histogram = Histogram::try_new().expect("there is memory");
/// [7, 7, 7, 9].into_iter().for_each(|value| histogram.record(value));
/// assert_eq!(histogram.bars(18).to_string(), "7 to 7  3  #######\n9 to 9  1  ###\n");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Bars<'a> {
    histogram: &'a Histogram,
    columns: usize,
}

impl Histogram {
    /// Returns a drawing of the [rows](Self::rows), a line each, at most `columns` wide unless the
    /// numbers alone are wider.
    pub fn bars(&self, columns: usize) -> Bars<'_> {
        Bars { histogram: self, columns }
    }
}

impl fmt::Display for Bars<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = self.histogram.rows().map(|row| row.count).max().unwrap_or(0);
        let value_width = digits(self.histogram.max());
        let count_width = digits(most.into());
        let bar_max = self.columns.saturating_sub(2 * value_width + count_width + 8).max(1);
        for Row { low, high, count } in self.histogram.rows() {
            // At most `bar_max`, because the count is at most `most`.
            let bar = (u64::from(count) * bar_max as u64).div_ceil(most.max(1).into()) as usize;
            write!(f, "{low:value_width$} to {high:value_width$}  {count:count_width$}  ")?;
            writeln!(f, "{:#<bar$}", "")?;
        }
        Ok(())
    }
}

/// Returns the number of decimal digits.
fn digits(number: u64) -> usize {
    number.checked_ilog10().map_or(1, |digits| digits as usize + 1)
}
