//! Takes the samples, in the handler of each CPU's timer interrupt.

use alloc::sync::Arc;
use core::iter;
use core::sync::atomic::{AtomicU64, Ordering};

use stack_samples::{Mode, Owner, SampleBuffer};
use x86_64::VirtAddr;

use crate::arch::cpu::percpu;
use crate::arch::debug::interrupted_calls::InterruptedCalls;
use crate::arch::irq::{self, ipi};
use crate::arch::time::periodic;
use crate::arch::time::timer::Timer;
use crate::mm::kernel::stacks::Stack;
use crate::per_cpu;
use crate::sync::{IrqMutex, Rank};
use crate::task;

per_cpu! {
    /// Protects the buffer for this CPU's samples. The interrupt handler of the CPU takes it if it
    /// is free; the start and the end of a profile, on any CPU, while the handler doesn't run.
    static BUFFER: IrqMutex<Option<Arc<SampleBuffer>>> = IrqMutex::new(Rank::Samples, None);
}

/// The time between two samples of a CPU, for the CPUs that are to start.
static PERIOD_NS: AtomicU64 = AtomicU64::new(0);

/// Registers the handler of timer interrupts.
pub(super) fn start(timer: Timer) {
    periodic::register(timer, || {
        BUFFER.here().try_with(|buffer| buffer.iter().for_each(|buffer| sample(buffer)));
    });
}

/// Starts all CPUs, each with one of the buffers. Waits until they have started.
pub(super) fn begin(period_ns: u64, buffers: &[Arc<SampleBuffer>]) {
    PERIOD_NS.store(period_ns, Ordering::Relaxed);
    for (cpu, buffer) in percpu::all().zip(buffers) {
        let buffer = Some(buffer.clone());
        let before = core::mem::replace(&mut *BUFFER.of(cpu).lock(), buffer);
        drop(before);
        ipi::call(cpu, || periodic::start_here(PERIOD_NS.load(Ordering::Relaxed)));
    }
}

/// Stops all CPUs. Waits until they have stopped.
pub(super) fn end() {
    for cpu in percpu::all() {
        ipi::call(cpu, periodic::stop_here);
        let buffer = BUFFER.of(cpu).lock().take();
        drop(buffer);
    }
}

/// Takes a sample of the interrupted code.
fn sample(buffer: &SampleBuffer) {
    if task::is_idle_here() {
        return buffer.note_idle();
    }
    let thread = task::current();
    let (Some(code), Some(name)) = (irq::interrupted(), thread.try_name()) else {
        return buffer.lose();
    };
    let owner = Owner::new(&name, thread.process(), thread.id().number());
    if code.is_program {
        return buffer.push(&owner, Mode::Program, iter::once(code.rip));
    }
    let stack = VirtAddr::try_new(code.rsp).ok().and_then(Stack::of_slot_at);
    let calls = stack.map(|stack| InterruptedCalls::new(&code, stack.top()));
    let addresses = iter::once(code.rip).chain(calls.into_iter().flatten());
    buffer.push(&owner, Mode::Kernel, addresses);
}
