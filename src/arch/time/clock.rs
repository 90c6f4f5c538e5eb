//! Time since the stub, by the time stamp counter.
//!
//! It never runs backwards, on any processor: where the counters can't be relied on to
//! go alike, no processor sees less than the latest that any has seen.

use core::arch::asm;
use core::arch::x86_64::_rdtsc;
use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use raw_cpuid::CpuId;
use x86_64::instructions::interrupts::without_interrupts;

use crate::arch::boot_stage::{self, Stage};
use crate::arch::cpu::percpu::Cpu;
use crate::arch::stub_values;
use crate::arch::time::pit;
use crate::per_cpu;

/// The time since the stub saw that the processor has a time stamp counter.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// Ticks of the time stamp counter a second.
    pub frequency_hz: u64,
    /// How the frequency was found.
    pub source: FrequencySource,
    scale: Scale,
}

/// What ticks and nanoseconds are in terms of each other, as fractions of 2^32: relative
/// to the frequency that was found it is right to a billionth.
#[derive(Clone, Copy, Debug)]
struct Scale {
    ns_per_tick: u64,
    ticks_per_ns: u64,
}

impl Scale {
    const FRACTION_BITS: u32 = 32;

    fn new(frequency_hz: u64) -> Self {
        const NS_PER_SECOND: u128 = 1_000_000_000;
        let frequency_hz = u128::from(frequency_hz);
        Self {
            ns_per_tick: ((NS_PER_SECOND << Self::FRACTION_BITS) / frequency_hz) as u64,
            ticks_per_ns: ((frequency_hz << Self::FRACTION_BITS) / NS_PER_SECOND) as u64,
        }
    }

    #[inline]
    fn multiply(count: u64, factor: u64) -> u64 {
        ((u128::from(count) * u128::from(factor)) >> Self::FRACTION_BITS) as u64
    }
}

/// [`Scale`] for those who weren't given a [`Clock`]; 0 before [`start`].
static NS_PER_TICK: AtomicU64 = AtomicU64::new(0);
static TICKS_PER_NS: AtomicU64 = AtomicU64::new(0);

per_cpu! {
    /// What is added to this CPU's time stamp counter, so that it shows what the boot
    /// CPU's does.
    static TSC_OFFSET: AtomicU64 = AtomicU64::new(0);
}

/// Notes what makes the time stamp counter of `cpu` the boot CPU's.
pub(in crate::arch) fn set_tsc_offset(cpu: &Cpu, offset: u64) {
    TSC_OFFSET.of(cpu).store(offset, Ordering::Relaxed);
}

/// Whether the processors' counters can't be relied on to go alike.
static IS_UNSTEADY: AtomicBool = AtomicBool::new(false);
/// The latest time that any processor has seen, where that matters.
static LATEST_NS: AtomicU64 = AtomicU64::new(0);

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
    /// Returns the nanoseconds since the stub.
    pub fn uptime_ns(&self) -> u64 {
        now_by(self.scale.ns_per_tick)
    }

    /// Returns the microseconds since the stub.
    pub fn uptime_us(&self) -> u64 {
        self.uptime_ns() / 1000
    }

    /// Tells whether the time stamp counter goes at the same rate in all states of power
    /// and performance. A hypervisor takes care of that, whatever it tells.
    ///
    /// Source: Intel SDM volume 3B, "Invariant TSC".
    pub fn is_invariant(&self) -> bool {
        let cpuid = CpuId::new();
        let info = cpuid.get_advanced_power_mgmt_info();
        info.is_some_and(|info| info.has_invariant_tsc()) || cpuid.get_hypervisor_info().is_some()
    }
}

/// Returns the nanoseconds since the stub; 0 before [`start`].
#[inline]
pub fn now_ns() -> u64 {
    now_by(NS_PER_TICK.load(Ordering::Relaxed))
}

/// Returns the microseconds since the stub; 0 before [`start`].
pub fn now_us() -> u64 {
    now_ns() / 1000
}

#[inline]
fn now_by(ns_per_tick: u64) -> u64 {
    let ns = Scale::multiply(ticks(), ns_per_tick);
    if IS_UNSTEADY.load(Ordering::Relaxed) {
        return LATEST_NS.fetch_max(ns, Ordering::Relaxed).max(ns);
    }
    ns
}

/// Returns the ticks since the stub, as all processors count them.
#[inline]
fn ticks() -> u64 {
    if IS_UNSTEADY.load(Ordering::Relaxed) {
        // Counter and offset have to be the same processor's.
        return without_interrupts(ticks_here);
    }
    ticks_here()
}

#[inline]
fn ticks_here() -> u64 {
    let tsc = read_tsc_in_order().wrapping_add(TSC_OFFSET.get());
    // Neither may an offset that is a little off make it wrap.
    let ticks = tsc.wrapping_sub(stub_values::start_tsc());
    if ticks as i64 >= 0 { ticks } else { 0 }
}

/// Returns how long so many ticks of the time stamp counter are, in nanoseconds.
pub fn ticks_to_ns(ticks: u64) -> u64 {
    Scale::multiply(ticks, NS_PER_TICK.load(Ordering::Relaxed))
}

/// Returns what this processor's counter shows when [`now_ns`] is `ns`, or shortly after.
#[inline]
pub fn tsc_at(ns: u64) -> u64 {
    let factor = u128::from(TICKS_PER_NS.load(Ordering::Relaxed));
    let ticks = (u128::from(ns) * factor) >> Scale::FRACTION_BITS;
    // Centuries ahead is as good as never.
    let ticks = u64::try_from(ticks).unwrap_or(u64::MAX).saturating_add(2);
    let tsc = stub_values::start_tsc().saturating_add(ticks);
    tsc.saturating_sub(TSC_OFFSET.get())
}

/// Lets no processor see less than the latest time that any has seen, from now on.
pub fn distrust_counters() {
    IS_UNSTEADY.store(true, Ordering::Relaxed);
}

/// Tells whether the processors' counters are relied on to go alike.
pub fn are_counters_trusted() -> bool {
    !IS_UNSTEADY.load(Ordering::Relaxed)
}

/// Waits for `time_ns` without giving the processor up.
pub fn spin_ns(time_ns: u64) {
    let end_ns = now_ns().saturating_add(time_ns);
    while now_ns() < end_ns {
        core::hint::spin_loop();
    }
}

/// Finds the frequency of the time stamp counter. Measuring it takes 10 ms.
pub fn start(_cpu: &Cpu) -> Clock {
    boot_stage::mark(Stage::PerCpu);
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
    let scale = Scale::new(frequency_hz);
    let clock = Clock { frequency_hz, source, scale };
    if !clock.is_invariant() {
        // Each processor's counter may go at its own rate.
        distrust_counters();
    }
    NS_PER_TICK.store(scale.ns_per_tick, Ordering::Relaxed);
    TICKS_PER_NS.store(scale.ticks_per_ns, Ordering::Relaxed);
    clock
}

fn measure() -> Option<u64> {
    /// 10 ms.
    const CLOCKS: u16 = (pit::INPUT_HZ / 100) as u16;
    let (ticks, clocks) = pit::measure(CLOCKS, read_tsc)?;
    Some(ticks * u64::from(pit::INPUT_HZ) / clocks)
}

/// Returns the time stamp counter, read when all before it was done.
///
/// Source: Intel SDM volume 2, "RDTSC": LFENCE keeps it from being read early.
#[inline]
fn read_tsc_in_order() -> u64 {
    let (low, high): (u64, u64);
    // SAFETY: every processor with long mode has the counter, which CR4.TSD doesn't forbid,
    // and SSE2, and with it LFENCE.
    unsafe {
        asm!("lfence", "rdtsc", out("rax") low, out("rdx") high,
            options(nomem, nostack, preserves_flags));
    }
    high << 32 | low
}

/// Returns the time stamp counter.
#[inline]
pub fn read_tsc() -> u64 {
    // SAFETY: every processor with long mode has the counter, and CR4.TSD, which
    // could forbid it, is left off.
    unsafe { _rdtsc() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn time_is_right_to_a_billionth_over_years() {
        const YEAR_S: u64 = 366 * 24 * 3600;
        for frequency_hz in [100_000_000, 1_000_000_000, 2_593_906_123, 5_800_000_000] {
            let scale = Scale::new(frequency_hz);
            let ns = Scale::multiply(frequency_hz * YEAR_S, scale.ns_per_tick);
            let error_ns = ns.abs_diff(YEAR_S * 1_000_000_000);
            assert!(error_ns < YEAR_S * 3, "{frequency_hz} Hz: {error_ns} ns");
        }
    }

    #[test_case]
    fn deadline_is_reached_when_it_should() {
        for ahead_ns in [0, 1, 999, 1_000_000] {
            let deadline_ns = now_ns() + ahead_ns;
            while read_tsc() < tsc_at(deadline_ns) {}
            assert!(now_ns() >= deadline_ns);
        }
    }

    #[test_case]
    fn time_never_runs_backwards() {
        let mut last_ns = now_ns();
        for round in 0..20_000 {
            if round == 10_000 {
                distrust_counters();
            }
            let ns = now_ns();
            assert!(ns >= last_ns);
            last_ns = ns;
        }
        LATEST_NS.fetch_add(1_000_000_000, Ordering::Relaxed);
        assert!(now_ns() >= last_ns + 1_000_000_000);
        IS_UNSTEADY.store(false, Ordering::Relaxed);
    }
}
