//! On which CPU a thread runs; the choices are those of the crate `run-queue`.

use core::sync::atomic::{AtomicU32, Ordering};

use run_queue::{Cpus, busiest, place};

use super::cpu::{self, SchedCpu};
use super::cpu_set::CpuSet;
use super::locked_queue::LockedQueue;
use super::thread::Thread;
use crate::arch::cpu::id::CpuId;
use crate::arch::irq::interrupt_flag::InterruptsOff;
use crate::arch::smp::cpu_bits::{CpuBits, SET_WORDS};
use crate::arch::time::clock;

/// How many CPUs run threads: those with the first numbers.
static COUNT: AtomicU32 = AtomicU32::new(1);
/// Which of them have nothing to do. A hint.
static IDLE: CpuBits = CpuBits::new();

/// All CPUs, as the choices see them.
struct All;

impl Cpus<SET_WORDS> for All {
    fn count(&self) -> usize {
        COUNT.load(Ordering::Relaxed) as usize
    }

    fn threads(&self, cpu: usize) -> u32 {
        cpu::get(cpu as u32).runnable.load(Ordering::Relaxed)
    }

    fn load(&self, cpu: usize) -> u64 {
        cpu::get(cpu as u32).load.load(Ordering::Relaxed)
    }

    fn first_idle(&self, allowed: &CpuSet, from: usize) -> Option<usize> {
        allowed.first_common(|word| IDLE.word(word), from)
    }
}

/// Lets threads be placed on the CPUs with numbers below `count`.
pub(super) fn set_count(count: u32) {
    COUNT.store(count, Ordering::Relaxed);
}

/// Tells whether there is only one CPU to choose from.
#[inline]
pub(super) fn is_alone() -> bool {
    COUNT.load(Ordering::Relaxed) == 1
}

/// Notes whether `cpu` has nothing to do.
pub(super) fn set_idle(cpu: &SchedCpu, is_idle: bool) {
    if is_idle {
        IDLE.insert(CpuId::new(cpu.number));
    } else {
        IDLE.remove(CpuId::new(cpu.number));
    }
}

/// Picks the CPU for `thread`, which this one wakes or has made.
pub(super) fn pick_cpu(thread: &Thread) -> &'static SchedCpu {
    let here = cpu::this();
    if is_alone() {
        return here;
    }
    let last = thread.cpu() as usize;
    let picked = place(&All, &thread.allowed(), last, here.number as usize, random());
    cpu::get(picked as u32)
}

/// Takes a waiting thread from another CPU, for this one, which is idle; it is on no queue
/// then. Interrupts are off.
pub(super) fn steal(
    here: &'static SchedCpu,
    now_ns: u64,
    interrupts_off: &InterruptsOff,
) -> Option<&'static Thread> {
    if is_alone() {
        return None;
    }
    let other = busiest(&All, here.number as usize, random())?;
    let other = cpu::get(other as u32);
    let mut queue = LockedQueue::lock(other, interrupts_off);
    let thread = queue.steal(here, now_ns)?;
    queue.hand_over(thread, here);
    Some(thread)
}

/// Takes a thread that waits on this CPU off its queue, for one with less load: if that levels the loads, if
/// the threads here get less for their weight, or if it is real-time and none is there. Called at the end of slices, so
/// only where threads wait for each other, which are those that can move. Returns it and the
/// other CPU, whose queue owns it then. Interrupts are off.
pub(super) fn take_surplus(
    here: &'static SchedCpu,
    now_ns: u64,
    interrupts_off: &InterruptsOff,
) -> Option<(&'static Thread, &'static SchedCpu)> {
    if is_alone() || here.runnable.load(Ordering::Relaxed) < 2 {
        return None;
    }
    // Only this CPU, with interrupts off, takes it.
    let mut balancer = here.balancer.lock();
    let target = balancer.partner(&All, here.number as usize, random(), now_ns)?;
    let target = cpu::get(target as u32);
    let (target_time, target_load, has_real_time) = {
        let mut queue = LockedQueue::lock(target, interrupts_off);
        queue.update(now_ns);
        (queue.virtual_time(), queue.load(), queue.real_time_len() > 0)
    };
    let mut queue = LockedQueue::lock(here, interrupts_off);
    queue.update(now_ns);
    let own_time = queue.virtual_time();
    let is_behind = balancer.should_move(target.number as usize, own_time, target_time, now_ns);
    let surplus = queue.load().saturating_sub(target_load);
    let mut thread = None;
    if !has_real_time {
        thread = queue.take_real_time(target);
    }
    if thread.is_none() {
        thread = queue.take_lighter(target, surplus / 2);
    }
    if thread.is_none() && is_behind {
        thread = queue.take_oldest(target);
    }
    let thread = thread?;
    balancer.note_moved();
    queue.hand_over(thread, target);
    Some((thread, target))
}

/// Returns a CPU that has nothing to do, if `here` has threads that wait: one that
/// halts doesn't look around by itself.
pub(super) fn idle_beside(here: &SchedCpu) -> Option<u32> {
    if is_alone() || here.runnable.load(Ordering::Relaxed) < 2 {
        return None;
    }
    let all = CpuSet::first(COUNT.load(Ordering::Relaxed) as usize);
    All.first_idle(&all, here.number as usize).map(|idle| idle as u32)
}

/// Returns a number that is as good as any.
fn random() -> u32 {
    // The lower bits change with each call; multiplying brings them to the upper ones.
    (clock::read_tsc() as u32).wrapping_mul(0x9E37_79B9)
}
