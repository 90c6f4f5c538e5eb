//! Numbers with names.

use core::fmt;

/// The names of numbers.
#[derive(Clone, Copy, Debug)]
pub struct NumberNames(pub(crate) &'static [(u64, &'static str)]);

impl NumberNames {
    /// Shows the name of `value`, or the number in hexadecimal if it has none.
    pub const fn show(&self, value: u64) -> ShownNumber<'_> {
        ShownNumber { names: self, value }
    }
}

/// A number as its name; made by [`NumberNames::show`].
#[derive(Clone, Copy, Debug)]
pub struct ShownNumber<'a> {
    names: &'a NumberNames,
    value: u64,
}

impl fmt::Display for ShownNumber<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.names.0.iter().find(|(value, _)| *value == self.value) {
            Some((_, name)) => f.write_str(name),
            None => write!(f, "{:#x}", self.value),
        }
    }
}
