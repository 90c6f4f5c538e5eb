//! All processes, by their numbers, and their relations.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;

use signals::Signal;

use super::exit_status::ExitStatus;
use super::pid::{PID_MAX, Pid, Selection};
use super::process::Process;
use super::thread_handle::ThreadHandle;
use crate::sync::{Mutex, MutexGuard, Rank};

/// The state of a process, as reported to its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// It runs, or waits.
    Alive,
    /// A signal has stopped it.
    Stopped {
        /// The signal.
        signal: Signal,
        /// Whether a wait call has reported it to the parent.
        is_reported: bool,
    },
    /// It has ended, and its parent hasn't waited for it.
    Zombie(ExitStatus),
}

/// A process in the table.
pub(super) struct Entry {
    pub(super) process: Arc<Process>,
    /// The process to which its end is reported; `None` for the first process.
    pub(super) parent: Option<Pid>,
    pub(super) children: BTreeSet<Pid>,
    /// All children with a change that no wait call has taken, and maybe others.
    pub(super) changed_children: BTreeSet<Pid>,
    pub(super) group: Pid,
    pub(super) session: Pid,
    pub(super) life: Life,
    /// Whether it was continued, and a wait call has not yet reported this to its parent.
    pub(super) has_continued: bool,
    /// Whether it has run another program since its parent made it, which setpgid(2) checks.
    pub(super) has_executed: bool,
    /// The signal that is sent to its parent when it ends; `None` for no signal.
    pub(super) end_signal: Option<Signal>,
    /// Whether orphaned descendants become its children: PR_SET_CHILD_SUBREAPER.
    pub(super) is_subreaper: bool,
    /// Whether it has released the controlling terminal of its session: TIOCNOTTY.
    pub(super) has_left_terminal: bool,
    /// The foreground group of the controlling terminal when that was hung up, if the process leads
    /// the session.
    pub(super) hung_up_group: Option<Pid>,
}

impl Entry {
    /// Makes the entry of a living process in a group and a session.
    pub(super) fn new(process: Arc<Process>, group: Pid, session: Pid) -> Self {
        Self {
            process,
            parent: None,
            children: BTreeSet::new(),
            changed_children: BTreeSet::new(),
            group,
            session,
            life: Life::Alive,
            has_continued: false,
            has_executed: false,
            end_signal: None,
            is_subreaper: false,
            has_left_terminal: false,
            hung_up_group: None,
        }
    }
}

/// A thread, and its process.
#[derive(Clone)]
pub struct Member {
    /// The process.
    pub process: Arc<Process>,
    /// The thread.
    pub thread: Arc<ThreadHandle>,
}

/// All processes.
pub(super) struct Table {
    entries: BTreeMap<Pid, Entry>,
    /// All threads except the first ones of processes, by their numbers.
    threads: BTreeMap<Pid, Member>,
    /// The numbers of all groups and sessions, and how often a process has it as one of these.
    groups: BTreeMap<Pid, u32>,
    /// The numbers of processes and threads that are being made.
    reserved: Vec<Pid>,
    next: u32,
    /// The number of processes and threads that were made.
    made: u64,
    /// The last number that was assigned.
    last: u32,
}

/// Protects the processes and their relations; held to find and to change them, and during the
/// sending of a signal to a group. May wait.
static TABLE: Mutex<Table> = Mutex::new(
    Rank::ProcessTable,
    Table {
        entries: BTreeMap::new(),
        threads: BTreeMap::new(),
        groups: BTreeMap::new(),
        reserved: Vec::new(),
        next: 1,
        made: 0,
        last: 0,
    },
);

/// Locks the table.
pub(super) fn lock() -> MutexGuard<'static, Table> {
    TABLE.lock()
}

/// The reason why there is no further process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoPid;

impl Table {
    /// Returns an unused number: no process, thread, group or session has it. It is reserved until
    /// [`insert`](Self::insert), [`insert_thread`](Self::insert_thread) or
    /// [`release`](Self::release).
    ///
    /// # Errors
    /// [`NoPid`].
    pub(super) fn reserve_pid(&mut self) -> Result<Pid, NoPid> {
        // As on Linux, numbers below this aren't reused.
        const FIRST_AGAIN: u32 = 300;
        self.reserved.try_reserve(1).map_err(|_| NoPid)?;
        for _ in 0..PID_MAX {
            if self.next >= PID_MAX {
                self.next = FIRST_AGAIN;
            }
            let number = self.next;
            self.next += 1;
            let pid = Pid::try_new(number).expect("numbers begin at 1 and end before the limit");
            let is_used = self.entries.contains_key(&pid)
                || self.threads.contains_key(&pid)
                || self.has_group(pid)
                || self.reserved.contains(&pid);
            if !is_used {
                self.made += 1;
                self.last = number;
                self.reserved.push(pid);
                return Ok(pid);
            }
        }
        Err(NoPid)
    }

    /// Releases the number of a process or thread that could not be made.
    pub(super) fn release(&mut self, pid: Pid) {
        if let Some(index) = self.reserved.iter().position(|it| *it == pid) {
            self.reserved.swap_remove(index);
        }
    }

    /// Adds a process, whose number was reserved.
    pub(super) fn insert(&mut self, entry: Entry) {
        let pid = entry.process.pid();
        self.release(pid);
        if let Some(parent) = entry.parent.and_then(|parent| self.entries.get_mut(&parent)) {
            parent.children.insert(pid);
        }
        self.hold_groups(entry.group, entry.session);
        self.entries.insert(pid, entry);
    }

    /// Removes a process that has ended.
    pub(super) fn remove(&mut self, pid: Pid) -> Option<Entry> {
        let entry = self.entries.remove(&pid)?;
        if let Some(parent) = entry.parent.and_then(|parent| self.entries.get_mut(&parent)) {
            parent.children.remove(&pid);
            parent.changed_children.remove(&pid);
        }
        self.release_groups(entry.group, entry.session);
        Some(entry)
    }

    /// Makes the wait calls of the parent of `pid` examine that process, which has changed.
    pub(super) fn note_change(&mut self, pid: Pid) {
        let parent = self.get(pid).and_then(|entry| entry.parent);
        if let Some(parent) = parent.and_then(|parent| self.get_mut(parent)) {
            parent.changed_children.insert(pid);
        }
    }

    /// Notes that a wait call has taken the change of `pid`.
    pub(super) fn note_no_change(&mut self, pid: Pid) {
        let parent = self.get(pid).and_then(|entry| entry.parent);
        if let Some(parent) = parent.and_then(|parent| self.get_mut(parent)) {
            parent.changed_children.remove(&pid);
        }
    }

    /// Returns whether a process is in the group or session with this number.
    pub(super) fn has_group(&self, number: Pid) -> bool {
        self.groups.contains_key(&number)
    }

    /// Counts a process of a group and a session.
    fn hold_groups(&mut self, group: Pid, session: Pid) {
        *self.groups.entry(group).or_default() += 1;
        *self.groups.entry(session).or_default() += 1;
    }

    /// Counts a process of a group and a session no longer.
    fn release_groups(&mut self, group: Pid, session: Pid) {
        for number in [group, session] {
            if let Some(holders) = self.groups.get_mut(&number) {
                *holders -= 1;
                if *holders == 0 {
                    self.groups.remove(&number);
                }
            }
        }
    }

    /// Moves a process to a group and a session.
    pub(super) fn move_to(&mut self, pid: Pid, group: Pid, session: Pid) -> Option<&mut Entry> {
        let entry = self.entries.get_mut(&pid)?;
        let before = (entry.group, entry.session);
        (entry.group, entry.session) = (group, session);
        self.hold_groups(group, session);
        self.release_groups(before.0, before.1);
        self.entries.get_mut(&pid)
    }

    /// Adds a thread that isn't the first one of its process, and whose number was reserved.
    pub(super) fn insert_thread(&mut self, process: Arc<Process>, thread: Arc<ThreadHandle>) {
        self.release(thread.tid());
        self.threads.insert(thread.tid(), Member { process, thread });
    }

    /// Removes a thread that isn't the first one of its process.
    pub(super) fn remove_thread(&mut self, tid: Pid) -> Option<Member> {
        self.threads.remove(&tid)
    }

    pub(super) fn get(&self, pid: Pid) -> Option<&Entry> {
        self.entries.get(&pid)
    }

    pub(super) fn get_mut(&mut self, pid: Pid) -> Option<&mut Entry> {
        self.entries.get_mut(&pid)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// Returns the process that becomes the parent of the children of `pid` when that ends: the
    /// nearest subreaper among its ancestors, or the first process.
    pub(super) fn reaper_of(&self, pid: Pid) -> Pid {
        let mut above = self.get(pid).and_then(|entry| entry.parent);
        while let Some(entry) = above.and_then(|pid| self.get(pid)) {
            if entry.is_subreaper && !matches!(entry.life, Life::Zombie(_)) {
                return entry.process.pid();
            }
            above = entry.parent;
        }
        Pid::INIT
    }

    /// Returns whether no process of `group`, except `without`, has a parent in another group of
    /// the same session.
    ///
    /// Source: POSIX, "Orphaned Process Group".
    pub(super) fn is_orphaned(&self, group: Pid, without: Option<Pid>) -> bool {
        !self.iter().filter(|it| it.group == group && Some(it.process.pid()) != without).any(|it| {
            let parent = it.parent.and_then(|parent| self.get(parent));
            !matches!(it.life, Life::Zombie(_))
                && parent
                    .is_some_and(|parent| parent.group != group && parent.session == it.session)
        })
    }
}

/// Returns a process, if its parent hasn't waited for it yet. May wait.
pub fn find(pid: Pid) -> Option<Arc<Process>> {
    lock().get(pid).map(|entry| entry.process.clone())
}

/// Returns a thread that has not ended. May wait.
pub fn find_thread(tid: Pid) -> Option<Member> {
    let table = lock();
    let Some(entry) = table.get(tid) else {
        return table.threads.get(&tid).cloned();
    };
    let oldest = entry.process.oldest_thread().filter(|thread| thread.tid() == tid);
    oldest.map(|thread| Member { process: entry.process.clone(), thread })
}

/// Returns all processes, in order of their numbers. May wait.
pub fn all() -> Vec<Arc<Process>> {
    lock().iter().map(|entry| entry.process.clone()).collect()
}

/// Returns the selected processes for which `also` returns true, in order of their numbers. May
/// wait.
pub fn select(selection: Selection, also: impl Fn(&Process) -> bool) -> Vec<Arc<Process>> {
    let table = lock();
    if let Selection::Process(pid) = selection {
        let process = table.get(pid).map(|it| it.process.clone());
        return process.into_iter().filter(|process| also(process)).collect();
    }
    let is_member = |it: &&Entry| selection.contains(it.process.pid(), it.group);
    table
        .iter()
        .filter(is_member)
        .filter(|it| also(&it.process))
        .map(|it| it.process.clone())
        .collect()
}

/// Returns the number of processes. May wait.
pub fn len() -> usize {
    lock().entries.len()
}

/// Returns the number of processes and threads that were made since the start. May wait.
pub fn made() -> u64 {
    lock().made
}

/// Returns the number of threads in all processes. May wait.
pub fn threads() -> usize {
    let table = lock();
    table.entries.len() + table.threads.len()
}

/// Returns the last number that was assigned. May wait.
pub fn last_pid() -> u32 {
    lock().last
}

/// The relations of a process to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relations {
    /// Its parent; `None` for the first process.
    pub parent: Option<Pid>,
    /// Its process group.
    pub group: Pid,
    /// Its session.
    pub session: Pid,
    /// The state of the process.
    pub life: Life,
}

/// Returns the relations of a process to others. May wait.
pub fn relations(pid: Pid) -> Option<Relations> {
    lock().get(pid).map(|it| Relations {
        parent: it.parent,
        group: it.group,
        session: it.session,
        life: it.life,
    })
}

/// Sets whether orphaned descendants of a process become its children. May wait.
pub fn set_subreaper(pid: Pid, is_subreaper: bool) {
    if let Some(entry) = lock().get_mut(pid) {
        entry.is_subreaper = is_subreaper;
    }
}

/// Returns whether orphaned descendants of a process become its children. May wait.
pub fn is_subreaper(pid: Pid) -> bool {
    lock().get(pid).is_some_and(|entry| entry.is_subreaper)
}
