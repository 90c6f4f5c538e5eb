//! On which CPU a thread runs: the crate `run-queue` makes the choices.

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
        get(cpu).runnable.load(Ordering::Relaxed)
    }

    fn load(&self, cpu: usize) -> u64 {
        get(cpu).load.load(Ordering::Relaxed)
    }

    fn first_idle(&self, allowed: &CpuSet, from: usize) -> Option<usize> {
        allowed.first_common(|word| IDLE.word(word), from)
    }
}

/// Returns the number of the CPU that the choices call by its index.
#[inline]
fn id_of(index: usize) -> CpuId {
    CpuId::new(index as u32)
}

/// Returns the CPU that the choices call by its index.
#[inline]
fn get(index: usize) -> &'static SchedCpu {
    cpu::get(id_of(index))
}

/// Sets how many CPUs run threads: those with the numbers below `count`.
pub(super) fn set_count(count: u32) {
    COUNT.store(count, Ordering::Relaxed);
}

/// Returns whether only one CPU runs threads.
#[inline]
pub(super) fn is_alone() -> bool {
    COUNT.load(Ordering::Relaxed) == 1
}

/// Records whether `cpu` is idle.
pub(super) fn set_idle(cpu: &SchedCpu, is_idle: bool) {
    if is_idle {
        IDLE.insert(cpu.id());
    } else {
        IDLE.remove(cpu.id());
    }
}

/// Picks the CPU for `thread`, which this one wakes or has made.
pub(super) fn pick_cpu(thread: &Thread) -> &'static SchedCpu {
    let here = cpu::this();
    if is_alone() {
        return here;
    }
    let last = thread.cpu().index();
    let picked = place(&All, &thread.allowed(), last, here.id().index(), random());
    get(picked)
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
    let other = busiest(&All, here.id().index(), random())?;
    let other = get(other);
    let mut queue = LockedQueue::lock(other, interrupts_off);
    let thread = queue.steal(here, now_ns)?;
    queue.hand_over(thread, here);
    Some(thread)
}

/// Takes a waiting thread off the queue of this CPU, for a CPU with less load. It does so if that
/// levels the loads, if the threads of this CPU get less for their weight than the threads of the
/// other one, or if the thread is real-time and the other CPU has no such thread. Called at the end
/// of slices. Returns the thread and the other CPU, whose queue then owns it.
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
    let target = balancer.partner(&All, here.id().index(), random(), now_ns)?;
    let target = get(target);
    let (target_time, target_load, has_real_time) = {
        let mut queue = LockedQueue::lock(target, interrupts_off);
        queue.update(now_ns);
        (queue.virtual_time(), queue.load(), queue.real_time_len() > 0)
    };
    let mut queue = LockedQueue::lock(here, interrupts_off);
    queue.update(now_ns);
    let own_time = queue.virtual_time();
    let is_behind = balancer.should_move(target.id().index(), own_time, target_time, now_ns);
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

/// Returns an idle CPU if threads wait on `here`: a halted CPU doesn't search for work.
pub(super) fn idle_beside(here: &SchedCpu) -> Option<CpuId> {
    if is_alone() || here.runnable.load(Ordering::Relaxed) < 2 {
        return None;
    }
    let all = CpuSet::first(COUNT.load(Ordering::Relaxed) as usize);
    All.first_idle(&all, here.id().index()).map(id_of)
}

/// Returns a pseudorandom number.
fn random() -> u32 {
    // The lower bits change with each call; multiplying brings them to the upper ones.
    (clock::read_tsc() as u32).wrapping_mul(0x9E37_79B9)
}
