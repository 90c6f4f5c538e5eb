//! Time since the stub, by the time stamp counter.

use core::arch::x86_64::_rdtsc;
use core::fmt;

use raw_cpuid::CpuId;

use super::handover;
use super::percpu::PerCpu;
use super::pit;
use super::progress::{self, Stage};

/// The time since the stub saw that the processor has a time stamp counter.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// Ticks of the time stamp counter a second.
    pub frequency_hz: u64,
    /// How the frequency was found.
    pub source: FrequencySource,
}

/// How the frequency of the time stamp counter was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrequencySource {
    /// CPUID leaf 0x15 tells it.
    Cpuid,
    /// The hypervisor's leaf 0x4000_0010 tells it.
    Hypervisor,
    /// Measured against the PIT.
    Pit,
    /// Not to be had; 1 GHz is assumed.
    Assumed,
}

impl fmt::Display for FrequencySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpuid => "told by CPUID",
            Self::Hypervisor => "told by the hypervisor",
            Self::Pit => "measured against the PIT",
            Self::Assumed => "assumed",
        })
    }
}

impl Clock {
    /// Returns the microseconds since the stub.
    pub fn uptime_us(&self) -> u64 {
        let ticks = read_tsc().saturating_sub(handover::start_tsc());
        (u128::from(ticks) * 1_000_000 / u128::from(self.frequency_hz)) as u64
    }
}

/// Finds the frequency of the time stamp counter. Measuring it takes 10 ms.
pub fn start(_cpu: &PerCpu) -> Clock {
    progress::mark(Stage::PerCpu);
    let cpuid = CpuId::new();
    let told = cpuid.get_tsc_info().and_then(|info| info.tsc_frequency());
    let told_by_hypervisor = || {
        let khz = cpuid.get_hypervisor_info()?.tsc_frequency()?;
        Some(u64::from(khz) * 1000)
    };
    let (frequency_hz, source) = if let Some(hz) = told.filter(|&hz| hz != 0) {
        (hz, FrequencySource::Cpuid)
    } else if let Some(hz) = told_by_hypervisor().filter(|&hz| hz != 0) {
        (hz, FrequencySource::Hypervisor)
    } else if let Some(hz) = measure().filter(|&hz| hz != 0) {
        (hz, FrequencySource::Pit)
    } else {
        (1_000_000_000, FrequencySource::Assumed)
    };
    Clock { frequency_hz, source }
}

fn measure() -> Option<u64> {
    /// 10 ms.
    const CLOCKS: u16 = (pit::INPUT_HZ / 100) as u16;
    let (ticks, clocks) = pit::measure(CLOCKS, read_tsc)?;
    Some(ticks * u64::from(pit::INPUT_HZ) / clocks)
}

/// Returns the time stamp counter.
pub fn read_tsc() -> u64 {
    // SAFETY: every processor with long mode has the counter, and CR4.TSD, which
    // could forbid it, is left off.
    unsafe { _rdtsc() }
}
