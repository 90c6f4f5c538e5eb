//! What each processor has for itself, found by its GS base.

use core::arch::asm;
use core::mem::offset_of;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering};

use spin::{Mutex, Once};
use x86_64::VirtAddr;
use x86_64::registers::model_specific::GsBase;

use crate::arch::cpu::gdt::Tables;
use crate::arch::debug::lock_statistics::{LockStatistics, RANKS_MAX};

/// One processor's own data.
///
/// Only its processor writes it, so relaxed atomics do: they are there because
/// an interrupt handler may run between any two instructions.
#[repr(C)]
pub struct PerCpu {
    /// This structure's own address, at GS:0.
    this: AtomicPtr<PerCpu>,
    /// The processor's number, from 0.
    pub id: u32,
    /// The number of its local APIC.
    apic_id: AtomicU32,
    /// Where it was when it was stopped for good: instruction, frame, and whether it was.
    pub(in crate::arch) stopped_at: [AtomicU64; 2],
    pub(in crate::arch) is_stopped: AtomicBool,
    /// Where it was when it was asked for that, and whether it has answered.
    pub(in crate::arch) was_at: AtomicU64,
    pub(in crate::arch) is_asked: AtomicBool,
    /// What another processor wants to be run here. Taken with interrupts off.
    pub(in crate::arch) call: Mutex<Option<fn()>>,
    /// How often that was done.
    pub(in crate::arch) calls_done: AtomicU64,
    /// How often it was asked whether it lives, and has answered.
    pub(in crate::arch) signs_of_life: AtomicU64,
    held_ranks: AtomicU32,
    /// How many `InterruptsOff` there are.
    pub(in crate::arch) interrupts_off_depth: AtomicU32,
    /// Whether interrupts were on before the first of them.
    pub(in crate::arch) were_interrupts_on: AtomicBool,
    /// What is added to this processor's time stamp counter, so that it shows what the
    /// boot processor's does.
    tsc_offset: AtomicU64,
    /// The [`Context`](crate::arch::context::Context) that runs, as its address.
    pub(in crate::arch) running_context: AtomicU64,
    /// The thread that runs, as the scheduler numbers them.
    thread: AtomicU32,
    /// The scheduler is asked for.
    pub(in crate::arch) needs_reschedule: AtomicBool,
    /// How many `PreemptionOff` there are.
    pub(in crate::arch) preemption_off_depth: AtomicU32,
    /// When the timer interrupts, in nanoseconds on the kernel's clock.
    pub(in crate::arch) timer_due_ns: AtomicU64,
    /// Since when interrupts are off for the first `InterruptsOff`, and for how long they
    /// were at most, in ticks of the time stamp counter; and who has ended that.
    pub(in crate::arch) off_since_tsc: AtomicU64,
    pub(in crate::arch) longest_off_ticks: AtomicU64,
    pub(in crate::arch) longest_off_by: AtomicU64,
    /// What was counted of locks, by their ranks.
    pub lock_statistics: [LockStatistics; RANKS_MAX],
    /// Set while an exception is to be reported and then skipped.
    pub(in crate::arch) is_skipping_exceptions: AtomicBool,
    /// How many interrupt handlers are running, one within another.
    pub(in crate::arch) interrupt_depth: AtomicU32,
    /// How often each vector was entered.
    pub(in crate::arch) vector_counts: [AtomicU64; 256],
    pub(in crate::arch) spurious_counts: [AtomicU64; 2],
    /// The GDT and the TSS.
    pub tables: Tables,
}

impl PerCpu {
    /// Makes that of the processor with number `id`.
    pub const fn new(id: u32) -> Self {
        Self {
            this: AtomicPtr::new(core::ptr::null_mut()),
            id,
            apic_id: AtomicU32::new(0),
            stopped_at: [const { AtomicU64::new(0) }; 2],
            is_stopped: AtomicBool::new(false),
            was_at: AtomicU64::new(0),
            is_asked: AtomicBool::new(false),
            call: Mutex::new(None),
            calls_done: AtomicU64::new(0),
            signs_of_life: AtomicU64::new(0),
            held_ranks: AtomicU32::new(0),
            interrupts_off_depth: AtomicU32::new(0),
            were_interrupts_on: AtomicBool::new(false),
            tsc_offset: AtomicU64::new(0),
            running_context: AtomicU64::new(0),
            thread: AtomicU32::new(0),
            needs_reschedule: AtomicBool::new(false),
            preemption_off_depth: AtomicU32::new(0),
            timer_due_ns: AtomicU64::new(u64::MAX),
            off_since_tsc: AtomicU64::new(0),
            longest_off_ticks: AtomicU64::new(0),
            longest_off_by: AtomicU64::new(0),
            lock_statistics: [const { LockStatistics::new() }; RANKS_MAX],
            is_skipping_exceptions: AtomicBool::new(false),
            interrupt_depth: AtomicU32::new(0),
            vector_counts: [const { AtomicU64::new(0) }; 256],
            spurious_counts: [const { AtomicU64::new(0) }; 2],
            tables: Tables::new(),
        }
    }

    /// Returns the number of its local APIC; 0 where it isn't used.
    pub fn apic_id(&self) -> u32 {
        self.apic_id.load(Ordering::Relaxed)
    }

    /// Notes the number of its local APIC.
    pub fn set_apic_id(&self, apic_id: u32) {
        self.apic_id.store(apic_id, Ordering::Relaxed);
    }

    /// Notes what makes its time stamp counter the boot processor's.
    pub(in crate::arch) fn set_tsc_offset(&self, offset: u64) {
        self.tsc_offset.store(offset, Ordering::Relaxed);
    }

    /// Returns how often it has answered [`ipi::ask_for_life`](crate::arch::irq::ipi::ask_for_life).
    pub fn signs_of_life(&self) -> u64 {
        self.signs_of_life.load(Ordering::Relaxed)
    }

    /// Returns where it was when it was stopped for good: the instruction, and the value of
    /// RBP.
    pub fn stopped_at(&self) -> Option<(u64, u64)> {
        let [instruction, frame] = &self.stopped_at;
        let at = || (instruction.load(Ordering::Relaxed), frame.load(Ordering::Relaxed));
        self.is_stopped.load(Ordering::Acquire).then(at)
    }

    /// Returns what makes this processor's time stamp counter the boot processor's.
    #[inline]
    pub fn tsc_offset(&self) -> u64 {
        self.tsc_offset.load(Ordering::Relaxed)
    }

    /// Returns how often this processor entered `vector`.
    pub fn vector_count(&self, vector: u8) -> u64 {
        self.vector_counts[usize::from(vector)].load(Ordering::Relaxed)
    }

    /// Tells whether this processor is handling a device's interrupt.
    pub fn is_in_interrupt(&self) -> bool {
        self.interrupt_depth.load(Ordering::Relaxed) > 0
    }

    /// Notes which thread runs.
    #[inline]
    pub fn set_thread(&self, number: u32) {
        self.thread.store(number, Ordering::Relaxed);
    }

    /// Returns the ranks of the locks that this processor holds, a bit each.
    pub fn held_ranks(&self) -> u32 {
        self.held_ranks.load(Ordering::Relaxed)
    }

    /// Replaces the ranks of the locks that this processor holds.
    pub fn set_held_ranks(&self, ranks: u32) {
        self.held_ranks.store(ranks, Ordering::Relaxed);
    }
}

/// The most processors that are used.
pub const CPUS_MAX: usize = 256;

static BOOT_CPU: PerCpu = PerCpu::new(0);

/// All processors that run, by their numbers.
static ALL: [Once<&'static PerCpu>; CPUS_MAX] = [const { Once::new() }; CPUS_MAX];

/// Makes [`current`] work on the boot processor. The first step of all: locks
/// and interrupts need it.
pub fn start() -> &'static PerCpu {
    use_here(&BOOT_CPU);
    add(&BOOT_CPU);
    &BOOT_CPU
}

/// Makes `cpu` what [`current`] returns on this processor, which no other has.
pub(in crate::arch) fn use_here(cpu: &'static PerCpu) {
    cpu.this.store(core::ptr::from_ref(cpu).cast_mut(), Ordering::Relaxed);
    GsBase::write(VirtAddr::from_ptr(cpu));
}

/// Counts `cpu` among those that run.
pub(in crate::arch) fn add(cpu: &'static PerCpu) {
    ALL[cpu.id as usize].call_once(|| cpu);
}

/// Returns the processor with this number, if it runs.
#[inline]
pub fn get(id: u32) -> Option<&'static PerCpu> {
    ALL.get(id as usize)?.get().copied()
}

/// Returns the processors that run.
pub fn all() -> impl Iterator<Item = &'static PerCpu> {
    ALL.iter().filter_map(Once::get).copied()
}

/// Returns the data of the processor that this runs on. Unless interrupts or preemption
/// are off, it may be another one's by the time that it is used.
#[inline]
pub fn current() -> &'static PerCpu {
    let this: *const PerCpu;
    // SAFETY: GS points at a `PerCpu` (invariant 1 of `arch`), whose first field
    // is its own address.
    unsafe {
        asm!("mov {}, gs:[0]", out(reg) this, options(nostack, preserves_flags, readonly, pure));
    }
    // SAFETY: `use_here` has put a `&'static PerCpu` there.
    unsafe { &*this }
}

/// Reads a number of this processor's structure, `OFFSET` bytes in it, by one instruction:
/// the thread that does may be moved to another processor before and behind it, but not
/// in between.
#[inline]
fn read_here<const OFFSET: usize>() -> u32 {
    let value: u32;
    // SAFETY: GS points at a `PerCpu` (invariant 1 of `arch`), which has 32 bits there.
    unsafe {
        asm!("mov {:e}, gs:[{}]", out(reg) value, const OFFSET,
            options(nostack, preserves_flags, readonly));
    }
    value
}

/// Returns the number of the thread that this runs in, on whatever processor.
#[inline]
pub fn thread() -> u32 {
    read_here::<{ offset_of!(PerCpu, thread) }>()
}

/// Tells whether this is an interrupt handler.
#[inline]
pub fn is_in_interrupt() -> bool {
    read_here::<{ offset_of!(PerCpu, interrupt_depth) }>() > 0
}

/// Returns the ranks of the spin locks that this holds, a bit each.
#[inline]
pub fn held_ranks() -> u32 {
    read_here::<{ offset_of!(PerCpu, held_ranks) }>()
}

/// Returns how many `PreemptionOff` there are here.
#[inline]
pub(in crate::arch) fn preemption_off_depth() -> u32 {
    read_here::<{ offset_of!(PerCpu, preemption_off_depth) }>()
}

/// Returns how many `InterruptsOff` there are here.
#[inline]
pub(in crate::arch) fn interrupts_off_depth() -> u32 {
    read_here::<{ offset_of!(PerCpu, interrupts_off_depth) }>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn current_is_the_boot_processor() {
        assert!(core::ptr::eq(current(), &raw const BOOT_CPU));
        assert!(core::ptr::eq(current().this.load(Ordering::Relaxed), current()));
        assert!(core::ptr::eq(get(0).expect("it runs"), current()));
    }
}
