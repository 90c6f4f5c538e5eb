//! The out-of-memory killer: kills a process if no memory is left for a page of a program.
//!
//! The victim is the process with the most memory: pages, page tables, and the bias of its
//! `oom_score_adj`. The first process is killed only if there is no other. The thread that needed
//! the page retries until the victim has freed its memory. Nothing here allocates.
//!
//! Source: Linux, Documentation/filesystems/proc.rst, "oom_score_adj".

use alloc::sync::Arc;

use super::pid::Pid;
use super::process::Process;
use super::signal_sending;
use super::table;
use super::thread::ProcessThread;
use crate::arch::time::clock;
use crate::mm::kernel::frames;
use crate::mm::user::address_space::{AddressSpace, MemoryUse};
use crate::mm::user::page_table::PAGE_BYTES;
use crate::sync::{Rank, SpinMutex};
use crate::task;
use signals::Signal;

/// The time that a victim may take to free its memory, until another one is chosen.
const PATIENCE_NS: u64 = 5_000_000_000;

/// The time that a thread waits before it retries.
const PAUSE_NS: u64 = 5_000_000;

/// A process that is being killed.
#[derive(Clone, Copy)]
struct Victim {
    pid: Pid,
    since_ns: u64,
}

/// Protects the process that is being killed; held to read or set it.
static VICTIM: SpinMutex<Option<Victim>> = SpinMutex::new(Rank::Process, None);

/// Makes room for a page that the running thread of a program needs: kills a process, unless one is
/// being killed, and waits a moment. The thread retries afterwards. May wait; the thread holds no
/// lock.
pub(super) fn make_room(thread: &ProcessThread) {
    let now_ns = clock::now_ns();
    let before = *VICTIM.lock();
    let is_pending = before.is_some_and(|victim| {
        now_ns.saturating_sub(victim.since_ns) < PATIENCE_NS && has_memory(victim.pid)
    });
    if !is_pending {
        kill_largest(thread, before.map(|victim| victim.pid));
    }
    // A thread of the victim is woken by its signal.
    let _ = task::sleep_ns(PAUSE_NS);
}

fn has_memory(pid: Pid) -> bool {
    table::find(pid).is_some_and(|process| process.memory().is_some())
}

/// Kills the process with the most memory, except the one that was killed `before`.
fn kill_largest(thread: &ProcessThread, before: Option<Pid>) {
    let needy = thread.process();
    let (victim, used) = match largest(before) {
        Some(found) => found,
        None => (needy.clone(), needy.memory().map_or(MemoryUse::default(), |it| it.memory_use())),
    };
    let memory = victim.memory();
    *VICTIM.lock() = Some(Victim { pid: victim.pid(), since_ns: clock::now_ns() });
    log::warn!(
        "out of memory: process {} ({}) is killed, with {} KiB of pages and {} KiB of page tables; \
         process {} ({}) needed a page",
        victim.pid(),
        victim.name(),
        used.pages * (PAGE_BYTES / 1024),
        used.tables * (PAGE_BYTES / 1024),
        needy.pid(),
        needy.name()
    );
    signal_sending::send_of_kernel(&victim, Signal::KILL);
    if let Some(memory) = memory {
        kill_sharers(&victim, &memory);
    }
}

/// Returns the process with the most memory, and its memory, except the one that was killed
/// `before`; the first process only if there is no other.
fn largest(before: Option<Pid>) -> Option<(Arc<Process>, MemoryUse)> {
    let total = frames::managed() as u64;
    let mut largest = None;
    let mut largest_size = None;
    for_each_process(|process| {
        let Some(used) = process.memory().map(|memory| memory.memory_use()) else {
            return;
        };
        let Some(badness) = badness(process, used, total) else {
            return;
        };
        let size = Some((process.pid() != Pid::INIT, badness));
        if Some(process.pid()) != before && size > largest_size {
            largest_size = size;
            largest = Some((process.clone(), used));
        }
    });
    largest
}

/// Returns the score of a process that uses this memory, of `total` pages: its memory and its bias;
/// `None` if it is never killed.
///
/// Source: Linux, mm/oom_kill.c, `oom_badness`.
fn badness(process: &Process, used: MemoryUse, total: u64) -> Option<i64> {
    const NEVER: i16 = -1000;
    match process.attributes().kill_bias() {
        NEVER => None,
        bias => Some((used.pages + used.tables) as i64 + i64::from(bias) * total as i64 / 1000),
    }
}

/// Returns the score by which processes are chosen when no memory is left, scaled to 0 to 1333 (two
/// thirds of 2000).
///
/// Source: Linux, fs/proc/base.c, `proc_oom_score`.
pub fn score(process: &Process) -> u64 {
    let total = frames::managed().max(1) as u64;
    let used = process.memory().map(|memory| memory.memory_use());
    let points = used.and_then(|used| badness(process, used, total));
    points.map_or(0, |points| (1000 + points * 1000 / total as i64) * 2 / 3).max(0) as u64
}

/// Kills the processes that share the victim's memory, which is freed only when all have ended.
fn kill_sharers(victim: &Process, memory: &Arc<AddressSpace>) {
    for_each_process(|process| {
        let shares = process.memory().is_some_and(|own| Arc::ptr_eq(&own, memory));
        if shares && ![victim.pid(), Pid::INIT].contains(&process.pid()) {
            signal_sending::send_of_kernel(process, Signal::KILL);
        }
    });
}

/// Calls `found` with each process, in order of their numbers. The table isn't locked during a
/// call, so that a process's memory is never dropped under that lock.
fn for_each_process(mut found: impl FnMut(&Arc<Process>)) {
    let mut from = None;
    loop {
        let next = {
            let table = table::lock();
            let mut all = table.iter().map(|entry| &entry.process);
            all.find(|process| Some(process.pid()) > from).cloned()
        };
        let Some(process) = next else {
            return;
        };
        found(&process);
        from = Some(process.pid());
    }
}
