//! The arguments of a command.

use core::fmt;

use heapless::String;
use x86_64::VirtAddr;

use crate::symbols;

/// The start of a word, for error messages.
type Word = String<40>;

/// The reason why an argument is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ArgumentError {
    /// It is missing.
    Missing(&'static str),
    /// It isn't a hexadecimal number of at most 64 bits.
    NotHexadecimal(Word),
    /// It is neither an address nor the name of a function.
    NotAnAddress(Word),
    /// It isn't a canonical address.
    NotCanonical(u64),
    /// It isn't among the words that the command accepts.
    Unknown(Word),
    /// It is one argument more than the command takes.
    TooMany(Word),
}

impl ArgumentError {
    /// Returns the error for an unknown word.
    pub(super) fn unknown(word: &str) -> Self {
        Self::Unknown(cut(word))
    }

    /// Returns the error for a surplus word.
    pub(super) fn too_many(word: &str) -> Self {
        Self::TooMany(cut(word))
    }
}

/// Returns the start of `word`.
fn cut(word: &str) -> Word {
    let mut kept = Word::new();
    // The rest is dropped if it doesn't fit.
    let _ = word.chars().try_for_each(|c| kept.push(c));
    kept
}

impl fmt::Display for ArgumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(what) => write!(f, "{what} is missing"),
            Self::NotHexadecimal(word) => {
                write!(f, "{word}: not a hexadecimal number of at most 64 bits")
            }
            Self::NotAnAddress(word) => {
                write!(f, "{word}: neither a hexadecimal number nor a function's whole name")
            }
            Self::NotCanonical(address) => {
                write!(f, "{address:#x}: not canonical, so no address of this CPU")
            }
            Self::Unknown(word) => write!(f, "{word}: not known here"),
            Self::TooMany(word) => write!(f, "{word}: one argument too many"),
        }
    }
}

/// The arguments that have not been taken yet.
pub(super) struct Arguments<'a>(&'a str);

impl<'a> Arguments<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self(text.trim())
    }

    /// Takes the next word, if there is one.
    pub(super) fn word(&mut self) -> Option<&'a str> {
        let (word, rest) = self.0.split_once(char::is_whitespace).unwrap_or((self.0, ""));
        self.0 = rest.trim_start();
        (!word.is_empty()).then_some(word)
    }

    /// Takes the rest of the line, as it was typed.
    pub(super) fn rest(&mut self) -> &'a str {
        core::mem::take(&mut self.0)
    }

    /// Takes a hexadecimal number, with or without `0x`, if there is one.
    pub(super) fn number(&mut self) -> Result<Option<u64>, ArgumentError> {
        let Some(word) = self.word() else {
            return Ok(None);
        };
        let digits = word.strip_prefix("0x").unwrap_or(word);
        // `from_str_radix` accepts a sign, which an address can't have.
        let number = u64::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'));
        number.map(Some).ok_or_else(|| ArgumentError::NotHexadecimal(cut(word)))
    }

    /// Takes a virtual address, or the name of a function, whose address it returns.
    pub(super) fn address(&mut self) -> Result<VirtAddr, ArgumentError> {
        self.optional_address()?.ok_or(ArgumentError::Missing("an address"))
    }

    /// Takes a virtual address, or the name of a function, if there is one.
    pub(super) fn optional_address(&mut self) -> Result<Option<VirtAddr>, ArgumentError> {
        let mut number = Arguments(self.0);
        let word = self.word();
        let address = match (number.number(), word) {
            (Ok(None), _) | (_, None) => return Ok(None),
            (Ok(Some(number)), _) => number,
            (Err(error), Some(word)) => {
                let function = symbols::find(word).find(|function| function.name == word);
                let not_an_address = match error {
                    ArgumentError::NotHexadecimal(word) => ArgumentError::NotAnAddress(word),
                    error => error,
                };
                function.ok_or(not_an_address)?.start
            }
        };
        VirtAddr::try_new(address).map(Some).map_err(|_| ArgumentError::NotCanonical(address))
    }

    /// Returns whether no argument is left.
    pub(super) fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }

    /// Checks that no argument is left.
    pub(super) fn end(mut self) -> Result<(), ArgumentError> {
        self.word().map_or(Ok(()), |word| Err(ArgumentError::too_many(word)))
    }
}

#[cfg(test)]
mod tests;
