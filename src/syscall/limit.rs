//! Resource limits, and the memory of the machine: prlimit64(2), sysinfo(2).

use capabilities::Capability;

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use crate::arch::time::clock;
use crate::mm::kernel::frames;
use crate::mm::user::page_table::PAGE_BYTES;
use crate::process::limits::{RESOURCES, Resource, ResourceLimit};
use crate::process::{pid::Pid, table};

fn resource(number: u64) -> Result<Resource, Failure> {
    const ALL: [Resource; RESOURCES] = [
        Resource::Cpu,
        Resource::FileSize,
        Resource::Data,
        Resource::Stack,
        Resource::Core,
        Resource::ResidentSet,
        Resource::Processes,
        Resource::Files,
        Resource::LockedMemory,
        Resource::AddressSpace,
        Resource::Locks,
        Resource::PendingSignals,
        Resource::MessageQueues,
        Resource::Nice,
        Resource::RealTimePriority,
        Resource::RealTimeTime,
    ];
    ALL.get(number as usize).copied().ok_or(Failure::Errno(Errno::EINVAL))
}

/// Sets the limit of a resource of the process, if it may.
fn set(call: &Call<'_>, resource: Resource, [soft, hard]: [u64; 2]) -> Result<(), Failure> {
    if soft > hard {
        return Err(Errno::EINVAL.into());
    }
    // The value of /proc/sys/fs/nr_open.
    const DESCRIPTORS_MAX: u64 = 1 << 20;
    if resource == Resource::Files && hard > DESCRIPTORS_MAX {
        return Err(Errno::EPERM.into());
    }
    let is_privileged = call.has(Capability::SysResource);
    let is_set = call.process().change_limits(|limits| {
        let is_allowed = is_privileged || hard <= limits.get(resource).hard;
        if is_allowed {
            limits.set(resource, ResourceLimit { soft, hard });
        }
        is_allowed
    });
    if !is_set {
        return Err(Errno::EPERM.into());
    }
    if resource == Resource::Cpu {
        call.process().apply_cpu_limit()?;
    }
    Ok(())
}

pub(super) fn prlimit64(call: &mut Call<'_>) -> CallResult {
    let pid = call.argument_u32(0);
    if pid != 0 && pid != call.process().pid().number() {
        let is_there = Pid::try_new(pid).and_then(table::find).is_some();
        return Err(if is_there { Errno::EPERM } else { Errno::ESRCH }.into());
    }
    let resource = resource(call.argument(1))?;
    let ResourceLimit { soft, hard } = call.process().limit(resource);
    if let Some(pointer) = call.pointer_or_null::<[u64; 2]>(2) {
        set(call, resource, pointer.read()?)?;
    }
    if let Some(pointer) = call.pointer_or_null::<[u64; 2]>(3) {
        pointer.write(&[soft, hard])?;
    }
    Ok(0)
}

pub(super) fn getrlimit(call: &mut Call<'_>) -> CallResult {
    let ResourceLimit { soft, hard } = call.process().limit(resource(call.argument(0))?);
    call.pointer::<[u64; 2]>(1).write(&[soft, hard])?;
    Ok(0)
}

pub(super) fn setrlimit(call: &mut Call<'_>) -> CallResult {
    let resource = resource(call.argument(0))?;
    let limit = call.pointer::<[u64; 2]>(1).read()?;
    set(call, resource, limit)?;
    Ok(0)
}

/// Source: sysinfo(2).
pub(super) fn sysinfo(call: &mut Call<'_>) -> CallResult {
    let counts = frames::counts();
    let mut words = [0_u64; 14];
    words[0] = clock::now_ns() / 1_000_000_000;
    words[4] = counts.managed as u64 * PAGE_BYTES;
    words[5] = counts.free as u64 * PAGE_BYTES;
    words[10] = table::len() as u64;
    // The unit of the sizes, in bytes.
    words[13] = 1;
    call.pointer::<[u64; 14]>(0).write(&words)?;
    Ok(0)
}
