//! `stat`, `uptime`: how long the CPUs worked, and counts of events.

use cpu_times::CpuTimes;

use crate::arch::cpu::percpu;
use crate::arch::irq;
use crate::arch::time::clock::{self, NS_PER_SECOND};
use crate::fs;
use crate::fs::error::FsError;
use crate::fs::generated::Text;
use crate::process::table;
use crate::procfs::process::TICK_NS;
use crate::task::{self, SchedCpu};

/// Returns how long all CPUs worked, and how long they were idle, in nanoseconds.
pub(super) fn busy_and_idle_ns(now_ns: u64) -> (u64, u64) {
    task::cpus().fold((0, 0), |(busy_ns, idle_ns), cpu| {
        let cpu_ns = cpu.idle_ns(now_ns).min(now_ns);
        (busy_ns + now_ns - cpu_ns, idle_ns + cpu_ns)
    })
}

/// Source: proc(5), /proc/uptime.
pub(in crate::procfs) fn uptime(_: &(), text: &mut Text) -> Result<(), FsError> {
    let now_ns = clock::now_ns();
    let (_, idle_ns) = busy_and_idle_ns(now_ns);
    let parts = |ns: u64| (ns / NS_PER_SECOND, ns % NS_PER_SECOND / TICK_NS);
    let (up, idle) = (parts(now_ns), parts(idle_ns));
    writeln!(text, "{}.{:02} {}.{:02}", up.0, up.1, idle.0, idle.1)
}

/// Returns how long a CPU was idle, in nanoseconds, and how the rest is split.
fn times_of(cpu: &SchedCpu, now_ns: u64) -> (CpuTimes, u64) {
    let idle_ns = cpu.idle_ns(now_ns).min(now_ns);
    (cpu.split_times(now_ns - idle_ns), idle_ns)
}

/// Source: proc(5), /proc/stat.
pub(in crate::procfs) fn stat(_: &(), text: &mut Text) -> Result<(), FsError> {
    let now_ns = clock::now_ns();
    let (mut all, mut all_idle_ns) = (CpuTimes::ZERO, 0);
    for cpu in task::cpus() {
        let (busy, idle_ns) = times_of(cpu, now_ns);
        all += busy;
        all_idle_ns += idle_ns;
    }
    push_cpu("cpu ", all, all_idle_ns, text)?;
    for cpu in task::cpus() {
        let (busy, idle_ns) = times_of(cpu, now_ns);
        write!(text, "cpu{}", cpu.id())?;
        push_cpu("", busy, idle_ns, text)?;
    }
    let on_all = |vector: u8| {
        let areas = task::cpus().filter_map(|cpu| percpu::get(cpu.id()));
        areas.map(|area| irq::count_on(area, vector)).sum::<u64>()
    };
    let interrupts: u64 = (32..=u8::MAX).map(on_all).sum();
    let switches: u64 = task::cpus().map(|cpu| cpu.switches()).sum();
    let runnable: u32 = task::cpus().map(|cpu| cpu.runnable()).sum();
    let start_s = fs::time::now_ns().saturating_sub(now_ns as i64).max(0) / NS_PER_SECOND as i64;
    write!(text, "intr {interrupts}")?;
    for line in 0..irq::vectors::LINES {
        write!(text, " {}", on_all(irq::vectors::FIRST_LINE_VECTOR + line))?;
    }
    writeln!(text, "\nctxt {switches}\nbtime {start_s}\nprocesses {}", table::made())?;
    writeln!(text, "procs_running {}\nprocs_blocked 0", runnable.max(1))?;
    writeln!(text, "softirq 0 0 0 0 0 0 0 0 0 0 0")
}

/// Writes the times of a CPU: in programs, nice, in the kernel, idle, and six that are 0.
fn push_cpu(name: &str, busy: CpuTimes, idle_ns: u64, text: &mut Text) -> Result<(), FsError> {
    let (user, system) = (busy.user_ns / TICK_NS, busy.system_ns / TICK_NS);
    writeln!(text, "{name} {user} 0 {system} {} 0 0 0 0 0 0", idle_ns / TICK_NS)
}
