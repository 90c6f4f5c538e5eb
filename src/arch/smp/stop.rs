//! Non-maskable interrupts from CPU to CPU. They stop all other CPUs for good, or ask one for the
//! instruction that it is at.

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
    /// The instruction that this CPU was at when it was last asked, and whether it has yet to
    /// answer. Other CPUs set the latter.
    static WAS_AT: AtomicU64 = AtomicU64::new(0);
    static IS_ASKED: AtomicBool = AtomicBool::new(false);
    /// The chipset's reasons for a non-maskable interrupt when this CPU was asked.
    static REASONS_WHEN_ASKED: AtomicU32 = AtomicU32::new(0);
}

/// System control port: SERR# and IOCHK# have raised a non-maskable interrupt.
///
/// Source: Intel 500 series PCH datasheet, "NMI Status and Control".
const REASONS: u8 = 0b1100_0000;

/// Returns the chipset's reasons for a non-maskable interrupt.
fn reasons() -> u32 {
    match SYSTEM_CONTROL.read() {
        // There is no such port.
        u8::MAX => 0,
        control => u32::from(control & REASONS),
    }
}

/// Returns whether the chipset has a reason that it didn't have before.
fn is_new_reason(before: u32, now: u32) -> bool {
    now & !before != 0
}

/// The CPU that has stopped the others, plus 1; 0 while none is stopped.
static GOES_ON: AtomicU32 = AtomicU32::new(0);

/// The time within which the others must answer. A CPU that doesn't is in the firmware's code, or
/// broken.
const ANSWER_NS: u64 = 500_000_000;

/// Stops all other CPUs; returns when they have stopped. If another CPU has done that already,
/// stops this CPU instead.
pub fn stop_others() {
    let own = percpu::current().id().number() + 1;
    match GOES_ON.compare_exchange(0, own, Ordering::SeqCst, Ordering::SeqCst) {
        Err(other) if other != own => {
            let mut here = Backtrace::here();
            let frame = here.frame();
            stopped::stop_here(here.next().map_or(0, VirtAddr::as_u64), frame)
        }
        // This CPU has stopped them before.
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

/// The time within which a CPU must answer.
const WHERE_NS: u64 = 100_000_000;

/// Returns the instruction that `cpu` is at, which it reports in a non-maskable interrupt; then it
/// continues. `None` if it doesn't answer.
pub fn current_instruction(cpu: &'static Cpu) -> Option<VirtAddr> {
    // A request that isn't answered yet will be answered: another interrupt would be taken for one
    // of the hardware.
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

/// Answers a request of [`current_instruction`], if there is one. Returns whether the interrupt had
/// no other reason: a CPU keeps only one pending non-maskable interrupt, so that of the request and
/// one of the hardware may have been merged.
pub(in crate::arch) fn answer_where(frame: &TrapFrame) -> bool {
    WAS_AT.set(frame.rip);
    let was_asked = IS_ASKED.here().swap(false, Ordering::AcqRel);
    was_asked && !is_new_reason(REASONS_WHEN_ASKED.get(), reasons())
}

/// Stops this CPU if the non-maskable interrupt that has come asks for that.
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
