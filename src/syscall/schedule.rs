//! The CPUs of threads: sched_yield(2), getcpu(2), sched_setaffinity(2).

use capabilities::Capability;

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use crate::mm::user::pointer;
use crate::process::pid::Pid;
use crate::process::process::Process;
use crate::process::table::{self, Member};
use crate::process::thread_handle::ThreadHandle;
use crate::task::{self, CpuSet, Thread};

pub(super) fn sched_yield(_call: &mut Call<'_>) -> CallResult {
    task::yield_now();
    Ok(0)
}

pub(super) fn getcpu(call: &mut Call<'_>) -> CallResult {
    if let Some(cpu) = call.pointer_or_null::<u32>(0) {
        cpu.write(&task::current().cpu().number())?;
    }
    if let Some(node) = call.pointer_or_null::<u32>(1) {
        node.write(&0)?;
    }
    Ok(0)
}

/// The thread that a call refers to, and its process.
pub(super) struct Target(Member);

impl Target {
    /// Returns the thread of an argument; 0 means the caller.
    ///
    /// # Errors
    /// ESRCH.
    pub(super) fn of(call: &Call<'_>, index: usize) -> Result<Self, Failure> {
        let member = match call.argument_u32(index) {
            0 => {
                let (process, thread) = (call.process().clone(), call.thread.handle().clone());
                Member { process, thread }
            }
            number => Pid::try_new(number).and_then(table::find_thread).ok_or(Errno::ESRCH)?,
        };
        Ok(Self(member))
    }

    pub(super) fn process(&self) -> &Process {
        &self.0.process
    }

    pub(super) fn handle(&self) -> &ThreadHandle {
        &self.0.thread
    }

    pub(super) fn thread(&self) -> Result<&'static Thread, Failure> {
        Ok(self.0.thread.attention().task().ok_or(Errno::ESRCH)?.thread())
    }
}

/// Returns whether the caller may change the scheduling of a process.
pub(super) fn may_change(call: &Call<'_>, process: &Process) -> bool {
    let (own, other) = (call.identity(), process.identity());
    own.has(Capability::SysNice)
        || own.effective_uid == other.uid
        || own.effective_uid == other.effective_uid
}

/// Returns the CPUs that run.
fn online() -> CpuSet {
    CpuSet::first(task::cpus().map(|cpu| cpu.id().index() + 1).max().unwrap_or(1))
}

/// Returns the size of a set of CPUs as the kernel writes it, in bytes.
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
    // Bits after those of the kernel's sets are ignored; missing bits are 0.
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
        // The thread may have to leave this CPU.
        task::yield_now();
    }
    Ok(0)
}
