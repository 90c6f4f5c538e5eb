//! The scheduling policies of threads: sched_setscheduler(2), sched_setattr(2).
//!
//! SCHED_OTHER, SCHED_BATCH, SCHED_IDLE, SCHED_FIFO and SCHED_RR are supported.

use capabilities::Capability;
use run_queue::{Nice, Policy, REAL_TIME_SLICE_NS, RealTimePriority, Slice};

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use super::nice;
use super::schedule::{Target, may_change};
use super::versioned;
use crate::mm::user::pointer;
use crate::process::limits::Resource;
use crate::task;

// Source: Linux, include/uapi/linux/sched.h.
const SCHED_OTHER: u32 = 0;
const SCHED_FIFO: u32 = 1;
const SCHED_RR: u32 = 2;
const SCHED_BATCH: u32 = 3;
const SCHED_IDLE: u32 = 5;
const SCHED_DEADLINE: u32 = 6;
const SCHED_RESET_ON_FORK: u32 = 0x4000_0000;

const FLAG_RESET_ON_FORK: u64 = 1;
const FLAG_KEEP_POLICY: u64 = 8;
const FLAG_KEEP_PARAMS: u64 = 0x10;
const FLAG_UTIL_CLAMP: u64 = 0x60;
/// All flags, also those of SCHED_DEADLINE.
const FLAGS: u64 = 0x7F;

/// The requested scheduling of a thread.
struct Wanted {
    /// The number of the policy; `None` to keep it.
    policy: Option<u32>,
    flags: u64,
    nice: Nice,
    priority: u32,
}

/// Checks that the argument that is a thread's number isn't negative.
fn check_number(call: &Call<'_>) -> Result<(), Failure> {
    match call.argument_i32(0) {
        0.. => Ok(()),
        _ => Err(Errno::EINVAL.into()),
    }
}

/// Returns the number of a policy.
pub(super) fn number_of(policy: Policy) -> u32 {
    match policy {
        Policy::Fair(_) => SCHED_OTHER,
        Policy::Batch(_) => SCHED_BATCH,
        Policy::Idle => SCHED_IDLE,
        Policy::Fifo(_) => SCHED_FIFO,
        Policy::RealTime(_) => SCHED_RR,
    }
}

/// Returns the real-time priority of a policy; 0 if it has none.
fn priority_of(policy: Policy) -> u32 {
    policy.real_time_priority().map_or(0, |priority| priority.get().into())
}

/// Returns the policy with this number, for a thread with a nice value.
fn policy_of(number: u32, priority: u32, nice: Nice) -> Result<Policy, Errno> {
    let priority = match priority {
        0 => None,
        _ => {
            let priority = u8::try_from(priority).ok().and_then(RealTimePriority::try_new);
            Some(priority.ok_or(Errno::EINVAL)?)
        }
    };
    match (number, priority) {
        (SCHED_OTHER, None) => Ok(Policy::Fair(nice)),
        (SCHED_BATCH, None) => Ok(Policy::Batch(nice)),
        (SCHED_IDLE, None) => Ok(Policy::Idle),
        (SCHED_FIFO, Some(priority)) => Ok(Policy::Fifo(priority)),
        (SCHED_RR, Some(priority)) => Ok(Policy::RealTime(priority)),
        _ => Err(Errno::EINVAL),
    }
}

/// Returns whether a caller without privileges may set `policy` for a thread.
///
/// Source: Linux, kernel/sched/core.c, `user_check_sched_setscheduler`.
fn is_allowed(
    call: &Call<'_>,
    target: &Target,
    now: Policy,
    policy: Policy,
    wanted: &Wanted,
) -> bool {
    let scheduling = target.handle().scheduling();
    let process = target.process();
    let may_be_nice = |nice| nice::is_within_limit(process, nice);
    let is_nice_allowed =
        policy.nice().is_none() || wanted.nice >= scheduling.nice() || may_be_nice(wanted.nice);
    let limit = process.limit(Resource::RealTimePriority).soft;
    let is_priority_allowed = policy.real_time_priority().is_none() || {
        let may_change_kind = number_of(policy) == number_of(now) || limit > 0;
        let is_no_higher = wanted.priority <= priority_of(now);
        may_change_kind && (is_no_higher || u64::from(wanted.priority) <= limit)
    };
    let leaves_idle = now == Policy::Idle && policy != Policy::Idle;
    let loses_reset = scheduling.resets_on_fork() && wanted.flags & FLAG_RESET_ON_FORK == 0;
    is_nice_allowed
        && is_priority_allowed
        && (!leaves_idle || may_be_nice(scheduling.nice()))
        && may_change(call, process)
        && !loses_reset
}

/// Sets the wanted scheduling of the thread in the first argument.
fn set(call: &Call<'_>, target: &Target, mut wanted: Wanted) -> CallResult {
    let thread = target.thread()?;
    let scheduling = target.handle().scheduling();
    let now = thread.own_policy();
    if wanted.policy.is_none() {
        wanted.flags &= !FLAG_RESET_ON_FORK;
        wanted.flags |= if scheduling.resets_on_fork() { FLAG_RESET_ON_FORK } else { 0 };
    }
    let number = wanted.policy.unwrap_or(number_of(now));
    let policy = policy_of(number, wanted.priority, wanted.nice)?;
    let is_privileged = call.has(Capability::SysNice);
    if !is_privileged && !is_allowed(call, target, now, policy, &wanted) {
        return Err(Errno::EPERM.into());
    }
    if wanted.flags & FLAG_UTIL_CLAMP != 0 {
        // As on a Linux without CONFIG_UCLAMP_TASK.
        return Err(Errno::EOPNOTSUPP.into());
    }
    scheduling.set_resets_on_fork(wanted.flags & FLAG_RESET_ON_FORK != 0);
    if wanted.flags & FLAG_KEEP_PARAMS != 0 {
        // As on Linux, the policy also stays unchanged.
        return Ok(0);
    }
    if policy.nice().is_some() {
        scheduling.set_nice(wanted.nice);
    }
    task::set_policy(thread, policy);
    Ok(0)
}

/// Sets the policy of the thread in the first argument to the policy with this number; the last
/// argument is a `struct sched_param`.
fn set_by_parameter(call: &Call<'_>, policy: Option<u32>, parameter: usize) -> CallResult {
    let parameter = call.pointer_or_null::<u32>(parameter).ok_or(Errno::EINVAL)?;
    check_number(call)?;
    let priority = parameter.read()?;
    let target = Target::of(call, 0)?;
    let nice = target.handle().scheduling().nice();
    let resets = policy.is_some_and(|policy| policy & SCHED_RESET_ON_FORK != 0);
    let flags = if resets { FLAG_RESET_ON_FORK } else { 0 };
    let policy = policy.map(|policy| policy & !SCHED_RESET_ON_FORK);
    set(call, &target, Wanted { policy, flags, nice, priority })
}

pub(super) fn sched_setscheduler(call: &mut Call<'_>) -> CallResult {
    match call.argument_i32(1) {
        ..0 => Err(Errno::EINVAL.into()),
        policy => set_by_parameter(call, Some(policy as u32), 2),
    }
}

pub(super) fn sched_setparam(call: &mut Call<'_>) -> CallResult {
    set_by_parameter(call, None, 1)
}

pub(super) fn sched_getscheduler(call: &mut Call<'_>) -> CallResult {
    check_number(call)?;
    let target = Target::of(call, 0)?;
    let resets = target.handle().scheduling().resets_on_fork();
    let flag = if resets { SCHED_RESET_ON_FORK } else { 0 };
    Ok((number_of(target.thread()?.own_policy()) | flag).into())
}

pub(super) fn sched_getparam(call: &mut Call<'_>) -> CallResult {
    let parameter = call.pointer_or_null::<u32>(1).ok_or(Errno::EINVAL)?;
    check_number(call)?;
    let policy = Target::of(call, 0)?.thread()?.own_policy();
    parameter.write(&priority_of(policy))?;
    Ok(0)
}

/// The number of words of 8 bytes in a `struct sched_attr`.
const ATTR_WORDS: usize = 7;
const ATTR_BYTES: u32 = (ATTR_WORDS * size_of::<u64>()) as u32;
/// The sizes of its first version, and of the newest.
const ATTR_SIZE_VER0: u32 = 48;
const ATTR_SIZE_MAX: u32 = 4096;

/// Reads the `struct sched_attr` at `address`; its size is in its first word.
fn read_attributes(address: u64) -> Result<[u64; ATTR_WORDS], Failure> {
    let [size_bytes] = versioned::read::<1>(address, size_of::<u32>() as u64)?;
    let size_bytes = if size_bytes == 0 { ATTR_SIZE_VER0 } else { size_bytes as u32 };
    let read = match size_bytes {
        ATTR_SIZE_VER0..=ATTR_SIZE_MAX => versioned::read(address, size_bytes.into()),
        _ => Err(Errno::E2BIG.into()),
    };
    if read == Err(Errno::E2BIG.into()) {
        pointer::write_bytes(address, &ATTR_BYTES.to_le_bytes())?;
    }
    let words: [u64; ATTR_WORDS] = read?;
    if words[1] & FLAG_UTIL_CLAMP != 0 && size_bytes < ATTR_BYTES {
        return Err(Errno::EINVAL.into());
    }
    Ok(words)
}

pub(super) fn sched_setattr(call: &mut Call<'_>) -> CallResult {
    if call.argument(1) == 0 || call.argument_i32(0) < 0 || call.argument_u32(2) != 0 {
        return Err(Errno::EINVAL.into());
    }
    let [size_and_policy, flags, nice_and_priority, ..] = read_attributes(call.argument(1))?;
    let policy = (size_and_policy >> 32) as u32;
    if (policy as i32) < 0 {
        return Err(Errno::EINVAL.into());
    }
    let target = Target::of(call, 0)?;
    let number = (nice_and_priority as i32).clamp(Nice::MIN.get().into(), Nice::MAX.get().into());
    let mut wanted = Wanted {
        policy: (flags & FLAG_KEEP_POLICY == 0).then_some(policy),
        flags,
        nice: Nice::try_new(number as i8).ok_or(Errno::EINVAL)?,
        priority: (nice_and_priority >> 32) as u32,
    };
    if flags & FLAG_KEEP_PARAMS != 0 {
        match priority_of(target.thread()?.own_policy()) {
            0 => wanted.nice = target.handle().scheduling().nice(),
            priority => wanted.priority = priority,
        }
    }
    if flags & !FLAGS != 0 {
        return Err(Errno::EINVAL.into());
    }
    set(call, &target, wanted)
}

pub(super) fn sched_getattr(call: &mut Call<'_>) -> CallResult {
    let size_bytes = call.argument_u32(2);
    let is_valid = call.argument(1) != 0
        && call.argument_i32(0) >= 0
        && (ATTR_SIZE_VER0..=ATTR_SIZE_MAX).contains(&size_bytes)
        && call.argument_u32(3) == 0;
    if !is_valid {
        return Err(Errno::EINVAL.into());
    }
    let target = Target::of(call, 0)?;
    let policy = target.thread()?.own_policy();
    let scheduling = target.handle().scheduling();
    let known_bytes = size_bytes.min(ATTR_BYTES);
    let mut words = [0_u64; ATTR_WORDS];
    words[0] = u64::from(known_bytes) | u64::from(number_of(policy)) << 32;
    words[1] = if scheduling.resets_on_fork() { FLAG_RESET_ON_FORK } else { 0 };
    words[2] = match priority_of(policy) {
        0 => u64::from(i32::from(scheduling.nice().get()) as u32),
        priority => u64::from(priority) << 32,
    };
    let bytes = words.map(u64::to_le_bytes);
    pointer::write_bytes(call.argument(1), &bytes.as_flattened()[..known_bytes as usize])?;
    Ok(0)
}

/// Returns the lowest and the highest priority of a policy.
fn priorities(policy: u32) -> Result<[u8; 2], Errno> {
    match policy {
        SCHED_FIFO | SCHED_RR => Ok([RealTimePriority::MIN.get(), RealTimePriority::MAX.get()]),
        SCHED_OTHER | SCHED_BATCH | SCHED_IDLE | SCHED_DEADLINE => Ok([0, 0]),
        _ => Err(Errno::EINVAL),
    }
}

pub(super) fn sched_get_priority_max(call: &mut Call<'_>) -> CallResult {
    Ok(priorities(call.argument_u32(0))?[1].into())
}

pub(super) fn sched_get_priority_min(call: &mut Call<'_>) -> CallResult {
    Ok(priorities(call.argument_u32(0))?[0].into())
}

pub(super) fn sched_rr_get_interval(call: &mut Call<'_>) -> CallResult {
    check_number(call)?;
    let ns = match Target::of(call, 0)?.thread()?.own_policy() {
        Policy::RealTime(_) => REAL_TIME_SLICE_NS,
        Policy::Fifo(_) => 0,
        Policy::Fair(_) | Policy::Batch(_) | Policy::Idle => Slice::BASE.length_ns(),
    };
    call.pointer::<[u64; 2]>(1).write(&[0, ns.into()])?;
    Ok(0)
}
