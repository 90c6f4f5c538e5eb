//! Limits of resources.

use core::fmt;

/// The name of the largest value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Infinity {
    /// The name that getrlimit(2) uses.
    OfLong,
    /// The name that prlimit64 uses.
    Of64Bits,
}

/// One of the two values of a limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) value: u64,
    pub(crate) infinity: Infinity,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value {
            u64::MAX => f.write_str(match self.infinity {
                Infinity::OfLong => "RLIM_INFINITY",
                Infinity::Of64Bits => "RLIM64_INFINITY",
            }),
            value if value > 1024 && value.is_multiple_of(1024) => {
                write!(f, "{}*1024", value / 1024)
            }
            value => write!(f, "{value}"),
        }
    }
}
