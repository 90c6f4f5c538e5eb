//! `fault`: provokes exceptions and panics.

use core::fmt::{self, Write};
use core::sync::atomic::{AtomicBool, Ordering};

use spin::Mutex;

use crate::arch::debug::provoke;
use crate::arch::reset;
use crate::arch::trap::exception::Exception;
use crate::arch::trap::page_fault::Access;
use crate::console;
use crate::mm::debug::violation;
use crate::mm::kernel::heap;
use crate::monitor::arguments::{ArgumentError, Arguments};
use crate::monitor::command::{Command, Error, Run};
use crate::monitor::machine::Machine;

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "fault",
    usage: "NAME [ADDRESS] [in PLACE]",
    summary: "Provokes an exception or a panic; without a name, lists them.",
    example: "fault page-fault in interrupt",
    words: |_, found| names(found),
    run: Run::Machine(provoke_named),
};

/// A failure that can be provoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    Panic,
    PanicInReport,
    PageFaultInReport,
    ReservedVector,
    StackOverflow,
    TripleFault,
    Exception(Exception),
}

impl Cause {
    /// The causes that aren't exceptions of the CPU, with their names.
    const OTHERS: [(Self, &'static str); 6] = [
        (Self::Panic, "panic"),
        (Self::PanicInReport, "panic-in-report"),
        (Self::PageFaultInReport, "page-fault-in-report"),
        (Self::ReservedVector, "reserved"),
        (Self::StackOverflow, "stack-overflow"),
        (Self::TripleFault, "triple"),
    ];

    fn from_name(name: &str) -> Option<Self> {
        let other = Self::OTHERS.iter().find(|(_, it)| *it == name).map(|&(cause, _)| cause);
        other.or_else(|| Exception::from_name(name).map(Self::Exception))
    }

    fn provoke(self) {
        match self {
            Self::Panic => panic!("provoked by the command fault"),
            Self::PanicInReport => panic!("{}", PanicsWhenShown),
            Self::PageFaultInReport => panic!("{}", FaultsWhenShown),
            Self::ReservedVector => provoke::provoke_reserved_vector(),
            Self::StackOverflow => {
                provoke::overflow_stack();
            }
            Self::TripleFault => reset::triple_fault(),
            Self::Exception(exception) => provoke::provoke(exception),
        }
    }
}

/// A message that panics when it is formatted.
struct PanicsWhenShown;

impl fmt::Display for PanicsWhenShown {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("provoked within a report")
    }
}

/// A message that faults when it is formatted.
struct FaultsWhenShown;

impl fmt::Display for FaultsWhenShown {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        provoke::provoke(Exception::PageFault);
        Ok(())
    }
}

/// The place at which the failure is provoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Context {
    Interrupt,
    ScreenLocked,
    SerialLocked,
    HeapLocked,
}

const CONTEXTS: [(Context, &str, &str); 4] = [
    (Context::Interrupt, "interrupt", "in the timer's interrupt handler"),
    (Context::ScreenLocked, "screen", "while the screen is locked"),
    (Context::SerialLocked, "serial", "while the serial line is locked"),
    (Context::HeapLocked, "heap", "while the heap is locked"),
];

/// The failure that the timer's handler has to provoke.
static IN_INTERRUPT: Mutex<Option<Cause>> = Mutex::new(None);
/// Whether the timer's handler has returned.
static HAS_COME_BACK: AtomicBool = AtomicBool::new(false);

fn provoke_in(context: Context, cause: Cause, machine: &Machine) {
    match context {
        Context::Interrupt => {
            *IN_INTERRUPT.lock() = Some(cause);
            HAS_COME_BACK.store(false, Ordering::Relaxed);
            // The lock isn't held while the failure is provoked.
            machine.timer.run_in_interrupt(|| {
                if let Some(cause) = IN_INTERRUPT.lock().take() {
                    cause.provoke();
                }
                HAS_COME_BACK.store(true, Ordering::Relaxed);
            });
            while !HAS_COME_BACK.load(Ordering::Relaxed) {
                core::hint::spin_loop();
            }
        }
        Context::ScreenLocked => console::while_screen_locked(|| cause.provoke()),
        Context::SerialLocked => console::while_serial_locked(|| cause.provoke()),
        Context::HeapLocked => heap::while_locked(|| cause.provoke()),
    }
}

/// Never inlined, so that traces show this function.
#[inline(never)]
fn provoke_named(
    machine: &Machine,
    mut arguments: Arguments<'_>,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let Some(name) = arguments.word() else {
        return Ok(list(out)?);
    };
    if let Some(access) = access_from_name(name) {
        let address = arguments.address()?;
        arguments.end()?;
        if let Err(allowed) = violation::commit(access, address) {
            writeln!(out, "{address:#018x}: {allowed}")?;
        }
        return Ok(());
    }
    let cause = Cause::from_name(name).ok_or_else(|| ArgumentError::unknown(name))?;
    let context = take_context(&mut arguments)?;
    arguments.end()?;
    match context {
        Some(context) => provoke_in(context, cause, machine),
        None => cause.provoke(),
    }
    Ok(())
}

/// Takes the arguments `in PLACE`, if they are given.
fn take_context(arguments: &mut Arguments<'_>) -> Result<Option<Context>, ArgumentError> {
    match arguments.word() {
        None => Ok(None),
        Some("in") => {
            let name = arguments.word().ok_or(ArgumentError::Missing("a place"))?;
            let context = CONTEXTS.iter().find(|(_, it, _)| *it == name);
            context.map(|&(context, ..)| Some(context)).ok_or_else(|| ArgumentError::unknown(name))
        }
        Some(word) => Err(ArgumentError::too_many(word)),
    }
}

fn access_from_name(name: &str) -> Option<Access> {
    match name {
        "read" => Some(Access::Read),
        "write" => Some(Access::Write),
        "execute" => Some(Access::Execute),
        _ => None,
    }
}

fn list(out: &mut dyn Write) -> fmt::Result {
    writeln!(out, "The kernel continues:")?;
    show(out, |exception| exception.is_trap())?;
    writeln!(out, "The kernel stops with a report:")?;
    show(out, |exception| !exception.is_trap())?;
    writeln!(
        out,
        "  reserved\n  panic\n  panic-in-report\n  page-fault-in-report\n  stack-overflow"
    )?;
    writeln!(out, "  read ADDRESS, write ADDRESS or execute ADDRESS, where memory forbids it")?;
    writeln!(out, "The machine resets:\n  triple")?;
    writeln!(out, "Each of them, except the accesses, can be provoked in a PLACE:")?;
    for (_, name, meaning) in CONTEXTS {
        writeln!(out, "  in {name:10} {meaning}")?;
    }
    Ok(())
}

fn show(out: &mut dyn Write, is_shown: impl Fn(Exception) -> bool) -> fmt::Result {
    for (exception, mnemonic, name) in Exception::ALL {
        if is_shown(exception) {
            writeln!(out, "  {mnemonic} {name}")?;
        }
    }
    Ok(())
}

/// Calls `found` with each word that can be completed.
fn names(found: &mut dyn FnMut(&str)) {
    ["read", "write", "execute"].into_iter().for_each(&mut *found);
    Cause::OTHERS.iter().for_each(|(_, name)| found(name));
    Exception::ALL.iter().for_each(|(_, _, name)| found(name));
    found("in");
    CONTEXTS.iter().for_each(|(_, name, _)| found(name));
}
