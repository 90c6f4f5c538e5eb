//! The numbers that name a CPU.

use core::fmt;

/// The kernel's number of a CPU: 0 is the boot CPU, the others follow in the order in
/// which they start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CpuId(u32);

impl CpuId {
    /// The CPU that the firmware starts.
    pub const BOOT: Self = Self(0);

    /// Makes the number of a CPU.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Returns the number.
    #[inline]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// Returns the number as an index of a table with an entry for each CPU.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for CpuId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number of a CPU's local APIC, by which interrupts are sent to it.
///
/// Source: Intel SDM volume 3A, "Local APIC ID".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApicId(u32);

impl ApicId {
    /// Makes the number of a local APIC.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Returns the number.
    #[inline]
    pub const fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for ApicId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
