//! The frequency of the time stamp counter, and its source.

use core::fmt;

/// The frequency of the time stamp counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Ticks per second.
    pub hz: u64,
    /// Its greatest error in millionths, if it was measured.
    pub error_ppm: Option<u64>,
    /// Its source.
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

/// The source of the frequency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrequencySource {
    /// Stated by CPUID leaf 0x15.
    Cpuid,
    /// Stated by the hypervisor's leaf 0x4000_0010.
    Hypervisor,
    /// Measured against the HPET.
    Hpet,
    /// Measured against ACPI's power management timer.
    PmTimer,
    /// Measured against the PIT.
    Pit,
    /// Stated by CPUID leaf 0x16, with an error of up to some thousand ppm.
    Nominal,
    /// Unknown; a high frequency is assumed.
    Assumed,
    /// Measured against the local APIC's timer, whose own frequency has to be measured.
    LocalApic,
}

impl FrequencySource {
    /// Returns whether the frequency is so exact that no measurement could improve it.
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
