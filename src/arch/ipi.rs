//! What processors tell each other.

use core::sync::atomic::Ordering;

use super::apic::local::{self, Message};
use super::interrupts::InterruptsOff;
use super::percpu::{self, PerCpu};
use super::vectors::{CALL_VECTOR, RESCHEDULE_VECTOR};
use super::{irq, preemption};

/// Takes the interrupts that processors send each other. Once, on the boot processor.
pub(super) fn start() {
    // The mark is looked at when the handler ends.
    irq::set_local_handler(RESCHEDULE_VECTOR, || {});
    irq::set_local_handler(CALL_VECTOR, || {
        percpu::current().signs_of_life.fetch_add(1, Ordering::Relaxed);
    });
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
pub(super) fn send(cpu: &PerCpu, message: Message) {
    let _interrupts_off = InterruptsOff::new();
    local::send(cpu.apic_id(), message);
}
