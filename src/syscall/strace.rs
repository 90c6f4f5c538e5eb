//! System calls as lines of the log, as strace(1) writes them.
//!
//! While processes are traced, all calls use the slow path of [`super::handle_other`], which checks
//! here whether the process is one of them. A line is written when its call returns, with the
//! thread's number: `[pid 2] openat(AT_FDCWD, "/etc/motd", O_RDONLY) = 3`. The ends of threads and
//! the signals that they receive are also lines.
//!
//! | module | what |
//! | --- | --- |
//! | [`arguments`] | the arguments, by the kinds that the table of calls has |
//! | [`structures`] | the structures that arguments point to, and when they are shown |
//! | [`outcome`] | the end of a call |
//! | [`memory`] | the contents of the program's memory, read by checked copies |

mod arguments;
mod memory;
mod outcome;
mod structures;

use core::fmt::Write;

use heapless::String;
use signals::Interruption;

use super::call::{Call, CallResult, Failure};
use super::table::{self, Handler};
use super::{errno::Errno, names};
use crate::process::Processes;
use crate::process::exit_status::ExitStatus;
use crate::process::process::{NAME_BYTES, Process};
use crate::process::thread::ProcessThread;
use crate::process::trace::{self, Event};
use crate::sync::{Rank, SpinMutex};
use arguments::Shown;
use outcome::Outcome;

/// The processes whose calls are logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// No process.
    Off,
    /// All processes.
    All,
    /// The process with this number.
    Process(u32),
    /// The processes with this name.
    Name(String<NAME_BYTES>),
}

impl Choice {
    /// Reads a choice: `off`, `all`, a number, or a name, which is cut to [`NAME_BYTES`].
    pub fn parse(word: &str) -> Self {
        match (word, word.parse()) {
            ("off", _) => Self::Off,
            ("all", _) => Self::All,
            (_, Ok(pid)) => Self::Process(pid),
            _ => {
                let mut name = String::new();
                word.chars().take_while(|c| name.push(*c).is_ok()).for_each(drop);
                Self::Name(name)
            }
        }
    }
}

/// Protects the choice, which is copied for use.
static CHOICE: SpinMutex<Choice> = SpinMutex::new(Rank::Process, Choice::Off);

/// The largest line, in bytes.
const LINE_BYTES: usize = 640;

/// The calls that never return.
const ENDS: [&str; 2] = ["exit", "exit_group"];

/// The calls whose result is an address.
const ADDRESSES: [&str; 3] = ["mmap", "brk", "mremap"];

/// Traces the processes that `option` of the command line selects.
pub fn start(_processes: Processes, option: Option<&str>) {
    trace::register(log_event);
    if let Some(word) = option {
        set(Choice::parse(word));
    }
}

/// Sets the processes that are traced.
pub fn set(choice: Choice) {
    table::set_direct(choice == Choice::Off);
    trace::set_on(choice != Choice::Off);
    *CHOICE.lock() = choice;
}

/// Returns the processes that are traced.
pub fn choice() -> Choice {
    CHOICE.lock().clone()
}

fn is_traced(process: &Process) -> bool {
    match choice() {
        Choice::Off => false,
        Choice::All => true,
        Choice::Process(pid) => process.pid().number() == pid,
        Choice::Name(name) => process.name() == name,
    }
}

/// Runs `handler`, and logs the call if its process is traced.
pub(super) fn run(call: &mut Call<'_>, handler: Handler) -> CallResult {
    if !is_traced(call.process()) {
        return handler(call);
    }
    let number = call.frame.rax;
    let row = table::find(number);
    let name = row.map(|row| row.name).or_else(|| names::of(number));
    let tid = call.thread.tid();
    let mut line = String::<LINE_BYTES>::new();
    // A longer line is truncated.
    let _ = match name {
        Some(name) => write!(line, "{name}("),
        None => write!(line, "syscall_{number:#x}("),
    };
    let kinds = row.map_or(&[][..], |row| row.arguments);
    let values = core::array::from_fn(|index| call.argument(index));
    let mut shown = Shown::new(kinds, values);
    let _ = shown.write_before(&mut line);
    let result = handler(call);
    let outcome = match result {
        Ok(len) => Outcome::Done(len),
        Err(Failure::Interrupted(_)) => Outcome::Interrupted,
        Err(_) => Outcome::Failed,
    };
    let _ = shown.write_after(&mut line, outcome);
    let _ = write!(line, ") = ");
    let _ = write_result(&mut line, name.unwrap_or_default(), call, &result);
    let _ = shown.write_remark(&mut line, outcome);
    log::info!("[pid {tid}] {line}");
    result
}

/// Logs the events of a thread other than its calls.
fn log_event(thread: &ProcessThread, event: Event<'_>) {
    if !is_traced(thread.process()) {
        return;
    }
    let tid = thread.tid();
    match event {
        Event::Signal(info) => log::info!("[pid {tid}] --- {} {info} ---", info.signal),
        Event::Stopped(signal) => log::info!("[pid {tid}] --- stopped by {signal} ---"),
        Event::Ended(ExitStatus::Exited(status)) => {
            log::info!("[pid {tid}] +++ exited with {status} +++");
        }
        // No core file is written.
        Event::Ended(ExitStatus::Killed { signal, .. }) => {
            log::info!("[pid {tid}] +++ killed by {signal} +++");
        }
    }
}

fn write_result(
    line: &mut String<LINE_BYTES>,
    name: &str,
    call: &Call<'_>,
    result: &CallResult,
) -> core::fmt::Result {
    match result {
        Ok(_) if ENDS.contains(&name) => line.write_str("?"),
        Ok(address) if ADDRESSES.contains(&name) => write!(line, "{address:#x}"),
        Ok(mode) if name == "umask" => write!(line, "{mode:#05o}").map(drop),
        Ok(number) => write!(line, "{}", *number as i64),
        // The result is in the registers that the call has set.
        Err(Failure::RegistersAreSet) => write!(line, "{}", call.frame.rax as i64),
        Err(Failure::Errno(errno)) => write_error(line, *errno),
        Err(Failure::Interrupted(interruption)) => line.write_str(match interruption {
            Interruption::Restart => "? ERESTARTSYS (To be restarted if SA_RESTART is set)",
            Interruption::RestartAlways => "? ERESTARTNOINTR (To be restarted)",
            Interruption::RestartWithoutHandler => {
                "? ERESTARTNOHAND (To be restarted if no handler)"
            }
            Interruption::RestartBlock => "? ERESTART_RESTARTBLOCK (Interrupted by signal)",
        }),
    }
}

fn write_error(line: &mut String<LINE_BYTES>, errno: Errno) -> core::fmt::Result {
    write!(line, "-1 {} ({})", errno.name(), errno.description())
}
