//! Attributes of a process: prctl(2).

use ::signals::Signal;

use super::call::{Call, CallResult};
use super::capability;
use super::errno::Errno;
use crate::mm::user::pointer;
use crate::process::table;

// Source: Linux, include/uapi/linux/prctl.h.
const PR_SET_PDEATHSIG: u64 = 1;
const PR_GET_PDEATHSIG: u64 = 2;
const PR_GET_DUMPABLE: u64 = 3;
const PR_SET_DUMPABLE: u64 = 4;
const PR_SET_NAME: u64 = 15;
const PR_GET_NAME: u64 = 16;
const PR_SET_TIMERSLACK: u64 = 29;
const PR_GET_TIMERSLACK: u64 = 30;
const PR_SET_CHILD_SUBREAPER: u64 = 36;
const PR_GET_CHILD_SUBREAPER: u64 = 37;
const PR_SET_NO_NEW_PRIVS: u64 = 38;
const PR_GET_NO_NEW_PRIVS: u64 = 39;

/// The length of a name, in bytes, with the zero byte: TASK_COMM_LEN.
const NAME_BYTES: usize = 16;

pub(super) fn prctl(call: &mut Call<'_>) -> CallResult {
    if let Some(result) = capability::control(call) {
        return result;
    }
    let process = call.process();
    let attributes = process.attributes();
    let value = call.argument(1);
    match call.argument_u32(0).into() {
        PR_SET_PDEATHSIG => {
            let signal = Signal::from_number(value);
            if value != 0 && signal.is_none() {
                return Err(Errno::EINVAL.into());
            }
            attributes.set_death_signal(signal);
        }
        PR_GET_PDEATHSIG => {
            let number = attributes.death_signal().map_or(0, Signal::number);
            call.pointer::<u32>(1).write(&number.into())?;
        }
        PR_GET_DUMPABLE => return Ok(attributes.is_dumpable().into()),
        PR_SET_DUMPABLE => match value {
            0 | 1 => attributes.set_dumpable(value == 1),
            _ => return Err(Errno::EINVAL.into()),
        },
        PR_SET_NAME => set_name(call)?,
        PR_GET_NAME => {
            let mut bytes = [0; NAME_BYTES];
            let name = process.name();
            bytes[..name.len()].copy_from_slice(name.as_bytes());
            call.pointer::<[u8; NAME_BYTES]>(1).write(&bytes)?;
        }
        PR_SET_TIMERSLACK => attributes.set_timer_slack_ns(value),
        PR_GET_TIMERSLACK => return Ok(attributes.timer_slack_ns()),
        PR_SET_CHILD_SUBREAPER => table::set_subreaper(process.pid(), value != 0),
        PR_GET_CHILD_SUBREAPER => {
            let is_subreaper = table::is_subreaper(process.pid());
            call.pointer::<u32>(1).write(&is_subreaper.into())?;
        }
        PR_SET_NO_NEW_PRIVS if value == 1 && has_no_more(call, 2) => {
            attributes.set_no_new_privileges();
        }
        PR_GET_NO_NEW_PRIVS if has_no_more(call, 1) => {
            return Ok(attributes.has_no_new_privileges().into());
        }
        _ => return Err(Errno::EINVAL.into()),
    }
    Ok(0)
}

/// Returns whether the arguments from `first` on are 0.
fn has_no_more(call: &Call<'_>, first: usize) -> bool {
    (first..5).all(|index| call.argument(index) == 0)
}

fn set_name(call: &Call<'_>) -> Result<(), Errno> {
    let mut bytes = [0; NAME_BYTES];
    let name = match pointer::read_string(call.argument(1), &mut bytes) {
        Ok(name) => name,
        Err(pointer::StringError::BadAddress) => return Err(Errno::EFAULT),
        Err(pointer::StringError::TooLong) => &bytes,
    };
    call.process().set_name(name);
    Ok(())
}
