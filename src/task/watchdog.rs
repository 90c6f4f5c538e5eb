//! Detection of CPUs that hang: two threads watch all CPUs.
//!
//! A CPU that runs a thread takes interrupts and, if others wait, switches. Every
//! [`PERIOD_NS`] an interrupt requests a heartbeat. A CPU without one for 5 s is
//! reported in the log, with its current instruction, which a non-maskable interrupt determines;
//! once, until it answers again. The two stay on the first and on the second
//! CPU, so that each of these is watched from the other one.

use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};

use blocking::WaitError;
use run_queue::{Policy, RealTimePriority};
use spin::Once;
use x86_64::VirtAddr;

use super::cpu::cpus;
use super::cpu_set::CpuSet;
use super::sleep::sleep_ns;
use super::spawn::Builder;
use super::watch::Watch;
use crate::arch::cpu::id::CpuId;
use crate::arch::cpu::percpu::{self, Cpu};
use crate::arch::irq::{interrupt_flag, ipi};
use crate::arch::smp::stop;
use crate::arch::time::clock;

/// The time from one check of a CPU to the next.
const PERIOD_NS: u64 = 2_000_000_000;

/// How long interrupts may be off.
const OFF_NS: u64 = 1_000_000_000;

/// Reports that a CPU hangs: its number, its current instruction, and what it doesn't do.
pub type ReportHang = fn(CpuId, Option<VirtAddr>, &'static str);

static REPORT: Once<ReportHang> = Once::new();

/// Registers the function that reports CPUs that hang.
pub(super) fn set_report(report: ReportHang) {
    REPORT.call_once(|| report);
}

/// The number of reports.
static REPORTS: AtomicU64 = AtomicU64::new(0);

/// Returns how often a CPU was reported to hang.
pub fn report_count() -> u64 {
    REPORTS.load(Ordering::Relaxed)
}

/// Starts the threads that watch the CPUs.
pub(super) fn start() {
    let count = cpus().count();
    // With one CPU, no other CPU could watch it.
    if count < 2 {
        return;
    }
    for number in 0..2 {
        let mut here = CpuSet::new();
        here.try_insert(number).expect("there are two");
        let others = cpus().filter(|other| (other.id() == CpuId::BOOT) == (number != 0));
        let mut watches: Vec<_> = others.map(Watch::new).collect();
        let thread = Builder::new("watchdog")
            .policy(Policy::RealTime(RealTimePriority::MAX))
            .allowed(here)
            .spawn(move || while look(&mut watches).is_ok() {});
        if let Err(error) = thread {
            log::warn!("CPUs that hang won't be reported: {error}");
        }
    }
}

/// Checks the other CPUs once.
fn look(watches: &mut [Watch]) -> Result<(), WaitError> {
    for watch in watches {
        if let Some(area) = percpu::get(watch.cpu.id()) {
            judge(watch, area);
            ipi::request_heartbeat(area);
        }
    }
    report_long_off();
    sleep_ns(PERIOD_NS)
}

/// Logs that interrupts were off for longer than [`OFF_NS`], each time that they were off
/// longer than ever.
fn report_long_off() {
    static REPORTED_TICKS: AtomicU64 = AtomicU64::new(0);
    let Some(longest) = interrupt_flag::longest_off() else {
        return;
    };
    let is_new = REPORTED_TICKS.fetch_max(longest.ticks, Ordering::Relaxed) < longest.ticks;
    if is_new && clock::ticks_to_ns(longest.ticks) > OFF_NS {
        let ms = clock::ticks_to_ns(longest.ticks) / 1_000_000;
        log::warn!(
            "interrupts were off for {ms} ms on CPU {}, until {:#x}",
            longest.cpu,
            longest.ended_by
        );
    }
}

/// Observes a CPU, and reports it if it hangs.
fn judge(watch: &mut Watch, area: &'static Cpu) {
    let Some(defect) = watch.observe(ipi::heartbeats(area), clock::now_ns()) else {
        return;
    };
    REPORTS.fetch_add(1, Ordering::Relaxed);
    if let Some(report) = REPORT.get() {
        report(watch.cpu.id(), stop::current_instruction(area), defect);
    }
}
