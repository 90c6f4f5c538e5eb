//! The resource usage of processes: getrusage(2), times(2).

use super::call::{Call, CallResult};
use super::errno::Errno;
use crate::arch::time::clock;
use crate::process::usage::Usage;

/// A `struct rusage`, in words of 8 bytes.
pub(super) type Rusage = [u64; 18];

/// A tick of times(2), in nanoseconds.
const TICK_NS: u64 = 10_000_000;

/// Returns a `struct rusage`.
pub(super) fn rusage_of(usage: &Usage) -> Rusage {
    const PAGE_KIB: u64 = 4;
    const RESIDENT_MAX: usize = 4;
    const MINOR_FAULTS: usize = 8;
    const VOLUNTARY_SWITCHES: usize = 16;
    let mut words = Rusage::default();
    for (index, ns) in [usage.times.user_ns, usage.times.system_ns].into_iter().enumerate() {
        words[2 * index..][..2].copy_from_slice(&[ns / 1_000_000_000, ns % 1_000_000_000 / 1000]);
    }
    words[RESIDENT_MAX] = usage.pages_max * PAGE_KIB;
    words[MINOR_FAULTS] = usage.faults;
    words[VOLUNTARY_SWITCHES] = usage.switches;
    words
}

pub(super) fn getrusage(call: &mut Call<'_>) -> CallResult {
    const RUSAGE_SELF: i32 = 0;
    const RUSAGE_CHILDREN: i32 = -1;
    const RUSAGE_THREAD: i32 = 1;
    let process = call.process();
    let mut usage = match call.argument_i32(0) {
        RUSAGE_SELF => process.usage(),
        RUSAGE_THREAD => process.usage_of_thread(call.thread.handle()),
        RUSAGE_CHILDREN => process.usage_of_children(),
        _ => return Err(Errno::EINVAL.into()),
    };
    if call.argument_i32(0) != RUSAGE_CHILDREN {
        let pages = process.memory().map_or(0, |memory| memory.memory_use().pages_max);
        usage.pages_max = usage.pages_max.max(pages);
    }
    call.pointer::<Rusage>(1).write(&rusage_of(&usage))?;
    Ok(0)
}

pub(super) fn times(call: &mut Call<'_>) -> CallResult {
    if let Some(pointer) = call.pointer_or_null::<[u64; 4]>(0) {
        let (own, children) = (call.process().usage(), call.process().usage_of_children());
        let ticks =
            |usage: Usage| [usage.times.user_ns, usage.times.system_ns].map(|ns| ns / TICK_NS);
        let ([user, system], [child_user, child_system]) = (ticks(own), ticks(children));
        pointer.write(&[user, system, child_user, child_system])?;
    }
    Ok(clock::now_ns() / TICK_NS)
}
