//! The end of a thread, and of its process.

use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use alloc::vec::Vec;

use signals::Signal;

use super::attention::Ending;
use super::exit_status::ExitStatus;
use super::futex;
use super::init_status;
use super::pid::Pid;
use super::process::Process;
use super::signal_sending;
use super::stop;
use super::table::{self, Life};
use super::terminals;
use super::thread::ProcessThread;
use super::threads::Removed;
use super::trace;
use crate::mm::user::pointer;
use crate::task;

/// Ends the running thread, except for the scheduler's part, and its process if it was the last
/// thread. May wait.
pub(super) fn finish(thread: &ProcessThread, ending: Ending) {
    let process = thread.process();
    trace::report_end(thread, ending);
    futex::release_held(thread);
    let clear_on_exit = thread.clear_on_exit();
    if clear_on_exit != 0 && is_memory_shared(process) {
        // As on Linux, an invalid address is ignored.
        let _ = pointer::write_bytes(clear_on_exit, &0_u32.to_le_bytes());
        futex::wake_one(process, clear_on_exit);
    }
    let Removed { thread: own, last, stop } = process.remove_thread(thread.handle(), ending);
    // The first thread is in the table by its process.
    let is_first = thread.tid() == process.pid();
    let in_table = if is_first { None } else { table::lock().remove_thread(thread.tid()) };
    drop((own, in_table));
    match last {
        Some(status) => finish_process(process, status),
        None => {
            task::leave_address_space();
            process.pass_signals_on(thread.handle());
            if let Some(signal) = stop {
                stop::report(process, signal);
            }
            process.thread_ends.wake_all();
        }
    }
}

/// Returns whether another thread runs in the memory of the running one.
fn is_memory_shared(process: &Process) -> bool {
    // The references of the process, of the scheduler's thread, and of this function.
    const OWN_HOLDS: usize = 3;
    process.memory().is_some_and(|memory| Arc::strong_count(&memory) > OWN_HOLDS)
}

fn finish_process(process: &Arc<Process>, status: ExitStatus) {
    process.timers.stop();
    process.descriptors.release();
    process.surroundings.release();
    process.release_program();
    // The memory is freed before the end is reported to the parent.
    let memory = process.memory.lock().take();
    if let Some(memory) = memory {
        process.usage.note_pages(memory.memory_use().pages_max);
    }
    task::leave_address_space();
    process.released.wake_all();
    terminals::end_session(process);
    if process.pid() == Pid::INIT {
        init_status::set(status);
    }
    report_end(process, status);
}

/// Makes the process a zombie, or removes it if its parent ignores its children. Its children
/// become those of the next reaper.
fn report_end(process: &Arc<Process>, status: ExitStatus) {
    let pid = process.pid();
    let mut table = table::lock();
    let reaper = table.reaper_of(pid);
    let Some(entry) = table.get_mut(pid) else {
        return;
    };
    entry.life = Life::Zombie(status);
    let (end_signal, group, session) = (entry.end_signal, entry.group, entry.session);
    let parent = entry.parent;
    let children = core::mem::take(&mut entry.children);
    let changed_children = core::mem::take(&mut entry.changed_children);
    let mut zombies_of_reaper = false;
    // The groups that may have become orphans by this end: they had a parent in another group.
    let mut groups = BTreeSet::new();
    let is_outside = |it: &table::Entry| it.group != group && it.session == session;
    if parent.and_then(|parent| table.get(parent)).is_some_and(is_outside) {
        groups.insert(group);
    }
    for child in &children {
        if let Some(child) = table.get_mut(*child) {
            if is_outside(child) {
                groups.insert(child.group);
            }
            child.parent = Some(reaper);
            child.end_signal = Some(Signal::CHLD);
            zombies_of_reaper |= matches!(child.life, Life::Zombie(_));
        }
    }
    // The children that receive a signal when their parent ends.
    let left: Vec<Arc<Process>> = children
        .iter()
        .filter_map(|child| table.get(*child))
        .filter(|child| child.process.attributes.death_signal().is_some())
        .map(|child| child.process.clone())
        .collect();
    if let Some(reaper) = table.get_mut(reaper) {
        reaper.children.extend(children);
        reaper.changed_children.extend(changed_children);
    }
    let reaper = table.get(reaper).map(|it| it.process.clone()).filter(|_| zombies_of_reaper);
    let parent = parent.and_then(|parent| table.get(parent)).map(|it| it.process.clone());
    // Of these groups, those with stopped members receive a SIGHUP, and are continued.
    groups.retain(|group| {
        let is_stopped =
            |it: &table::Entry| it.group == *group && matches!(it.life, Life::Stopped { .. });
        table.is_orphaned(*group, Some(pid)) && table.iter().any(is_stopped)
    });
    let ignores_end = parent.as_ref().is_none_or(|parent| {
        end_signal == Some(Signal::CHLD)
            && parent.with_signals(|state| state.dispositions.reaps_children())
    });
    // The signal is sent before the parent can see the zombie. But a signal that continues the
    // parent is sent afterwards, because sending it takes the lock of the table.
    let takes_table = end_signal == Some(Signal::CONT) || end_signal == Some(Signal::KILL);
    let notify = || {
        if let Some(parent) = &parent {
            signal_sending::signal_parent(parent, process, status.child_status(), end_signal);
        }
    };
    if !takes_table {
        notify();
    }
    if ignores_end {
        let removed = table.remove(pid);
        drop(table);
        drop(removed);
    } else {
        table.note_change(pid);
        drop(table);
    }
    // Without the lock, which its wait call takes at once.
    if let Some(parent) = &parent {
        parent.child_events.wake_all();
    }
    process.end_event.report();
    for child in left {
        let signal = child.attributes.death_signal();
        signal.into_iter().for_each(|signal| signal_sending::send_of_kernel(&child, signal));
    }
    for group in groups {
        signal_sending::send_to_group(group, Signal::HUP);
        signal_sending::send_to_group(group, Signal::CONT);
    }
    if takes_table {
        notify();
    }
    if let Some(reaper) = reaper {
        signal_sending::send_of_kernel(&reaper, Signal::CHLD);
        reaper.child_events.wake_all();
    }
}
