//! Interrupts between CPUs (IPIs).

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
    /// The function that another CPU requests this CPU to call. Taken with interrupts off.
    static CALL: Mutex<Option<fn()>> = Mutex::new(None);
    /// The number of such calls that this CPU has completed.
    static CALLS_DONE: AtomicU64 = AtomicU64::new(0);
    /// The number of heartbeat requests that this CPU has answered.
    static SIGNS_OF_LIFE: AtomicU64 = AtomicU64::new(0);
}

/// Returns how often `cpu` has answered [`request_heartbeat`].
pub fn heartbeats(cpu: &Cpu) -> u64 {
    SIGNS_OF_LIFE.of(cpu).load(Ordering::Relaxed)
}

/// Registers the handlers of IPIs. Called once, on the boot CPU.
pub(in crate::arch) fn start() {
    // The reschedule flag is checked when the handler ends.
    irq::set_local_handler(RESCHEDULE_VECTOR, || {});
    irq::set_local_handler(CALL_VECTOR, || {
        let action = CALL.here().lock().take();
        if let Some(action) = action {
            action();
            CALLS_DONE.here().fetch_add(1, Ordering::Release);
        }
        SIGNS_OF_LIFE.set(SIGNS_OF_LIFE.get().wrapping_add(1));
    });
}

/// Runs `action` on `cpu`, in an interrupt handler, and returns after it has run. On the
/// current CPU it is called directly.
///
/// # Panics
/// If interrupts are off: two CPUs that call each other would wait for ever.
pub fn call(cpu: &'static Cpu, action: fn()) {
    assert!(interrupt_flag::are_enabled(), "a call to another CPU waits");
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
    // The interrupt of a heartbeat request may come before this one, and then runs the action.
    send(cpu, Message::Vector(CALL_VECTOR));
    while CALLS_DONE.of(cpu).load(Ordering::Acquire) == before && stopped::stopped_at(cpu).is_none()
    {
        core::hint::spin_loop();
    }
}

/// Requests a heartbeat of `cpu`, which counts the request as soon as its interrupts are on.
pub fn request_heartbeat(cpu: &'static Cpu) {
    send(cpu, Message::Vector(CALL_VECTOR));
}

/// Requests a reschedule on `cpu`; the scheduler runs there as soon as preemption is allowed.
#[inline]
pub fn request_reschedule(cpu: &'static Cpu) {
    if cpu.is_current() {
        preemption::request();
    } else if !preemption::NEEDS_RESCHEDULE.of(cpu).swap(true, Ordering::SeqCst) {
        // The CPU that has set the flag has also sent the interrupt.
        send(cpu, Message::Vector(RESCHEDULE_VECTOR));
    }
}

/// Sends `message` to `cpu`.
pub(in crate::arch) fn send(cpu: &Cpu, message: Message) {
    let _interrupts_off = InterruptsOff::new();
    local_apic::send(cpu.apic_id(), message);
}
