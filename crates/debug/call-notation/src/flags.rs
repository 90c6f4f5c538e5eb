//! Bits with names.

use core::fmt;

/// The names of a number's bits.
#[derive(Clone, Copy, Debug)]
pub struct FlagSet {
    /// A part of the number that is a value, not bits: its mask, and the names of its values.
    pub(crate) field: Option<(u64, &'static [(u64, &'static str)])>,
    /// The text for a number without set bits, if there is no field.
    pub(crate) zero: &'static str,
    /// Bits and their names. A name for several bits precedes the names of the single bits.
    pub(crate) bits: &'static [(u64, &'static str)],
}

impl FlagSet {
    /// Shows `value`: the known names, joined by `|`, and the rest in hexadecimal.
    pub const fn show(&self, value: u64) -> ShownFlags<'_> {
        ShownFlags { set: self, value }
    }
}

/// A number as names of its bits; made by [`FlagSet::show`].
#[derive(Clone, Copy, Debug)]
pub struct ShownFlags<'a> {
    set: &'a FlagSet,
    value: u64,
}

impl fmt::Display for ShownFlags<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.value;
        let mut separator = "";
        if let Some((mask, names)) = self.set.field
            && let Some((value, name)) = names.iter().find(|(value, _)| rest & mask == *value)
        {
            f.write_str(name)?;
            rest &= !value;
            separator = "|";
        }
        for (bits, name) in self.set.bits {
            if rest & bits == *bits {
                write!(f, "{separator}{name}")?;
                rest &= !bits;
                separator = "|";
            }
        }
        match (rest, separator) {
            (0, "") => f.write_str(self.set.zero),
            (0, _) => Ok(()),
            _ => write!(f, "{separator}{rest:#x}"),
        }
    }
}
