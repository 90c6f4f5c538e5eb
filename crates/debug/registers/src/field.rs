//! Fields of a register, and all of a register's fields.

/// Bits of a register that have a meaning together, mostly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The number of the lowest bit.
    pub bit: u8,
    /// How many bits it has.
    pub bits: u8,
    /// The manual's name.
    pub name: &'static str,
    /// What it means that it is set, in a few words.
    pub meaning: &'static str,
    /// What it means that it is clear, if that is worth a word.
    pub clear: Option<&'static str>,
}

impl Field {
    /// Makes a flag.
    pub(crate) const fn flag(bit: u8, name: &'static str, meaning: &'static str) -> Self {
        Self { bit, bits: 1, name, meaning, clear: None }
    }

    /// Makes a field of several bits.
    pub(crate) const fn wide(bit: u8, bits: u8, name: &'static str, meaning: &'static str) -> Self {
        Self { bit, bits, name, meaning, clear: None }
    }

    /// Says what it means that it is clear.
    pub(crate) const fn or(self, clear: &'static str) -> Self {
        Self { clear: Some(clear), ..self }
    }

    /// Returns the bits that it has in a register.
    pub const fn mask(self) -> u64 {
        (u64::MAX >> (64 - self.bits)) << self.bit
    }

    /// Returns what it holds in `value`, from its lowest bit on.
    pub const fn of(self, value: u64) -> u64 {
        (value & self.mask()) >> self.bit
    }
}

/// A register: its name and its fields.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// The manual's name.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub purpose: &'static str,
    /// Its fields by rising bits. None for an address or another plain number.
    pub fields: &'static [Field],
}

impl Layout {
    /// Returns the fields of which a bit is set in `value`.
    pub fn set_in(&self, value: u64) -> impl Iterator<Item = &'static Field> {
        self.fields.iter().filter(move |field| field.of(value) != 0)
    }

    /// Returns the fields of which no bit is set in `value`, and for which that is
    /// worth a word.
    pub fn notably_clear_in(&self, value: u64) -> impl Iterator<Item = &'static Field> {
        self.fields.iter().filter(move |field| field.clear.is_some() && field.of(value) == 0)
    }

    /// Returns the bits that are set in `value` and belong to no field; none if the
    /// register has no fields.
    pub fn unnamed_in(&self, value: u64) -> u64 {
        if self.fields.is_empty() {
            return 0;
        }
        self.fields.iter().fold(value, |rest, field| rest & !field.mask())
    }
}
