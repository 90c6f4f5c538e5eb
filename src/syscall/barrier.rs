//! Barriers for other threads: membarrier(2).

use super::call::{Call, CallResult};
use super::errno::Errno;
use super::memory::memory;

// Source: Linux, include/uapi/linux/membarrier.h.
const QUERY: i32 = 0;
const PRIVATE_EXPEDITED: i32 = 1 << 3;
const REGISTER_PRIVATE_EXPEDITED: i32 = 1 << 4;
const PRIVATE_EXPEDITED_SYNC_CORE: i32 = 1 << 5;
const REGISTER_PRIVATE_EXPEDITED_SYNC_CORE: i32 = 1 << 6;

/// The commands for the threads of one process, except those for restartable sequences. The
/// commands for all processes are missing, too.
const SUPPORTED: i32 = PRIVATE_EXPEDITED
    | REGISTER_PRIVATE_EXPEDITED
    | PRIVATE_EXPEDITED_SYNC_CORE
    | REGISTER_PRIVATE_EXPEDITED_SYNC_CORE;

pub(super) fn membarrier(call: &mut Call<'_>) -> CallResult {
    let (command, flags) = (call.argument_i32(0), call.argument_u32(1));
    if flags != 0 {
        return Err(Errno::EINVAL.into());
    }
    let memory = memory(call)?;
    match command {
        QUERY => Ok(SUPPORTED as u64),
        REGISTER_PRIVATE_EXPEDITED | REGISTER_PRIVATE_EXPEDITED_SYNC_CORE => {
            memory.register_barriers();
            Ok(0)
        }
        PRIVATE_EXPEDITED | PRIVATE_EXPEDITED_SYNC_CORE => {
            if !memory.has_barriers() {
                return Err(Errno::EPERM.into());
            }
            memory.synchronize_cpus();
            Ok(0)
        }
        _ => Err(Errno::EINVAL.into()),
    }
}
