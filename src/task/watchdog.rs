//! Detection of CPUs that hang: two threads watch all CPUs.
//!
//! A CPU that runs a thread takes interrupts and, if others wait, switches. Every
//! [`PERIOD_NS`] an interrupt requests a heartbeat. A CPU without one for [`PATIENCE_NS`] is
//! reported in the log, with its current instruction, which a non-maskable interrupt determines;
//! once, until it answers again. The two stay on the first and on the second
//! CPU, so that each of these is watched from the other one.

use core::sync::atomic::{AtomicU64, Ordering};

use blocking::WaitError;
use run_queue::{Policy, RealTimePriority};
use spin::Once;
use x86_64::VirtAddr;

use super::cpu::{SchedCpu, cpus};
use super::cpu_set::CpuSet;
use super::sleep::sleep_ns;
use super::spawn::Builder;
use crate::arch::cpu::id::CpuId;
use crate::arch::cpu::percpu::{self, Cpu};
use crate::arch::irq::{interrupt_flag, ipi};
use crate::arch::smp::stop;
use crate::arch::time::clock;

/// The time from one check of a CPU to the next.
const PERIOD_NS: u64 = 2_000_000_000;
/// How long a CPU may be silent, or not switch while threads wait.
const PATIENCE_NS: u64 = 5_000_000_000;

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
        let others = move |other: &&'static SchedCpu| match number {
            0 => other.id() != CpuId::BOOT,
            _ => other.id() == CpuId::BOOT,
        };
        let thread = Builder::new("watchdog")
            .policy(Policy::RealTime(RealTimePriority::MAX))
            .allowed(here)
            .spawn(move || while look(others).is_ok() {});
        if let Err(error) = thread {
            log::warn!("CPUs that hang won't be reported: {error}");
        }
    }
}

/// Checks the other CPUs once.
fn look(others: impl Fn(&&'static SchedCpu) -> bool) -> Result<(), WaitError> {
    for cpu in cpus().filter(&others) {
        if let Some(area) = percpu::get(cpu.id()) {
            judge(cpu, area);
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

fn judge(cpu: &SchedCpu, area: &'static Cpu) {
    let now_ns = clock::now_ns();
    let watch = &cpu.watch;
    let (life, switches) = (ipi::heartbeats(area), cpu.switches());
    let has_moved = |kept: &AtomicU64, value: u64| kept.swap(value, Ordering::Relaxed) != value;
    if has_moved(&watch.life, life) {
        watch.alive_ns.store(now_ns, Ordering::Relaxed);
    }
    if has_moved(&watch.switches, switches) || cpu.runnable() < 2 {
        watch.switched_ns.store(now_ns, Ordering::Relaxed);
    }
    let silent = |since: &AtomicU64| {
        let since_ns = since.load(Ordering::Relaxed);
        since_ns != 0 && now_ns.saturating_sub(since_ns) > PATIENCE_NS
    };
    let why = if silent(&watch.alive_ns) {
        "takes no interrupts"
    } else if silent(&watch.switched_ns) {
        "doesn't switch, though threads wait"
    } else {
        watch.is_reported.store(false, Ordering::Relaxed);
        return;
    };
    if !watch.is_reported.swap(true, Ordering::Relaxed) {
        REPORTS.fetch_add(1, Ordering::Relaxed);
        if let Some(report) = REPORT.get() {
            report(cpu.id(), stop::current_instruction(area), why);
        }
    }
}
