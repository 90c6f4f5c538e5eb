//! Process groups and sessions: setpgid(2), setsid(2).

use super::call::{Call, CallResult};
use super::errno::Errno;
use crate::process::groups::{self, GroupError};
use crate::process::pid::Pid;
use crate::process::table;

impl From<GroupError> for Errno {
    fn from(error: GroupError) -> Self {
        match error {
            GroupError::NoProcess => Self::ESRCH,
            GroupError::NotPermitted => Self::EPERM,
            GroupError::HasExecuted => Self::EACCES,
        }
    }
}

/// Returns the process of an argument; 0 means the caller.
fn process(call: &Call<'_>, index: usize) -> Result<Pid, Errno> {
    match call.argument_u32(index) {
        0 => Ok(call.process().pid()),
        number => Pid::try_new(number).ok_or(Errno::ESRCH),
    }
}

pub(super) fn setpgid(call: &mut Call<'_>) -> CallResult {
    let pid = process(call, 0)?;
    let group = match call.argument_i32(1) {
        0 => pid,
        number => u32::try_from(number).ok().and_then(Pid::try_new).ok_or(Errno::EINVAL)?,
    };
    groups::set_group(call.process().pid(), pid, group)?;
    Ok(0)
}

pub(super) fn getpgid(call: &mut Call<'_>) -> CallResult {
    let relations = table::relations(process(call, 0)?).ok_or(Errno::ESRCH)?;
    Ok(relations.group.number().into())
}

pub(super) fn getpgrp(call: &mut Call<'_>) -> CallResult {
    let relations = table::relations(call.process().pid()).ok_or(Errno::ESRCH)?;
    Ok(relations.group.number().into())
}

pub(super) fn getsid(call: &mut Call<'_>) -> CallResult {
    let relations = table::relations(process(call, 0)?).ok_or(Errno::ESRCH)?;
    Ok(relations.session.number().into())
}

pub(super) fn setsid(call: &mut Call<'_>) -> CallResult {
    let pid = call.process().pid();
    groups::new_session(pid)?;
    Ok(pid.number().into())
}
