//! What stands behind a command's name.

use core::fmt;

use x86_64::VirtAddr;

/// Why an argument isn't understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ArgumentError<'a> {
    /// It isn't there.
    Missing(&'static str),
    /// It isn't a number in hexadecimal, or a too large one.
    NotHexadecimal(&'a str),
    /// It is no address of this processor.
    NotCanonical(u64),
    /// There is more than the command takes.
    TooMany(&'a str),
}

impl fmt::Display for ArgumentError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(what) => write!(f, "{what} is missing"),
            Self::NotHexadecimal(word) => {
                write!(f, "{word}: not a hexadecimal number of at most 64 bits")
            }
            Self::NotCanonical(address) => {
                write!(f, "{address:#x}: not canonical, so no address of this processor")
            }
            Self::TooMany(word) => write!(f, "{word}: one argument too many"),
        }
    }
}

/// Takes arguments one by one.
pub(super) struct Arguments<'a>(core::str::SplitWhitespace<'a>);

impl<'a> Arguments<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self(text.split_whitespace())
    }

    /// Takes a word, if there is one.
    pub(super) fn word(&mut self) -> Option<&'a str> {
        self.0.next()
    }

    /// Takes a number in hexadecimal, with or without `0x`, if there is one.
    pub(super) fn number(&mut self) -> Result<Option<u64>, ArgumentError<'a>> {
        let Some(word) = self.word() else {
            return Ok(None);
        };
        let digits = word.strip_prefix("0x").unwrap_or(word);
        // The crate takes a sign; an address has none.
        let number = u64::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'));
        number.map(Some).ok_or(ArgumentError::NotHexadecimal(word))
    }

    /// Takes a virtual address.
    pub(super) fn address(&mut self) -> Result<VirtAddr, ArgumentError<'a>> {
        let number = self.number()?.ok_or(ArgumentError::Missing("an address"))?;
        VirtAddr::try_new(number).map_err(|_| ArgumentError::NotCanonical(number))
    }

    /// Looks that nothing is left.
    pub(super) fn end(mut self) -> Result<(), ArgumentError<'a>> {
        self.word().map_or(Ok(()), |word| Err(ArgumentError::TooMany(word)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn numbers_are_hexadecimal_with_or_without_prefix() {
        let mut arguments = Arguments::new(" 10  0x20 0xfffffffffffffffff");
        assert_eq!(arguments.number(), Ok(Some(0x10)));
        assert_eq!(arguments.number(), Ok(Some(0x20)));
        assert!(matches!(arguments.number(), Err(ArgumentError::NotHexadecimal(_))));
        assert_eq!(arguments.number(), Ok(None));
        for wrong in ["+1", "-1", "0x", "12g"] {
            assert!(Arguments::new(wrong).number().is_err(), "{wrong}");
        }
    }

    #[test_case]
    fn addresses_are_canonical() {
        assert_eq!(Arguments::new("1000").address(), Ok(VirtAddr::new(0x1000)));
        let error = Arguments::new("800000000000").address();
        assert_eq!(error, Err(ArgumentError::NotCanonical(0x8000_0000_0000)));
        assert_eq!(Arguments::new("").address(), Err(ArgumentError::Missing("an address")));
        assert_eq!(Arguments::new("x").end(), Err(ArgumentError::TooMany("x")));
    }
}
