//! Users and groups.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use crate::process::process::Identity;

pub(super) fn getuid(call: &mut Call<'_>) -> CallResult {
    Ok(call.process().identity().uid.into())
}

pub(super) fn geteuid(call: &mut Call<'_>) -> CallResult {
    Ok(call.process().identity().credentials.uid.into())
}

pub(super) fn getgid(call: &mut Call<'_>) -> CallResult {
    Ok(call.process().identity().gid.into())
}

pub(super) fn getegid(call: &mut Call<'_>) -> CallResult {
    Ok(call.process().identity().credentials.gid.into())
}

/// Changes who the process acts for.
fn change(
    call: &Call<'_>,
    change: impl FnOnce(&mut Identity) -> Result<(), Failure>,
) -> CallResult {
    let mut identity = (*call.process().identity()).clone();
    change(&mut identity)?;
    let identity = Arc::try_new(identity).map_err(|_| Errno::ENOMEM)?;
    call.process().set_identity(identity);
    Ok(0)
}

pub(super) fn setuid(call: &mut Call<'_>) -> CallResult {
    let uid = call.id_or_none(0).ok_or(Errno::EINVAL)?;
    change(call, |own| {
        if own.credentials.is_root() {
            (own.uid, own.saved_uid) = (uid, uid);
        } else if uid != own.uid && uid != own.saved_uid {
            return Err(Errno::EPERM.into());
        }
        own.credentials.uid = uid;
        Ok(())
    })
}

pub(super) fn setgid(call: &mut Call<'_>) -> CallResult {
    let gid = call.id_or_none(0).ok_or(Errno::EINVAL)?;
    change(call, |own| {
        if own.credentials.is_root() {
            (own.gid, own.saved_gid) = (gid, gid);
        } else if gid != own.gid && gid != own.saved_gid {
            return Err(Errno::EPERM.into());
        }
        own.credentials.gid = gid;
        Ok(())
    })
}

pub(super) fn setresuid(call: &mut Call<'_>) -> CallResult {
    let new = [0, 1, 2].map(|index| call.id_or_none(index));
    change(call, |own| {
        let may = [own.uid, own.credentials.uid, own.saved_uid];
        let is_allowed = new.into_iter().flatten().all(|uid| may.contains(&uid));
        if !own.credentials.is_root() && !is_allowed {
            return Err(Errno::EPERM.into());
        }
        let [uid, effective, saved] = new;
        own.uid = uid.unwrap_or(own.uid);
        own.credentials.uid = effective.unwrap_or(own.credentials.uid);
        own.saved_uid = saved.unwrap_or(own.saved_uid);
        Ok(())
    })
}

pub(super) fn setresgid(call: &mut Call<'_>) -> CallResult {
    let new = [0, 1, 2].map(|index| call.id_or_none(index));
    change(call, |own| {
        let may = [own.gid, own.credentials.gid, own.saved_gid];
        let is_allowed = new.into_iter().flatten().all(|gid| may.contains(&gid));
        if !own.credentials.is_root() && !is_allowed {
            return Err(Errno::EPERM.into());
        }
        let [gid, effective, saved] = new;
        own.gid = gid.unwrap_or(own.gid);
        own.credentials.gid = effective.unwrap_or(own.credentials.gid);
        own.saved_gid = saved.unwrap_or(own.saved_gid);
        Ok(())
    })
}

pub(super) fn getresuid(call: &mut Call<'_>) -> CallResult {
    let own = call.process().identity();
    for (index, uid) in [own.uid, own.credentials.uid, own.saved_uid].into_iter().enumerate() {
        call.pointer::<u32>(index).write(&uid)?;
    }
    Ok(0)
}

pub(super) fn getresgid(call: &mut Call<'_>) -> CallResult {
    let own = call.process().identity();
    for (index, gid) in [own.gid, own.credentials.gid, own.saved_gid].into_iter().enumerate() {
        call.pointer::<u32>(index).write(&gid)?;
    }
    Ok(0)
}

/// The most groups of a process: NGROUPS_MAX.
const GROUPS_MAX: usize = 65_536;

pub(super) fn getgroups(call: &mut Call<'_>) -> CallResult {
    let own = call.process().identity();
    let groups = &own.credentials.groups;
    let room = call.argument_u32(0) as usize;
    if room > 0 {
        if groups.len() > room {
            return Err(Errno::EINVAL.into());
        }
        for (index, gid) in groups.iter().enumerate() {
            call.pointer::<u32>(1).at(index as u64)?.write(gid)?;
        }
    }
    Ok(groups.len() as u64)
}

pub(super) fn setgroups(call: &mut Call<'_>) -> CallResult {
    let count = call.argument(0) as usize;
    if !call.process().identity().credentials.is_root() {
        return Err(Errno::EPERM.into());
    }
    if count > GROUPS_MAX {
        return Err(Errno::EINVAL.into());
    }
    let mut groups = Vec::new();
    groups.try_reserve_exact(count).map_err(|_| Errno::ENOMEM)?;
    for index in 0..count {
        groups.push(call.pointer::<u32>(1).at(index as u64)?.read()?);
    }
    change(call, |own| {
        own.credentials.groups = groups;
        Ok(())
    })
}
