//! The functions of processes that terminals call: sessions, groups and their signals.

use core::sync::atomic::Ordering;

use signals::{Handler, Signal};

use super::current::with_running;
use super::pid::Pid;
use super::process::Process;
use super::signal_sending;
use super::table;
use crate::tty::control;
use crate::tty::processes::{self, Caller, Processes};

/// The functions that terminals call.
struct OfTerminals;

static OF_TERMINALS: OfTerminals = OfTerminals;

/// Registers the functions that terminals call.
pub(super) fn start() {
    processes::set(&OF_TERMINALS);
}

impl Processes for OfTerminals {
    fn caller(&self) -> Option<Caller> {
        with_running(|thread| {
            let process = thread.process();
            let credentials = thread.identity().credentials.clone();
            let table = table::lock();
            let entry = table.get(process.pid())?;
            Some(Caller {
                pid: process.pid().number(),
                group: entry.group.number(),
                session: entry.session.number(),
                has_left: entry.has_left_terminal,
                uid: credentials.uid,
                gid: credentials.gid,
            })
        })
        .flatten()
    }

    fn ignores(&self, signal: Signal) -> bool {
        let ignores = with_running(|thread| {
            thread.with_signals(|state, own| {
                own.blocked().contains(signal)
                    || state.dispositions.get(signal).handler == Handler::Ignore
            })
        });
        ignores.unwrap_or(false)
    }

    fn is_orphaned(&self, group: u32) -> bool {
        Pid::try_new(group).is_none_or(|group| table::lock().is_orphaned(group, None))
    }

    fn send_to_group(&self, group: u32, signal: Signal) {
        if let Some(group) = Pid::try_new(group) {
            signal_sending::send_to_group(group, signal);
        }
    }

    fn leave(&self) {
        with_running(|thread| {
            if let Some(entry) = table::lock().get_mut(thread.process().pid()) {
                entry.has_left_terminal = true;
            }
        });
    }

    fn hang_up(&self, session: u32, group: Option<u32>) {
        let leader = Pid::try_new(session).and_then(|leader| {
            let mut table = table::lock();
            let entry = table.get_mut(leader)?;
            entry.hung_up_group = group.and_then(Pid::try_new);
            Some(entry.process.clone())
        });
        if let Some(leader) = leader {
            signal_sending::send_of_kernel(&leader, Signal::HUP);
            signal_sending::send_of_kernel(&leader, Signal::CONT);
        }
    }
}

/// Ends the session of an ending process, if the process leads it: its terminal is hung up. If the
/// terminal was hung up before, the signals are sent to the group that was in its foreground.
pub(super) fn end_session(process: &Process) {
    if !process.leads_session.load(Ordering::Relaxed) {
        return;
    }
    let pid = process.pid();
    let hung_up = table::lock().get(pid).and_then(|entry| entry.hung_up_group);
    control::end_session(pid.number());
    if let Some(group) = hung_up {
        signal_sending::send_to_group(group, Signal::HUP);
        signal_sending::send_to_group(group, Signal::CONT);
    }
}
