//! How threads are scheduled: sched_setscheduler(2), sched_setaffinity(2), setpriority(2).
//!
//! SCHED_OTHER and SCHED_RR are there.

use alloc::sync::Arc;
use alloc::vec::Vec;

use run_queue::{Nice, Policy, REAL_TIME_SLICE_NS, RealTimePriority, Slice};

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use crate::mm::user::pointer;
use crate::process::limits::Resource;
use crate::process::pid::{Pid, Selection};
use crate::process::process::Process;
use crate::process::table::{self, Member};
use crate::process::thread_handle::ThreadHandle;
use crate::task::{self, CpuSet, Thread};

// Source: Linux, include/uapi/linux/sched.h.
const SCHED_OTHER: i32 = 0;
const SCHED_FIFO: i32 = 1;
const SCHED_RR: i32 = 2;
const SCHED_BATCH: i32 = 3;
const SCHED_IDLE: i32 = 5;
const SCHED_DEADLINE: i32 = 6;

pub(super) fn sched_yield(_call: &mut Call<'_>) -> CallResult {
    task::yield_now();
    Ok(0)
}

pub(super) fn getcpu(call: &mut Call<'_>) -> CallResult {
    if let Some(cpu) = call.pointer_or_null::<u32>(0) {
        cpu.write(&task::current().cpu())?;
    }
    if let Some(node) = call.pointer_or_null::<u32>(1) {
        node.write(&0)?;
    }
    Ok(0)
}

/// A thread that a call is for, and its process.
struct Target(Member);

impl Target {
    /// Returns that of an argument; 0 is the caller.
    ///
    /// # Errors
    /// ESRCH.
    fn of(call: &Call<'_>, index: usize) -> Result<Self, Failure> {
        let member = match call.argument_u32(index) {
            0 => {
                let (process, thread) = (call.process().clone(), call.thread.handle().clone());
                Member { process, thread }
            }
            number => Pid::try_new(number).and_then(table::find_thread).ok_or(Errno::ESRCH)?,
        };
        Ok(Self(member))
    }

    fn process(&self) -> &Process {
        &self.0.process
    }

    fn thread(&self) -> Result<&'static Thread, Failure> {
        Ok(self.0.thread.attention().task().ok_or(Errno::ESRCH)?.thread())
    }
}

/// Returns an argument that is a thread's number, which isn't negative.
fn check_number(call: &Call<'_>, index: usize) -> Result<(), Failure> {
    match call.argument_i32(index) {
        0.. => Ok(()),
        _ => Err(Errno::EINVAL.into()),
    }
}

/// Returns whether the caller may change how a process is scheduled.
fn may_change(call: &Call<'_>, process: &Process) -> bool {
    let (own, other) = (call.process().identity(), process.identity());
    own.is_root() || own.effective_uid == other.uid || own.effective_uid == other.effective_uid
}

/// Returns the number of a policy.
fn number_of(policy: Policy) -> i32 {
    match policy {
        Policy::Fair(_) => SCHED_OTHER,
        Policy::RealTime(_) => SCHED_RR,
    }
}

/// Returns the real-time priority of a policy; 0 if it has none.
fn priority_of(policy: Policy) -> u8 {
    match policy {
        Policy::Fair(_) => 0,
        Policy::RealTime(priority) => priority.get(),
    }
}

/// Sets the policy of the thread of the first argument to that of a number; the last argument is a
/// `struct sched_param`.
fn set(call: &Call<'_>, number: Option<i32>, parameter: usize) -> CallResult {
    let parameter = call.pointer_or_null::<i32>(parameter).ok_or(Errno::EINVAL)?;
    check_number(call, 0)?;
    let priority = parameter.read()?;
    let target = Target::of(call, 0)?;
    let thread = target.thread()?;
    let now = thread.own_policy();
    let policy = match (number.unwrap_or(number_of(now)), now) {
        (SCHED_OTHER, Policy::Fair(nice)) if priority == 0 => Policy::Fair(nice),
        (SCHED_OTHER, Policy::RealTime(_)) if priority == 0 => Policy::DEFAULT,
        (SCHED_RR | SCHED_FIFO, _) => u8::try_from(priority)
            .ok()
            .and_then(RealTimePriority::try_new)
            .map(Policy::RealTime)
            .ok_or(Errno::EINVAL)?,
        _ => return Err(Errno::EINVAL.into()),
    };
    let is_root = call.process().identity().is_root();
    let limit = target.process().limits().get(Resource::RealTimePriority).soft;
    let is_within =
        priority_of(policy) <= priority_of(now) || u64::from(priority_of(policy)) <= limit;
    let is_allowed = is_root || (is_within && may_change(call, target.process()));
    if !is_allowed {
        return Err(Errno::EPERM.into());
    }
    if number == Some(SCHED_FIFO) {
        // Equals take turns; without turns there is no policy.
        return Err(Errno::EINVAL.into());
    }
    task::set_policy(thread, policy);
    Ok(0)
}

pub(super) fn sched_setscheduler(call: &mut Call<'_>) -> CallResult {
    match call.argument_i32(1) {
        ..0 => Err(Errno::EINVAL.into()),
        number => set(call, Some(number), 2),
    }
}

pub(super) fn sched_setparam(call: &mut Call<'_>) -> CallResult {
    set(call, None, 1)
}

pub(super) fn sched_getscheduler(call: &mut Call<'_>) -> CallResult {
    check_number(call, 0)?;
    Ok(number_of(Target::of(call, 0)?.thread()?.own_policy()) as u64)
}

pub(super) fn sched_getparam(call: &mut Call<'_>) -> CallResult {
    let parameter = call.pointer_or_null::<i32>(1).ok_or(Errno::EINVAL)?;
    check_number(call, 0)?;
    let policy = Target::of(call, 0)?.thread()?.own_policy();
    parameter.write(&priority_of(policy).into())?;
    Ok(0)
}

/// Returns the least and the greatest priority of a policy.
fn priorities(policy: i32) -> Result<[u8; 2], Errno> {
    match policy {
        SCHED_FIFO | SCHED_RR => Ok([RealTimePriority::MIN.get(), RealTimePriority::MAX.get()]),
        SCHED_OTHER | SCHED_BATCH | SCHED_IDLE | SCHED_DEADLINE => Ok([0, 0]),
        _ => Err(Errno::EINVAL),
    }
}

pub(super) fn sched_get_priority_max(call: &mut Call<'_>) -> CallResult {
    Ok(priorities(call.argument_i32(0))?[1].into())
}

pub(super) fn sched_get_priority_min(call: &mut Call<'_>) -> CallResult {
    Ok(priorities(call.argument_i32(0))?[0].into())
}

pub(super) fn sched_rr_get_interval(call: &mut Call<'_>) -> CallResult {
    check_number(call, 0)?;
    let ns = match Target::of(call, 0)?.thread()?.own_policy() {
        Policy::Fair(_) => Slice::BASE.length_ns(),
        Policy::RealTime(_) => REAL_TIME_SLICE_NS,
    };
    call.pointer::<[u64; 2]>(1).write(&[0, ns.into()])?;
    Ok(0)
}

/// Returns the CPUs that run.
fn online() -> CpuSet {
    CpuSet::first(task::cpus().map(|cpu| cpu.number as usize + 1).max().unwrap_or(1))
}

/// How many bytes a set of CPUs has, as the kernel writes it.
fn set_bytes() -> usize {
    online().len().div_ceil(64) * size_of::<u64>()
}

pub(super) fn sched_getaffinity(call: &mut Call<'_>) -> CallResult {
    let len_bytes = call.argument_u32(1) as usize;
    let is_long_enough = len_bytes.saturating_mul(8) >= online().len();
    if !is_long_enough || !len_bytes.is_multiple_of(size_of::<u64>()) {
        return Err(Errno::EINVAL.into());
    }
    let allowed = Target::of(call, 0)?.thread()?.allowed();
    let bytes = len_bytes.min(set_bytes());
    for (index, (own, online)) in
        allowed.words().iter().zip(online().words()).take(bytes / size_of::<u64>()).enumerate()
    {
        call.pointer::<u64>(2).at(index as u64)?.write(&(own & online))?;
    }
    Ok(bytes as u64)
}

pub(super) fn sched_setaffinity(call: &mut Call<'_>) -> CallResult {
    let mut bytes = [0; size_of::<CpuSet>()];
    // What is beyond the kernel's sets is ignored, what is missing is zero.
    let len_bytes = (call.argument_u32(1) as usize).min(bytes.len());
    pointer::read_bytes(call.argument(2), &mut bytes[..len_bytes])?;
    let target = Target::of(call, 0)?;
    if !may_change(call, target.process()) {
        return Err(Errno::EPERM.into());
    }
    let mut allowed = CpuSet::new();
    let has = |cpu: &usize| bytes[cpu / 8] >> (cpu % 8) & 1 != 0;
    for cpu in online().iter().filter(has) {
        allowed.try_insert(cpu).map_err(|_| Errno::EINVAL)?;
    }
    if allowed.is_empty() {
        return Err(Errno::EINVAL.into());
    }
    let thread = target.thread()?;
    task::set_allowed(thread, &allowed);
    if thread == task::current() {
        // It may have to leave this CPU.
        task::yield_now();
    }
    Ok(0)
}

/// Returns the processes of getpriority(2) and setpriority(2): which, and who.
fn processes(call: &Call<'_>) -> Result<Vec<Arc<Process>>, Failure> {
    const PROCESS: u32 = 0;
    const GROUP: u32 = 1;
    const USER: u32 = 2;
    let who = call.argument_u32(1);
    let own = table::relations(call.process().pid()).ok_or(Errno::ESRCH)?;
    let number = |own: Pid| if who == 0 { Some(own) } else { Pid::try_new(who) };
    let found = match call.argument_u32(0) {
        PROCESS => {
            number(call.process().pid()).map(|pid| table::select(Selection::Process(pid), |_| true))
        }
        GROUP => number(own.group).map(|group| table::select(Selection::Group(group), |_| true)),
        USER => {
            let uid = if who == 0 { call.process().identity().uid } else { who };
            Some(table::select(Selection::All, |process| process.identity().uid == uid))
        }
        _ => return Err(Errno::EINVAL.into()),
    };
    found.filter(|found| !found.is_empty()).ok_or(Errno::ESRCH.into())
}

/// Returns the nice value of a process.
fn nice_of(process: &Process) -> i8 {
    let thread = process.oldest_thread();
    match thread.as_ref().and_then(|thread| thread.attention().task()) {
        Some(task) => match task.thread().own_policy() {
            Policy::Fair(nice) => nice.get(),
            Policy::RealTime(_) => Nice::DEFAULT.get(),
        },
        None => Nice::DEFAULT.get(),
    }
}

/// Sets the nice value of a thread; a real-time thread has none.
fn set_nice(thread: &ThreadHandle, nice: Nice) {
    if let Some(task) = thread.attention().task()
        && matches!(task.own_policy(), Policy::Fair(_))
    {
        task::set_policy(task.thread(), Policy::Fair(nice));
    }
}

/// Returns 20 less the lowest nice value, so that it isn't negative.
pub(super) fn getpriority(call: &mut Call<'_>) -> CallResult {
    let nice = processes(call)?.iter().map(|process| nice_of(process)).min();
    Ok((20 - i64::from(nice.ok_or(Errno::ESRCH)?)) as u64)
}

pub(super) fn setpriority(call: &mut Call<'_>) -> CallResult {
    let range = Nice::MIN.get().into()..=Nice::MAX.get().into();
    let number = call.argument_i32(2).clamp(*range.start(), *range.end()) as i8;
    let nice = Nice::try_new(number).ok_or(Errno::EINVAL)?;
    let is_root = call.process().identity().is_root();
    let mut result = Ok(0);
    for process in processes(call)? {
        // A limit of N allows the nice values from 20 - N on.
        let limit = process.limits().get(Resource::Nice).soft;
        let is_within = number >= nice_of(&process) || (20 - i64::from(number)) as u64 <= limit;
        if !may_change(call, &process) {
            result = Err(Errno::EPERM.into());
        } else if !is_root && !is_within {
            result = Err(Errno::EACCES.into());
        } else {
            process.for_each_thread(|thread| set_nice(thread, nice));
        }
    }
    result
}
