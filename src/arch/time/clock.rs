//! The time since the start of the stub, by the time stamp counter (TSC).
//!
//! CPUID states the counter's frequency, or it is measured: first roughly against the PIT, and
//! later, before threads and timers use the clock, against the best reference that ACPI describes
//! ([`refine`]). The time never decreases, neither at that change nor between CPUs: if the CPUs'
//! counters may differ, no CPU returns a time before the latest one that any CPU has returned.
//!
//! Source: Intel SDM volume 3, "Time-Stamp Counter".

use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};

use raw_cpuid::CpuId;
use spin::Once;
use timekeeping::calibration::Frequency;
use timekeeping::conversion::{self, Conversion};
use timekeeping::stated::{Leaves, PLAUSIBLE_HZ, Stated};
use x86_64::instructions::interrupts::without_interrupts;

use crate::arch::boot_stage::{self, Stage};
use crate::arch::cpu::percpu::Cpu;
use crate::arch::stub_values;
use crate::arch::time::calibration::{self, Reference};
use crate::arch::time::pit;
use crate::arch::time::rate::{FrequencySource, Rate};
use crate::arch::time::tsc::read_tsc_in_order;
use crate::per_cpu;

pub use crate::arch::time::tsc::{read_tsc, read_tsc_serialized};

/// The nanoseconds of a second.
pub const NS_PER_SECOND: u64 = 1_000_000_000;

/// The running clock. It counts from the stub's first reading of the time stamp counter.
#[derive(Clone, Copy, Debug)]
pub struct Clock(());

/// The frequency that is assumed if none can be found: higher than any real one, so that
/// waits become longer rather than shorter.
const ASSUMED_HZ: u64 = 6_000_000_000;

/// The errors at which a measurement ends: for the first clock, and for the refined clock.
const EARLY_PPM: u64 = 1000;
const REFINED_PPM: u64 = 20;
/// If a reference yields a larger error, the next reference is tried.
const GOOD_PPM: u64 = 100;

#[derive(Clone, Copy)]
struct Known {
    conversion: Conversion,
    rate: Rate,
}

/// The first clock, and the refined one, which replaces it.
static EARLY: Once<Known> = Once::new();
static REFINED: Once<Known> = Once::new();

per_cpu! {
    /// The signed number to add to this CPU's time stamp counter to get the boot CPU's.
    static TSC_OFFSET: AtomicU64 = AtomicU64::new(0);
}

/// Sets the signed number to add to the time stamp counter of `cpu` to get the boot CPU's.
pub(in crate::arch) fn set_tsc_offset(cpu: &Cpu, offset: u64) {
    TSC_OFFSET.of(cpu).store(offset, Ordering::Relaxed);
}

/// Whether the CPUs' counters may differ.
static IS_UNSTEADY: AtomicBool = AtomicBool::new(false);
/// The clock in use, if it runs and the CPUs' counters don't differ. The only thing that
/// [`now_ns`] looks at.
static STEADY: AtomicPtr<Conversion> = AtomicPtr::new(ptr::null_mut());
/// The latest time that any CPU has returned; only used if the counters may differ.
static LATEST_NS: AtomicU64 = AtomicU64::new(0);

impl Clock {
    /// Returns the time since the stub in nanoseconds.
    pub fn uptime_ns(&self) -> u64 {
        now_ns()
    }

    /// Returns the time since the stub in microseconds.
    pub fn uptime_us(&self) -> u64 {
        now_us()
    }

    /// Returns the frequency of the time stamp counter.
    pub fn rate(&self) -> Rate {
        rate()
    }
}

/// Returns whether the time stamp counter has a constant rate in all power and performance states.
/// Under a hypervisor this is assumed, even if CPUID doesn't state it.
///
/// Source: Intel SDM volume 3, "Invariant TSC".
fn is_invariant(cpuid: &CpuId<raw_cpuid::CpuIdReaderNative>) -> bool {
    let info = cpuid.get_advanced_power_mgmt_info();
    info.is_some_and(|info| info.has_invariant_tsc()) || cpuid.get_hypervisor_info().is_some()
}

/// Returns whether the time stamp counter has a constant rate, so that its ticks measure time
/// whatever the CPU's clock is.
pub fn has_constant_rate() -> bool {
    is_invariant(&CpuId::new())
}

fn known() -> Option<&'static Known> {
    REFINED.get().or_else(|| EARLY.get())
}

/// Returns the conversion of the clock that runs, if the CPUs' counters don't differ.
#[inline(always)]
fn steady() -> Option<&'static Conversion> {
    // SAFETY: it is null, or points into a static that doesn't change any more.
    unsafe { STEADY.load(Ordering::Acquire).as_ref() }
}

/// Makes [`steady`] return what the other variables say.
fn update_steady() {
    let conversion = known().filter(|_| are_counters_stable()).map(|known| &known.conversion);
    let pointer = conversion.map_or(ptr::null_mut(), |it| ptr::from_ref(it).cast_mut());
    STEADY.store(pointer, Ordering::Release);
}

/// Returns the frequency of the time stamp counter; before [`start`] the assumed frequency.
pub fn rate() -> Rate {
    let assumed = Rate { hz: ASSUMED_HZ, error_ppm: None, source: FrequencySource::Assumed };
    known().map_or(assumed, |known| known.rate)
}

/// Returns the time since the stub in nanoseconds; 0 before [`start`].
#[inline(always)]
pub fn now_ns() -> u64 {
    match steady() {
        Some(conversion) => conversion.ns_on(read_tsc_in_order(), TSC_OFFSET.get().cast_signed()),
        None => latest_ns(),
    }
}

/// Returns the time since the stub in nanoseconds, if the CPUs' counters may differ; 0 before
/// [`start`].
#[cold]
fn latest_ns() -> u64 {
    let Some(Known { conversion, .. }) = known() else {
        return 0;
    };
    // The counter and the offset must be of the same CPU.
    let ns = conversion.ns_at(without_interrupts(boot_cpu_tsc));
    LATEST_NS.fetch_max(ns, Ordering::Relaxed).max(ns)
}

/// Returns the time since the stub in microseconds; 0 before [`start`].
pub fn now_us() -> u64 {
    now_ns() / 1000
}

/// Returns the boot CPU's time stamp counter; may be called on any CPU.
#[inline]
fn boot_cpu_tsc() -> u64 {
    conversion::to_boot_cpu(read_tsc_in_order(), TSC_OFFSET.get().cast_signed())
}

/// Converts ticks of the time stamp counter to nanoseconds.
pub fn ticks_to_ns(ticks: u64) -> u64 {
    known().map_or(0, |known| known.conversion.ticks_to_ns(ticks))
}

/// Returns this CPU's counter at the time when [`now_ns`] becomes `ns`, or shortly after.
#[inline]
pub fn tsc_at(ns: u64) -> u64 {
    let tsc = known().map_or(u64::MAX, |known| known.conversion.tsc_at(ns));
    conversion::from_boot_cpu(tsc, TSC_OFFSET.get().cast_signed())
}

/// Marks the counters as unstable: from now on no CPU returns a time before the latest
/// one that any CPU has returned.
pub fn mark_counters_unstable() {
    IS_UNSTEADY.store(true, Ordering::Relaxed);
    update_steady();
}

/// Returns whether the CPUs' counters can be assumed to be equal.
pub fn are_counters_stable() -> bool {
    !IS_UNSTEADY.load(Ordering::Relaxed)
}

/// Returns the conversion of any CPU's time stamp counter to the clock; `None` if the counters may
/// differ.
pub fn steady_conversion() -> Option<&'static Conversion> {
    steady()
}

/// Waits for `time_ns` in a loop; doesn't switch to another thread.
pub fn spin_ns(time_ns: u64) {
    let end_ns = now_ns().saturating_add(time_ns);
    while now_ns() < end_ns {
        core::hint::spin_loop();
    }
}

/// Returns the frequencies that CPUID states.
pub(in crate::arch) fn stated() -> Leaves {
    let cpuid = CpuId::new();
    let tsc = cpuid.get_tsc_info();
    let hypervisor = cpuid.get_hypervisor_info();
    let base_mhz = cpuid.get_processor_frequency_info().map(|it| it.processor_base_frequency());
    Leaves {
        ratio: tsc.as_ref().map_or((0, 0), |tsc| (tsc.numerator(), tsc.denominator())),
        crystal_hz: tsc.as_ref().map_or(0, |tsc| tsc.nominal_frequency()),
        base_mhz: base_mhz.unwrap_or(0),
        hypervisor_tsc_khz: hypervisor.as_ref().and_then(|it| it.tsc_frequency()).unwrap_or(0),
        hypervisor_apic_khz: hypervisor.as_ref().and_then(|it| it.apic_frequency()).unwrap_or(0),
    }
}

/// Starts the clock with the frequency that CPUID states, or one that is measured against
/// the PIT in 2 to 40 ms, with an error of a thousandth.
pub fn start(_cpu: &Cpu) -> Clock {
    boot_stage::mark(Stage::PerCpu);
    if !is_invariant(&CpuId::new()) {
        // Each CPU's counter may have its own rate.
        mark_counters_unstable();
    }
    let plain = |hz, source| Rate { hz, error_ppm: None, source };
    let stated = stated().tsc();
    let rate = match stated {
        Some(Stated::Crystal(hz)) => plain(hz, FrequencySource::Cpuid),
        Some(Stated::Hypervisor(hz)) => plain(hz, FrequencySource::Hypervisor),
        Some(Stated::Nominal(_)) | None => {
            measure(&pit::Channel2, EARLY_PPM).unwrap_or_else(|| match stated {
                Some(Stated::Nominal(hz)) => plain(hz, FrequencySource::Nominal),
                _ => plain(ASSUMED_HZ, FrequencySource::Assumed),
            })
        }
    };
    let conversion = Conversion::new(rate.hz, stub_values::start_tsc());
    EARLY.call_once(|| Known { conversion, rate });
    update_steady();
    Clock(())
}

/// Measures the frequency again, unless it was stated exactly: against the first of `references`
/// that works well; the PIT is the last one. Called once, before the other CPUs start.
pub fn refine(_clock: Clock, references: &[&dyn Reference]) {
    let Some(early) = EARLY.get() else {
        return;
    };
    if !early.rate.source.is_exact() {
        let mut best = early.rate;
        let pit: &dyn Reference = &pit::Channel2;
        for reference in references.iter().copied().chain([pit]) {
            let Some(rate) = measure(reference, REFINED_PPM) else {
                continue;
            };
            let is_good = rate.error_ppm <= Some(GOOD_PPM);
            if is_good || best.error_ppm.is_none_or(|least| rate.error_ppm < Some(least)) {
                best = rate;
            }
            if is_good {
                break;
            }
        }
        if best.source == FrequencySource::Assumed {
            log::warn!("no timer has a known frequency: times may be wrong by a factor");
        }
        warn_of_contradiction(early.rate, best);
        let start_tsc = stub_values::start_tsc();
        without_interrupts(|| {
            let conversion = early.conversion.refined(best.hz, start_tsc, read_tsc_in_order());
            REFINED.call_once(|| Known { conversion, rate: best });
            update_steady();
        });
    }
    log::info!("time stamp counter: {}", rate());
}

/// Logs that two measurements differ by more than their errors allow.
fn warn_of_contradiction(early: Rate, refined: Rate) {
    if let (Some(early_ppm), Some(refined_ppm)) = (early.error_ppm, refined.error_ppm) {
        let off_ppm =
            u128::from(early.hz.abs_diff(refined.hz)) * 1_000_000 / u128::from(refined.hz.max(1));
        if off_ppm > u128::from(early_ppm + refined_ppm + 1) {
            log::warn!("the clocks of this machine differ: {early}; {refined}");
        }
    }
}

/// Measures the frequency against `reference`; `None` if the reference doesn't work.
fn measure(reference: &dyn Reference, target_ppm: u64) -> Option<Rate> {
    let estimate = calibration::measure(reference, target_ppm)?;
    let Frequency { hz, error_ppm } = estimate.tsc(reference.hz());
    let rate = Rate { hz, error_ppm: Some(error_ppm), source: reference.source() };
    PLAUSIBLE_HZ.contains(&hz).then_some(rate)
}

#[cfg(test)]
mod tests;
