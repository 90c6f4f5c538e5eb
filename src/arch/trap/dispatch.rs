//! What serves an exception.
//!
//! The order, from first to last:
//!
//! 1. If it comes from ring 3: what serves programs ([`set_user_handler`]).
//! 2. The handler of that exception ([`set_handler`]): the pager, for a page fault.
//! 3. If it comes from the kernel, and is a page fault or a general protection fault: the
//!    exception table. It comes first where the kernel may not wait: a handler may.
//! 4. The report ([`set_reporter`]): of a trap, after which the kernel goes on, or of a
//!    fault, which is the end.
//!
//! Non-maskable interrupts by which CPUs stop each other come before all of them.

use spin::Once;
use x86_64::registers::rflags::RFlags;

use crate::arch::irq::{interrupt_flag, preemption};
use crate::arch::smp::stop;
use crate::arch::trap::exception::Exception;
use crate::arch::trap::exception_table;
use crate::arch::trap::fault::Fault;
use crate::arch::trap::frame::TrapFrame;

/// How many vectors belong to exceptions.
pub const VECTORS: u8 = 32;

/// What a [`Handler`] makes of an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is served: what was interrupted goes on as the frame says.
    Served,
    /// It isn't the handler's.
    Unserved,
}

/// Serves an exception, on the stack of the exception's gate. Where the gate has no stack
/// of its own, interrupts are on if they were on in what was interrupted, and the handler
/// may wait then.
pub type Handler = fn(&mut Fault<'_>) -> Outcome;

static HANDLERS: [Once<Handler>; VECTORS as usize] = [const { Once::new() }; VECTORS as usize];
static USER_HANDLER: Once<Handler> = Once::new();

/// What reports exceptions that nothing serves.
#[derive(Clone, Copy)]
pub struct Reporter {
    /// Reports a trap, after which the kernel goes on.
    pub trap: fn(&Fault<'_>),
    /// Reports a fault that the kernel can't go on from.
    pub fatal: fn(&Fault<'_>) -> !,
}

static REPORTER: Once<Reporter> = Once::new();

/// Registers what reports exceptions that nothing serves.
///
/// # Panics
/// If something is registered.
pub fn set_reporter(reporter: Reporter) {
    assert!(!REPORTER.is_completed(), "there is one reporter");
    REPORTER.call_once(|| reporter);
}

/// Registers what serves exceptions of programs, in ring 3, before anything else.
///
/// # Panics
/// If something is registered.
pub fn set_user_handler(handler: Handler) {
    assert!(!USER_HANDLER.is_completed(), "one handler serves programs");
    USER_HANDLER.call_once(|| handler);
}

/// Registers what serves `exception`, whether a program or the kernel has caused it.
///
/// A double fault and a machine check have no way back, whatever the handler says.
///
/// # Panics
/// If it has a handler.
pub fn set_handler(exception: Exception, handler: Handler) {
    let slot = &HANDLERS[exception as usize];
    assert!(!slot.is_completed(), "{exception:?} has a handler");
    slot.call_once(|| handler);
}

/// Serves the exception that `frame` tells of, or reports it.
pub(in crate::arch) fn handle(frame: &mut TrapFrame) {
    if frame.vector == Exception::Nmi as u64 {
        stop::stop_if_asked(frame);
        if stop::answer_where(frame) {
            return;
        }
    }
    let mut fault = Fault::new(frame);
    if is_served(&mut fault) {
        return;
    }
    let is_trap = fault.exception().is_some_and(Exception::is_trap);
    match REPORTER.get() {
        Some(reporter) if is_trap => {
            (reporter.trap)(&fault);
            // A single step is over after one instruction.
            fault.frame_mut().rflags &= !RFlags::TRAP_FLAG.bits();
        }
        Some(reporter) => (reporter.fatal)(&fault),
        None => interrupt_flag::halt(),
    }
}

fn is_served(fault: &mut Fault<'_>) -> bool {
    let Some(exception) = fault.exception() else {
        return false;
    };
    let is_from_user = fault.is_from_user();
    // Other exceptions come between two instructions, or report errors of the machine.
    let may_be_foreseen =
        !is_from_user && matches!(exception, Exception::PageFault | Exception::GeneralProtection);
    let rip = fault.frame().rip;
    let landing = may_be_foreseen.then(|| exception_table::landing(rip)).flatten();
    // A handler may wait or take locks, as a pager does. Where the kernel may do neither, as
    // in a report, an instruction that may fault just has faulted.
    if let Some(landing) = landing
        && !may_wait(fault)
    {
        fault.frame_mut().rip = landing;
        return true;
    }
    let user_handler = USER_HANDLER.get().filter(|_| is_from_user);
    let handler = HANDLERS[exception as usize].get();
    if user_handler.into_iter().chain(handler).any(|handler| call(*handler, exception, fault)) {
        return exception.can_return();
    }
    if let Some(landing) = landing {
        fault.frame_mut().rip = landing;
    }
    landing.is_some()
}

/// Returns whether what was interrupted could wait for something.
fn may_wait(fault: &Fault<'_>) -> bool {
    fault.frame().had_interrupts_on() && !preemption::is_off()
}

/// Calls a handler, with interrupts as what was interrupted had them.
fn call(handler: Handler, exception: Exception, fault: &mut Fault<'_>) -> bool {
    let may_interrupt = fault.frame().had_interrupts_on() && !exception.has_own_stack();
    let outcome = if may_interrupt {
        interrupt_flag::with_interrupts_on(|| handler(fault))
    } else {
        handler(fault)
    };
    outcome == Outcome::Served
}
