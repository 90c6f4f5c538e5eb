//! The order of an exception's handlers, from first to last:
//!
//! 1. The thread of the program ([`UserThread`](crate::arch::user::user_thread::UserThread)), if
//!    the exception comes from ring 3, or is a page fault of the kernel.
//! 2. The handler of this exception ([`set_handler`]): the pager, for a page fault.
//! 3. The exception table, for a page fault or a general protection fault of the kernel. It comes
//!    first in code that may not wait, because handlers may wait.
//! 4. The report ([`set_reporter`]): of a trap, after which the kernel continues, or of a fault,
//!    which stops the kernel.
//!
//! Non-maskable interrupts by which CPUs stop each other are handled before all of these.

use spin::Once;
use x86_64::registers::rflags::RFlags;

use crate::arch::irq::{interrupt_flag, preemption};
use crate::arch::smp::stop;
use crate::arch::trap::exception::Exception;
use crate::arch::trap::exception_table;
use crate::arch::trap::fault::{Fault, Outcome};
use crate::arch::trap::frame::TrapFrame;
use crate::arch::user::{system_call, way_out};

/// The number of vectors of exceptions.
pub const VECTORS: u8 = 32;

/// Handles an exception, on the stack of the exception's gate. If the gate has no stack of its own
/// and interrupts were on in the interrupted code, they are on in the handler, and it may wait.
pub type Handler = fn(&mut Fault<'_>) -> Outcome;

static HANDLERS: [Once<Handler>; VECTORS as usize] = [const { Once::new() }; VECTORS as usize];

/// Reports exceptions that no handler handles.
#[derive(Clone, Copy)]
pub struct Reporter {
    /// Reports a trap, after which the kernel continues.
    pub trap: fn(&Fault<'_>),
    /// Reports a fault after which the kernel can't continue.
    pub fatal: fn(&Fault<'_>) -> !,
}

static REPORTER: Once<Reporter> = Once::new();

/// Registers the reporter of exceptions that no handler handles.
///
/// # Panics
/// If there is one already.
pub fn set_reporter(reporter: Reporter) {
    assert!(!REPORTER.is_completed(), "there is one reporter");
    REPORTER.call_once(|| reporter);
}

/// Registers the handler of `exception`, which may come from ring 3 or from the kernel.
///
/// After a double fault or a machine check the interrupted code can't continue, whatever the
/// handler returns.
///
/// # Panics
/// If it has a handler.
pub fn set_handler(exception: Exception, handler: Handler) {
    let slot = &HANDLERS[exception as usize];
    assert!(!slot.is_completed(), "{exception:?} has a handler");
    slot.call_once(|| handler);
}

/// Handles the exception that `frame` describes, or reports it.
pub(in crate::arch) fn handle(frame: &mut TrapFrame) {
    if frame.vector == Exception::Nmi as u64 {
        stop::stop_if_asked(frame);
        if stop::answer_where(frame) {
            return;
        }
    }
    if frame.vector == Exception::Debug as u64
        && !frame.is_from_user()
        && system_call::is_entry(frame.rip)
    {
        // The program's single step was delayed to the first instruction of the kernel. SYSCALL has
        // cleared TF; the next step comes after the return.
        return;
    }
    let mut fault = Fault::new(frame);
    if is_served(&mut fault) {
        return;
    }
    let is_trap = fault.exception().is_some_and(Exception::is_trap);
    match REPORTER.get() {
        Some(reporter) if is_trap => {
            (reporter.trap)(&fault);
            // A single step ends after one instruction.
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
    // The table is only for these two: other exceptions occur between instructions, or report
    // errors of the machine.
    let may_be_foreseen =
        !is_from_user && matches!(exception, Exception::PageFault | Exception::GeneralProtection);
    let rip = fault.frame().rip;
    let landing = may_be_foreseen.then(|| exception_table::landing(rip)).flatten();
    // A handler such as the pager may wait or take locks. Code that may do neither, such as a
    // report, uses the exception table first: the fault then counts as an error of the access.
    if let Some(landing) = landing
        && !may_wait(fault)
    {
        fault.frame_mut().rip = landing;
        return true;
    }
    let is_of_program = is_from_user && !exception.keeps_own_stack();
    let user_handler = match exception {
        _ if is_of_program => Some(&(way_out::exception as Handler)),
        Exception::PageFault if !is_from_user => Some(&(way_out::kernel_fault as Handler)),
        _ => None,
    };
    let handler = HANDLERS[exception as usize].get();
    if user_handler.into_iter().chain(handler).any(|handler| call(*handler, exception, fault)) {
        return exception.can_return();
    }
    if let Some(landing) = landing {
        fault.frame_mut().rip = landing;
    }
    landing.is_some()
}

/// Returns whether the interrupted code could have waited.
fn may_wait(fault: &Fault<'_>) -> bool {
    fault.frame().had_interrupts_on() && !preemption::is_off()
}

/// Calls a handler, with interrupts on if they were on in the interrupted code.
fn call(handler: Handler, exception: Exception, fault: &mut Fault<'_>) -> bool {
    // Exceptions of programs were moved to the stack of the thread, unless they keep their own.
    let has_own_stack = match fault.is_from_user() {
        true => exception.keeps_own_stack(),
        false => exception.has_own_stack(),
    };
    let may_interrupt = fault.frame().had_interrupts_on() && !has_own_stack;
    let outcome = if may_interrupt {
        interrupt_flag::with_interrupts_on(|| handler(fault))
    } else {
        handler(fault)
    };
    outcome == Outcome::Served
}
