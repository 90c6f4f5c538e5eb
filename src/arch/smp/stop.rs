//! Non-maskable interrupts between CPUs. They stop all other CPUs for ever, or request
//! the address of the instruction that a CPU is executing.

use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use x86_64::VirtAddr;

use crate::arch::cpu::percpu::{self, Cpu};
use crate::arch::debug::backtrace::Backtrace;
use crate::arch::irq::ipi;
use crate::arch::irq::local_apic::Message;
use crate::arch::ports::SYSTEM_CONTROL;
use crate::arch::smp::stopped;
use crate::arch::time::clock;
use crate::arch::trap::frame::TrapFrame;
use crate::per_cpu;

per_cpu! {
    /// The instruction that this CPU was executing at the last request.
    static WAS_AT: AtomicU64 = AtomicU64::new(0);
    /// Whether a request is unanswered. Other CPUs set it.
    static IS_ASKED: AtomicBool = AtomicBool::new(false);
    /// The chipset's reasons for a non-maskable interrupt at the time of the last request.
    static REASONS_WHEN_ASKED: AtomicU32 = AtomicU32::new(0);
}

/// System control port: SERR# and IOCHK# have raised a non-maskable interrupt.
///
/// Source: Intel 500 series PCH datasheet, "NMI Status and Control".
const REASONS: u8 = 0b1100_0000;

/// Returns the chipset's reasons for a non-maskable interrupt.
fn reasons() -> u32 {
    match SYSTEM_CONTROL.read() {
        // The machine has no such port.
        u8::MAX => 0,
        control => u32::from(control & REASONS),
    }
}

/// Returns whether the chipset has a reason that it didn't have before.
fn is_new_reason(before: u32, now: u32) -> bool {
    now & !before != 0
}

/// The CPU that has stopped the others, plus 1; 0 if no CPU has done so.
static GOES_ON: AtomicU32 = AtomicU32::new(0);

/// The time within which the others must answer, in nanoseconds. A CPU that doesn't answer is
/// executing firmware code, or is broken; a hypervisor on a busy host may take seconds to schedule
/// it.
const ANSWER_NS: u64 = 5_000_000_000;

/// Stops all other CPUs, and returns when they have stopped. If another CPU has already stopped the
/// others, this CPU stops instead.
pub fn stop_others() {
    let own = percpu::current().id().number() + 1;
    match GOES_ON.compare_exchange(0, own, Ordering::SeqCst, Ordering::SeqCst) {
        Err(other) if other != own => {
            let mut here = Backtrace::here();
            let frame = here.frame();
            stopped::stop_here(here.next().map_or(0, VirtAddr::as_u64), frame)
        }
        // This CPU has already stopped them.
        Err(_) => return,
        Ok(_) => {}
    }
    let others = || percpu::all().filter(|other| !other.is_current());
    others().for_each(|other| ipi::send(other, Message::Nmi));
    let end_ns = clock::now_ns() + ANSWER_NS;
    while others().any(|other| stopped::stopped_at(other).is_none()) && clock::now_ns() < end_ns {
        core::hint::spin_loop();
    }
}

/// The time within which a CPU must answer, in nanoseconds.
const WHERE_NS: u64 = 100_000_000;

/// Returns the address of the instruction that `cpu` is executing. The CPU reports it in
/// a non-maskable interrupt, and then continues. `None` if it doesn't answer.
pub fn current_instruction(cpu: &'static Cpu) -> Option<VirtAddr> {
    // While a request is unanswered, no further interrupt is sent: it would look like one that the
    // hardware raised.
    if !IS_ASKED.of(cpu).swap(true, Ordering::SeqCst) {
        REASONS_WHEN_ASKED.of(cpu).store(reasons(), Ordering::SeqCst);
        ipi::send(cpu, Message::Nmi);
    }
    let end_ns = clock::now_ns() + WHERE_NS;
    while IS_ASKED.of(cpu).load(Ordering::Acquire) && clock::now_ns() < end_ns {
        core::hint::spin_loop();
    }
    let is_asked = IS_ASKED.of(cpu).load(Ordering::Acquire);
    (!is_asked).then(|| VirtAddr::new_truncate(WAS_AT.of(cpu).load(Ordering::Relaxed)))
}

/// Answers a request of [`current_instruction`], if there is one. Returns whether the request was
/// the only reason for the interrupt. A CPU keeps only one pending non-maskable interrupt, so the
/// request's interrupt may have been merged with one that the hardware raised.
pub(in crate::arch) fn answer_where(frame: &TrapFrame) -> bool {
    WAS_AT.set(frame.rip);
    let was_asked = IS_ASKED.here().swap(false, Ordering::AcqRel);
    was_asked && !is_new_reason(REASONS_WHEN_ASKED.get(), reasons())
}

/// Stops this CPU if another CPU has requested that.
pub(in crate::arch) fn stop_if_asked(frame: &TrapFrame) {
    let goes_on = GOES_ON.load(Ordering::SeqCst);
    if goes_on != 0 && goes_on != percpu::current().id().number() + 1 {
        stopped::stop_here(frame.rip, frame.rbp);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn question_does_not_hide_a_reason_of_the_hardware() {
        for reason in [0x40, 0x80, 0xC0] {
            assert!(is_new_reason(0, reason));
            assert!(!is_new_reason(reason, reason));
        }
        assert!(is_new_reason(0x40, 0xC0));
        assert!(!is_new_reason(0xC0, 0));
        let frame = TrapFrame::of_program(0, 0);
        IS_ASKED.here().store(true, Ordering::Relaxed);
        REASONS_WHEN_ASKED.set(reasons());
        assert!(answer_where(&frame));
        // An interrupt without a request has another reason.
        assert!(!answer_where(&frame));
    }
}
