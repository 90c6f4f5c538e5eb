//! Nice values: getpriority(2), setpriority(2).

use alloc::vec::Vec;

use capabilities::Capability;
use run_queue::{Nice, Policy};

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use super::schedule::may_change;
use crate::process::limits::Resource;
use crate::process::pid::{Pid, Selection};
use crate::process::process::Process;
use crate::process::table::{self, Member};
use crate::process::thread_handle::ThreadHandle;
use crate::task;

/// Returns whether RLIMIT_NICE of a process allows a nice value: a limit of N allows values from 20
/// - N on.
pub(super) fn is_within_limit(process: &Process, nice: Nice) -> bool {
    (20 - i64::from(nice.get())) as u64 <= process.limit(Resource::Nice).soft
}

/// Returns the threads that the first two arguments, `which` and `who`, select.
fn members(call: &Call<'_>) -> Result<Vec<Member>, Failure> {
    const PROCESS: u32 = 0;
    const GROUP: u32 = 1;
    const USER: u32 = 2;
    let who = call.argument_u32(1);
    let own = table::relations(call.process().pid()).ok_or(Errno::ESRCH)?;
    let mut found = Vec::new();
    found.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
    let processes = match call.argument_u32(0) {
        PROCESS if who == 0 => {
            let (process, thread) = (call.process().clone(), call.thread.handle().clone());
            found.push(Member { process, thread });
            return Ok(found);
        }
        PROCESS => {
            let member = Pid::try_new(who).and_then(table::find_thread);
            found.push(member.ok_or(Errno::ESRCH)?);
            return Ok(found);
        }
        GROUP => {
            let group = if who == 0 { Some(own.group) } else { Pid::try_new(who) };
            let group = group.ok_or(Errno::ESRCH)?;
            table::select(Selection::Group(group), |_| true)
        }
        USER => {
            let uid = if who == 0 { call.identity().uid } else { who };
            table::select(Selection::All, |process| process.identity().uid == uid)
        }
        _ => return Err(Errno::EINVAL.into()),
    };
    for process in processes {
        let mut threads = Vec::new();
        threads.try_reserve(process.thread_count()).map_err(|_| Errno::ENOMEM)?;
        // Threads that were started since may not fit into the list.
        process.for_each_thread(|thread| {
            if threads.len() < threads.capacity() {
                threads.push(thread.clone());
            }
        });
        found.try_reserve(threads.len()).map_err(|_| Errno::ENOMEM)?;
        found.extend(threads.into_iter().map(|thread| Member { process: process.clone(), thread }));
    }
    if found.is_empty() { Err(Errno::ESRCH.into()) } else { Ok(found) }
}

/// Sets the nice value of a thread; it is kept while the thread's policy has none.
fn set_nice(thread: &ThreadHandle, nice: Nice) {
    thread.scheduling().set_nice(nice);
    let Some(task) = thread.attention().task() else {
        return;
    };
    let policy = match task.own_policy() {
        Policy::Fair(_) => Policy::Fair(nice),
        Policy::Batch(_) => Policy::Batch(nice),
        Policy::RealTime(_) | Policy::Fifo(_) | Policy::Idle => return,
    };
    task::set_policy(task.thread(), policy);
}

/// Returns 20 minus the lowest nice value, so that the result isn't negative.
pub(super) fn getpriority(call: &mut Call<'_>) -> CallResult {
    let nice = members(call)?.iter().map(|it| it.thread.scheduling().nice().get()).min();
    Ok((20 - i64::from(nice.ok_or(Errno::ESRCH)?)) as u64)
}

pub(super) fn setpriority(call: &mut Call<'_>) -> CallResult {
    let range = Nice::MIN.get().into()..=Nice::MAX.get().into();
    let number = call.argument_i32(2).clamp(*range.start(), *range.end()) as i8;
    let nice = Nice::try_new(number).ok_or(Errno::EINVAL)?;
    let is_privileged = call.has(Capability::SysNice);
    let mut result = Ok(0);
    for Member { process, thread } in members(call)? {
        let is_within = nice >= thread.scheduling().nice() || is_within_limit(&process, nice);
        if !may_change(call, &process) {
            result = Err(Errno::EPERM.into());
        } else if !is_privileged && !is_within {
            result = Err(Errno::EACCES.into());
        } else {
            set_nice(&thread, nice);
        }
    }
    result
}
