//! What processes have used: getrusage(2), times(2).

use super::call::{Call, CallResult};
use super::errno::Errno;
use crate::arch::time::clock;
use crate::process::process::Process;
use crate::process::usage::Usage;
use crate::task;

/// A `struct rusage`, in words of 8 bytes.
pub(super) type Rusage = [u64; 18];

/// A tick of times(2), in nanoseconds.
const TICK_NS: u64 = 10_000_000;

/// Returns the `struct rusage` of what was used.
pub(super) fn rusage_of(usage: &Usage) -> Rusage {
    const MINOR_FAULTS: usize = 8;
    const VOLUNTARY_SWITCHES: usize = 16;
    let mut words = Rusage::default();
    words[..2]
        .copy_from_slice(&[usage.run_ns / 1_000_000_000, usage.run_ns % 1_000_000_000 / 1000]);
    words[MINOR_FAULTS] = usage.faults;
    words[VOLUNTARY_SWITCHES] = usage.switches;
    words
}

/// Returns how many KiB of a process were in memory at most.
fn resident_max_kib(process: &Process) -> u64 {
    const PAGE_KIB: u64 = 4;
    process.memory().map_or(0, |memory| memory.memory_use().pages_max * PAGE_KIB)
}

pub(super) fn getrusage(call: &mut Call<'_>) -> CallResult {
    const RUSAGE_SELF: i32 = 0;
    const RUSAGE_CHILDREN: i32 = -1;
    const RUSAGE_THREAD: i32 = 1;
    const RESIDENT_MAX: usize = 4;
    let process = call.process();
    let mut words = match call.argument_i32(0) {
        RUSAGE_SELF => rusage_of(&process.usage()),
        RUSAGE_THREAD => {
            let task = task::current();
            let (run_ns, switches) = (task.run_time_ns(), task.switches());
            rusage_of(&Usage { run_ns, switches, ..process.usage() })
        }
        RUSAGE_CHILDREN => rusage_of(&process.usage_of_children()),
        _ => return Err(Errno::EINVAL.into()),
    };
    if call.argument_i32(0) != RUSAGE_CHILDREN {
        words[RESIDENT_MAX] = resident_max_kib(process);
    }
    call.pointer::<Rusage>(1).write(&words)?;
    Ok(0)
}

pub(super) fn times(call: &mut Call<'_>) -> CallResult {
    if let Some(pointer) = call.pointer_or_null::<[u64; 4]>(0) {
        let (own, children) = (call.process().usage(), call.process().usage_of_children());
        pointer.write(&[own.run_ns / TICK_NS, 0, children.run_ns / TICK_NS, 0])?;
    }
    Ok(clock::now_ns() / TICK_NS)
}
