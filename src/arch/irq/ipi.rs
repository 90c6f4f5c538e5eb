//! What processors tell each other.

use core::sync::atomic::Ordering;

use spin::Mutex;

use crate::arch::cpu::percpu::{self, PerCpu};
use crate::arch::irq::interrupt_flag::{self, InterruptsOff};
use crate::arch::irq::local_apic::{self, Message};
use crate::arch::irq::preemption_off::PreemptionOff;
use crate::arch::irq::vectors::{CALL_VECTOR, RESCHEDULE_VECTOR};
use crate::arch::irq::{self, preemption};

/// Takes the interrupts that processors send each other. Once, on the boot processor.
pub(in crate::arch) fn start() {
    // The mark is looked at when the handler ends.
    irq::set_local_handler(RESCHEDULE_VECTOR, || {});
    irq::set_local_handler(CALL_VECTOR, || {
        let cpu = percpu::current();
        let action = cpu.call.lock().take();
        if let Some(action) = action {
            action();
            cpu.calls_done.fetch_add(1, Ordering::Release);
        }
        cpu.signs_of_life.fetch_add(1, Ordering::Relaxed);
    });
}

/// Runs `action` on `cpu`, in an interrupt handler, and returns when it has run there. On
/// this processor it is simply called.
///
/// # Panics
/// If interrupts are off: two that call each other would wait for ever.
pub fn call(cpu: &'static PerCpu, action: fn()) {
    assert!(interrupt_flag::are_enabled(), "a call to another processor waits");
    /// One call at a time.
    static CALLING: Mutex<()> = Mutex::new(());
    let _preemption_off = PreemptionOff::new();
    let _calling = CALLING.lock();
    if core::ptr::eq(cpu, percpu::current()) {
        return action();
    }
    let before = cpu.calls_done.load(Ordering::Relaxed);
    {
        let _interrupts_off = InterruptsOff::new();
        *cpu.call.lock() = Some(action);
    }
    // An interrupt that asks for a sign of life may come first, and runs it then.
    send(cpu, Message::Vector(CALL_VECTOR));
    while cpu.calls_done.load(Ordering::Acquire) == before && cpu.stopped_at().is_none() {
        core::hint::spin_loop();
    }
}

/// Asks `cpu` for a sign of life: it counts those, unless interrupts are off there.
pub fn ask_for_life(cpu: &'static PerCpu) {
    send(cpu, Message::Vector(CALL_VECTOR));
}

/// Asks for the scheduler on `cpu`, as soon as that may be there.
#[inline]
pub fn request_reschedule(cpu: &'static PerCpu) {
    if core::ptr::eq(cpu, percpu::current()) {
        preemption::request();
    } else if !cpu.needs_reschedule.swap(true, Ordering::SeqCst) {
        // Who has set it before has sent it, too.
        send(cpu, Message::Vector(RESCHEDULE_VECTOR));
    }
}

/// Sends `message` to `cpu`.
pub(in crate::arch) fn send(cpu: &PerCpu, message: Message) {
    let _interrupts_off = InterruptsOff::new();
    local_apic::send(cpu.apic_id(), message);
}
