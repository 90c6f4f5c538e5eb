//! The layout of a register: its name and its fields.

/// One or more bits of a register that have one meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The number of the lowest bit.
    pub bit: u8,
    /// The number of bits.
    pub bits: u8,
    /// The name in the manual.
    pub name: &'static str,
    /// The meaning while the field is set, in a few words.
    pub meaning: &'static str,
    /// The meaning while the field is clear, if that is notable.
    pub clear: Option<&'static str>,
}

impl Field {
    /// Makes a field of one bit.
    pub(crate) const fn flag(bit: u8, name: &'static str, meaning: &'static str) -> Self {
        Self { bit, bits: 1, name, meaning, clear: None }
    }

    /// Makes a field of several bits.
    pub(crate) const fn wide(bit: u8, bits: u8, name: &'static str, meaning: &'static str) -> Self {
        Self { bit, bits, name, meaning, clear: None }
    }

    /// Adds the meaning while the field is clear.
    pub(crate) const fn or(self, clear: &'static str) -> Self {
        Self { clear: Some(clear), ..self }
    }

    /// Returns the mask of the field's bits in the register.
    pub const fn mask(self) -> u64 {
        (u64::MAX >> (64 - self.bits)) << self.bit
    }

    /// Returns the field's value in `value`, shifted to bit 0.
    pub const fn of(self, value: u64) -> u64 {
        (value & self.mask()) >> self.bit
    }
}

/// A register: its name and its fields.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// The name in the manual.
    pub name: &'static str,
    /// The purpose, in a few words.
    pub purpose: &'static str,
    /// The fields by rising bits. Empty for an address or another plain number.
    pub fields: &'static [Field],
}

impl Layout {
    /// Returns the fields that are not 0 in `value`.
    pub fn set_in(&self, value: u64) -> impl Iterator<Item = &'static Field> {
        self.fields.iter().filter(move |field| field.of(value) != 0)
    }

    /// Returns the fields that are 0 in `value` and have a meaning for that.
    pub fn notably_clear_in(&self, value: u64) -> impl Iterator<Item = &'static Field> {
        self.fields.iter().filter(move |field| field.clear.is_some() && field.of(value) == 0)
    }

    /// Returns the bits that are set in `value` but belong to no field; 0 if the register
    /// has no fields.
    pub fn unnamed_in(&self, value: u64) -> u64 {
        if self.fields.is_empty() {
            return 0;
        }
        self.fields.iter().fold(value, |rest, field| rest & !field.mask())
    }
}
