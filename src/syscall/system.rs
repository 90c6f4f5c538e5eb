//! The system and the CPU: arch_prctl(2), personality(2), getrandom(2).

use capabilities::Capability;

use super::call::{Call, CallResult};
use super::errno::Errno;
use super::file::UserBuffer;
use crate::arch::reset;
use crate::arch::user::user_state::Base;
use crate::fs::char_devices::random_bytes;
use crate::fs::device_cache;
use crate::process::exit_status::ExitStatus;
use crate::process::init_status;
use crate::task;

pub(super) fn arch_prctl(call: &mut Call<'_>) -> CallResult {
    // Source: Linux, arch/x86/include/uapi/asm/prctl.h.
    const SET_GS: u64 = 0x1001;
    const SET_FS: u64 = 0x1002;
    const GET_FS: u64 = 0x1003;
    const GET_GS: u64 = 0x1004;
    let address = call.argument(1);
    match call.argument(0) {
        SET_FS => task::set_segment_base(Base::Fs, address)?,
        SET_GS => task::set_segment_base(Base::Gs, address)?,
        GET_FS => call.pointer::<u64>(1).write(&task::segment_base(Base::Fs))?,
        GET_GS => call.pointer::<u64>(1).write(&task::segment_base(Base::Gs))?,
        _ => return Err(Errno::EINVAL.into()),
    }
    Ok(0)
}

pub(super) fn getrandom(call: &mut Call<'_>) -> CallResult {
    // Source: Linux, include/uapi/linux/random.h: GRND_NONBLOCK, GRND_RANDOM, GRND_INSECURE.
    const KNOWN: u64 = 1 | 2 | 4;
    if call.argument(2) & !KNOWN != 0 {
        return Err(Errno::EINVAL.into());
    }
    let mut buffer = UserBuffer::new(call.argument(0), call.argument(1))?;
    Ok(random_bytes::read(&mut buffer)? as u64)
}

/// Sets the behaviour that the program expects; returns the previous one.
pub(super) fn personality(call: &mut Call<'_>) -> CallResult {
    // Source: Linux, include/uapi/linux/personality.h.
    const PER_LINUX: u32 = 0;
    const ADDR_NO_RANDOMIZE: u32 = 0x004_0000;
    const ONLY_ASK: u32 = u32::MAX;
    let before = call.process().personality();
    match call.argument_u32(0) {
        ONLY_ASK => {}
        // ADDR_NO_RANDOMIZE is only stored: addresses are random unless `norandmaps` is set.
        new @ (PER_LINUX | ADDR_NO_RANDOMIZE) => call.process().set_personality(new),
        _ => return Err(Errno::EINVAL.into()),
    }
    Ok(before.into())
}

pub(super) fn reboot(call: &mut Call<'_>) -> CallResult {
    // Source: reboot(2).
    const MAGIC: u32 = 0xFEE1_DEAD;
    const MAGIC_2: [u32; 4] = [672_274_793, 85_072_278, 369_367_448, 537_993_216];
    const RESTART: u32 = 0x0123_4567;
    const HALT: u32 = 0xCDEF_0123;
    const POWER_OFF: u32 = 0x4321_FEDC;
    const KEEP_CTRL_ALT_DELETE: u32 = 0;
    call.check_capability(Capability::SysBoot)?;
    if call.argument_u32(0) != MAGIC || !MAGIC_2.contains(&call.argument_u32(1)) {
        return Err(Errno::EINVAL.into());
    }
    match call.argument_u32(2) {
        RESTART => {
            // Linux leaves that to the caller, and loses data if it forgets it.
            device_cache::close_all();
            reset::reboot()
        }
        HALT | POWER_OFF => init_status::set(ExitStatus::Exited(0)),
        KEEP_CTRL_ALT_DELETE => {}
        _ => return Err(Errno::EINVAL.into()),
    }
    Ok(0)
}
