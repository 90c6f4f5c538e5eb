//! The frequency of the time stamp counter, and where it comes from.

use core::fmt;

/// The frequency of the time stamp counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Ticks a second.
    pub hz: u64,
    /// By how much it may be off, in millionths, where it was measured.
    pub error_ppm: Option<u64>,
    /// How it was found.
    pub source: FrequencySource,
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} kHz", (self.hz + 500) / 1000)?;
        if let Some(error_ppm) = self.error_ppm {
            write!(f, " ± {error_ppm} ppm")?;
        }
        write!(f, ", {}", self.source)
    }
}

/// How the frequency of the time stamp counter was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrequencySource {
    /// CPUID leaf 0x15 states it.
    Cpuid,
    /// The hypervisor's leaf 0x4000_0010 states it.
    Hypervisor,
    /// Measured against the HPET.
    Hpet,
    /// Measured against ACPI's power management timer.
    PmTimer,
    /// Measured against the PIT.
    Pit,
    /// CPUID leaf 0x16 states the nominal frequency, which may be off by thousands of ppm.
    Nominal,
    /// Unknown: a high frequency is assumed.
    Assumed,
    /// Measured against the timer of the local APIC, whose own frequency has to be measured.
    LocalApic,
}

impl FrequencySource {
    /// Returns whether a measurement can't improve it.
    pub(in crate::arch::time) fn is_exact(self) -> bool {
        matches!(self, Self::Cpuid | Self::Hypervisor)
    }
}

impl fmt::Display for FrequencySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpuid => "stated by CPUID",
            Self::Hypervisor => "stated by the hypervisor",
            Self::Hpet => "measured against the HPET",
            Self::PmTimer => "measured against the PM timer",
            Self::Pit => "measured against the PIT",
            Self::Nominal => "the nominal frequency by CPUID",
            Self::Assumed => "assumed: nothing to measure it against works",
            Self::LocalApic => "measured against the local APIC",
        })
    }
}
