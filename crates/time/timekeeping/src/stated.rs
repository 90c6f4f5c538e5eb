//! Frequencies that CPUID states.
//!
//! Source: Intel SDM volume 2, "CPUID", leaves 0x15 (time stamp counter and core crystal
//! clock) and 0x16 (processor frequency); Intel SDM volume 3, "Determining the Processor
//! Base Frequency"; VMware, "Mechanisms to determine if software is running in a VMware
//! virtual machine", for leaf 0x4000_0010.

use core::ops::RangeInclusive;

/// The frequencies that a time stamp counter can have, in Hz. Others are rejected.
pub const PLAUSIBLE_HZ: RangeInclusive<u64> = 10_000_000..=20_000_000_000;

/// The values of the leaves that state frequencies; 0 for a missing leaf.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leaves {
    /// Leaf 0x15, EBX and EAX: the ratio of the counter's ticks to the crystal's.
    pub ratio: (u32, u32),
    /// Leaf 0x15, ECX.
    pub crystal_hz: u32,
    /// Leaf 0x16, EAX bits 15 to 0.
    pub base_mhz: u16,
    /// The hypervisor's leaf 0x4000_0010, EAX.
    pub hypervisor_tsc_khz: u32,
    /// The hypervisor's leaf 0x4000_0010, EBX.
    pub hypervisor_apic_khz: u32,
}

/// The frequency of the time stamp counter, and the leaf that states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stated {
    /// From leaf 0x15, exact.
    Crystal(u64),
    /// From the hypervisor's leaf.
    Hypervisor(u64),
    /// From leaf 0x16, which rounds to 1 MHz and may be off by thousands of ppm: leaf
    /// 0x15 doesn't state the crystal's frequency.
    Nominal(u64),
}

impl Leaves {
    /// Returns the frequency of the time stamp counter, if it is stated and plausible.
    pub fn tsc(&self) -> Option<Stated> {
        let (ticks, clocks) = self.ratio;
        let has_ratio = ticks != 0 && clocks != 0;
        let by_crystal = has_ratio
            .then(|| u64::from(self.crystal_hz) * u64::from(ticks) / u64::from(clocks.max(1)));
        // Without the crystal's frequency, leaf 0x16 is the counter's frequency.
        let nominal = has_ratio.then(|| u64::from(self.base_mhz) * 1_000_000);
        let hypervisor = Some(u64::from(self.hypervisor_tsc_khz) * 1000);
        let plausible = |hz: Option<u64>| hz.filter(|hz| PLAUSIBLE_HZ.contains(hz));
        plausible(by_crystal)
            .map(Stated::Crystal)
            .or_else(|| plausible(hypervisor).map(Stated::Hypervisor))
            .or_else(|| plausible(nominal).map(Stated::Nominal))
    }

    /// Returns the frequency of the local APIC's timer before its divider, if it is
    /// stated. It is that of the core crystal, if leaf 0x15 states it.
    ///
    /// Source: Intel SDM volume 3, "APIC Timer".
    pub fn apic_timer_hz(&self) -> Option<u64> {
        let hypervisor_hz = u64::from(self.hypervisor_apic_khz) * 1000;
        [u64::from(self.crystal_hz), hypervisor_hz].into_iter().find(|&hz| hz != 0)
    }
}

#[cfg(test)]
mod tests;
