//! What processors tell each other.

use core::sync::atomic::{AtomicU64, Ordering};

use spin::Mutex;

use crate::arch::cpu::percpu::Cpu;
use crate::arch::irq::interrupt_flag::{self, InterruptsOff};
use crate::arch::irq::local_apic::{self, Message};
use crate::arch::irq::preemption_off::PreemptionOff;
use crate::arch::irq::vectors::{CALL_VECTOR, RESCHEDULE_VECTOR};
use crate::arch::irq::{self, preemption};
use crate::arch::smp::stopped;
use crate::per_cpu;

per_cpu! {
    /// What another CPU wants to be run here. Taken with interrupts off.
    static CALL: Mutex<Option<fn()>> = Mutex::new(None);
    /// How often that was done.
    static CALLS_DONE: AtomicU64 = AtomicU64::new(0);
    /// How often this CPU was asked whether it lives, and has answered.
    static SIGNS_OF_LIFE: AtomicU64 = AtomicU64::new(0);
}

/// Returns how often `cpu` has answered [`request_heartbeat`].
pub fn heartbeats(cpu: &Cpu) -> u64 {
    SIGNS_OF_LIFE.of(cpu).load(Ordering::Relaxed)
}

/// Takes the interrupts that processors send each other. Once, on the boot processor.
pub(in crate::arch) fn start() {
    // The mark is looked at when the handler ends.
    irq::set_local_handler(RESCHEDULE_VECTOR, || {});
    irq::set_local_handler(CALL_VECTOR, || {
        let action = CALL.here().lock().take();
        if let Some(action) = action {
            action();
            CALLS_DONE.here().fetch_add(1, Ordering::Release);
        }
        SIGNS_OF_LIFE.add(1);
    });
}

/// Runs `action` on `cpu`, in an interrupt handler, and returns when it has run there. On
/// this processor it is simply called.
///
/// # Panics
/// If interrupts are off: two that call each other would wait for ever.
pub fn call(cpu: &'static Cpu, action: fn()) {
    assert!(interrupt_flag::are_enabled(), "a call to another processor waits");
    /// One call at a time.
    static CALLING: Mutex<()> = Mutex::new(());
    let _preemption_off = PreemptionOff::new();
    let _calling = CALLING.lock();
    if cpu.is_current() {
        return action();
    }
    let before = CALLS_DONE.of(cpu).load(Ordering::Relaxed);
    {
        let _interrupts_off = InterruptsOff::new();
        *CALL.of(cpu).lock() = Some(action);
    }
    // An interrupt that asks for a sign of life may come first, and runs it then.
    send(cpu, Message::Vector(CALL_VECTOR));
    while CALLS_DONE.of(cpu).load(Ordering::Acquire) == before && stopped::stopped_at(cpu).is_none()
    {
        core::hint::spin_loop();
    }
}

/// Asks `cpu` for a sign of life: it counts those, unless interrupts are off there.
pub fn request_heartbeat(cpu: &'static Cpu) {
    send(cpu, Message::Vector(CALL_VECTOR));
}

/// Asks for the scheduler on `cpu`, as soon as that may be there.
#[inline]
pub fn request_reschedule(cpu: &'static Cpu) {
    if cpu.is_current() {
        preemption::request();
    } else if !preemption::NEEDS_RESCHEDULE.of(cpu).swap(true, Ordering::SeqCst) {
        // Who has set it before has sent it, too.
        send(cpu, Message::Vector(RESCHEDULE_VECTOR));
    }
}

/// Sends `message` to `cpu`.
pub(in crate::arch) fn send(cpu: &Cpu, message: Message) {
    let _interrupts_off = InterruptsOff::new();
    local_apic::send(cpu.apic_id(), message);
}
