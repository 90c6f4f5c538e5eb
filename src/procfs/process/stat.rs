//! `stat`, `statm`, `wchan` and others: numbers for programs.

use alloc::sync::Arc;

use ::address_space::{Access, Sharing};
use run_queue::Policy;
use signals::{SignalSet, ThreadSignals};

use crate::fs::error::FsError;
use crate::fs::generated::Text;
use crate::mm::user::address_space::AddressSpace;
use crate::mm::user::backing::Backing;
use crate::mm::user::page_table::PAGE_BYTES;
use crate::process::limits::Resource;
use crate::process::pid::Pid;
use crate::process::process::Process;
use crate::process::table::Life;
use crate::process::thread_handle::ThreadHandle;
use crate::procfs::target::{self, Target};
use crate::task::Thread;
use crate::tty::terminals;

/// A tick of the times, in nanoseconds: USER_HZ is 100.
pub(in crate::procfs) const TICK_NS: u64 = 10_000_000;

/// The signals of a process and one of its threads.
pub(super) struct Signals {
    pub(super) pending: SignalSet,
    pub(super) shared: SignalSet,
    pub(super) blocked: SignalSet,
    pub(super) ignored: SignalSet,
    pub(super) caught: SignalSet,
    /// How many are queued.
    pub(super) queued: usize,
}

impl Signals {
    pub(super) fn of(process: &Process, thread: Option<&Arc<ThreadHandle>>) -> Self {
        let of_thread = |own: &mut ThreadSignals| (own.pending.set(), own.blocked());
        let own = thread.map(|thread| thread.with_signals(of_thread));
        let (pending, blocked) = own.unwrap_or((SignalSet::EMPTY, SignalSet::EMPTY));
        process.with_signals(|state| {
            let (mut ignored, mut caught) = (SignalSet::EMPTY, SignalSet::EMPTY);
            for signal in signals::Signal::all() {
                match state.dispositions.get(signal).handler {
                    signals::Handler::Default => {}
                    signals::Handler::Ignore => ignored.insert(signal),
                    _ => caught.insert(signal),
                }
            }
            let (shared, queued) = (state.shared.set(), state.shared.queued());
            Self { pending, shared, blocked, ignored, caught, queued }
        })
    }
}

/// The nice value, the priority as `stat` has it, the real-time priority, and the number of the
/// policy.
fn scheduling(thread: Option<&Arc<ThreadHandle>>) -> (i32, i32, u8, u8) {
    const OTHER: (u8, i32) = (0, 0);
    let nice = thread.map_or(0, |thread| thread.scheduling().nice().get().into());
    let policy = target::task_of(thread).map(Thread::policy);
    // The number of the policy, and its real-time priority.
    let (number, priority) = match policy {
        Some(Policy::Fifo(priority)) => (1, priority.get().into()),
        Some(Policy::RealTime(priority)) => (2, priority.get().into()),
        Some(Policy::Batch(_)) => (3, 0),
        Some(Policy::Idle) => (5, 0),
        Some(Policy::Fair(_)) | None => OTHER,
    };
    let shown = if priority > 0 { -1 - priority } else { 20 + nice };
    (nice, shown, priority as u8, number)
}

/// Returns the number of the terminal of a session, as stat(2) has it, and its foreground group: 0
/// and -1 if it has none.
fn terminal(session: Pid) -> (u64, i64) {
    match terminals::of_session(session.number()) {
        Some(terminal) => {
            let foreground = terminal.foreground_group().map_or(-1, i64::from);
            (terminal.device_number().encoded(), foreground)
        }
        None => (0, -1),
    }
}

/// Returns where the program's code and its data are.
fn program_ranges(memory: &AddressSpace) -> [(u64, u64); 2] {
    let mut found = [(0, 0); 2];
    memory.for_each_region(|region, _| {
        if !matches!(region.backing(), Backing::Object { .. })
            || region.sharing() != Sharing::Private
        {
            return;
        }
        let range = (region.range().start().as_u64(), region.range().end().as_u64());
        let is_code = region.access().contains(Access::EXECUTE);
        let is_data = region.access().contains(Access::WRITE);
        for (index, is_it) in [is_code, is_data].into_iter().enumerate() {
            if is_it && found[index] == (0, 0) {
                found[index] = range;
            }
        }
    });
    found
}

/// Source: proc(5), /proc/pid/stat; Linux, fs/proc/array.c, `do_task_stat`.
pub(super) fn stat(target: &Target, text: &mut Text) -> Result<(), FsError> {
    let process = target.process()?;
    let relations = target.relations()?;
    let thread = target.thread(&process);
    let task = target::task_of(thread.as_ref());
    let may_access = target.check_access().is_ok();
    let (letter, _) = target::state(target, &process, relations.life, task);
    let memory = process.memory();
    let (usage, resident) = match &memory {
        Some(memory) => (memory.usage(), memory.resident()),
        None => Default::default(),
    };
    let [code, data, heap, arguments, environment] = match &memory {
        Some(memory) if may_access => {
            let [code, data] = program_ranges(memory);
            let program = process.program();
            let heap = (memory.heap().start.as_u64(), memory.heap().end.as_u64());
            [code, data, heap, program.arguments, program.environment]
        }
        _ => [(0, 0); 5],
    };
    let parent = relations.parent.map_or(0, Pid::number);
    let (tty, foreground) = terminal(relations.session);
    let (nice, priority, real_time_priority, policy) = scheduling(thread.as_ref());
    let signals = Signals::of(&process, thread.as_ref());
    let (own, children) = target.usage(&process);
    let threads = process.thread_count().max(1);
    let limit = process.limit(Resource::ResidentSet).soft;
    let exit_code = match relations.life {
        Life::Zombie(status) if may_access => status.child_status().wait_status(),
        _ => 0,
    };
    write!(text, "{} ({}) {letter} {parent} ", target.tid(), process.name())?;
    write!(text, "{} {} {tty} {foreground} ", relations.group, relations.session)?;
    // Flags, and page faults: none of them has waited for a disk.
    write!(text, "0 {} {} 0 0 ", own.faults, children.faults)?;
    for times in [own.times, children.times] {
        write!(text, "{} {} ", times.user_ns / TICK_NS, times.system_ns / TICK_NS)?;
    }
    write!(text, "{priority} {nice} {threads} 0 {} ", process.start_ns() / TICK_NS)?;
    write!(text, "{} {} {limit} ", usage.total_pages * PAGE_BYTES, resident.total())?;
    // The registers of the program are 0, as on Linux.
    write!(text, "{} {} {} 0 0 ", code.0, code.1, arguments.0)?;
    let decimal = |set: SignalSet| set.bits() & 0x7FFF_FFFF;
    write!(text, "{} {} ", decimal(signals.pending), decimal(signals.blocked))?;
    write!(text, "{} {} ", decimal(signals.ignored), decimal(signals.caught))?;
    let waits = u8::from(letter != 'R');
    write!(text, "{waits} 0 0 {} ", signals::Signal::CHLD.number())?;
    let cpu = task.map_or(0, |thread| thread.cpu().number());
    write!(text, "{cpu} {real_time_priority} {policy} 0 0 0 ")?;
    write!(text, "{} {} {} ", data.0, data.1, heap.0)?;
    write!(text, "{} {} {} {} ", arguments.0, arguments.1, environment.0, environment.1)?;
    writeln!(text, "{exit_code}")
}

/// Source: proc(5), /proc/pid/statm.
pub(super) fn statm(target: &Target, text: &mut Text) -> Result<(), FsError> {
    let Some(memory) = target.process()?.memory() else {
        return writeln!(text, "0 0 0 0 0 0 0");
    };
    let (usage, resident) = (memory.usage(), memory.resident());
    let shared = resident.file + resident.shared;
    let data = usage.data_pages + usage.stack_pages;
    let (all, code) = (usage.total_pages, usage.code_pages);
    writeln!(text, "{all} {} {shared} {code} 0 {data} 0", resident.total())
}

/// The kernel's functions have no names here, as on a Linux that hides them.
pub(super) fn wchan(target: &Target, text: &mut Text) -> Result<(), FsError> {
    target.process()?;
    text.push(b"0")
}

pub(super) fn personality(target: &Target, text: &mut Text) -> Result<(), FsError> {
    writeln!(text, "{:08x}", target.process()?.personality())
}
