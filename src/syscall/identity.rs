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

/// The real, the effective and the saved number of a user or a group.
type Ids<'a> = [&'a mut u32; 3];

fn uids(own: &mut Identity) -> Ids<'_> {
    [&mut own.uid, &mut own.credentials.uid, &mut own.saved_uid]
}

fn gids(own: &mut Identity) -> Ids<'_> {
    [&mut own.gid, &mut own.credentials.gid, &mut own.saved_gid]
}

/// Sets the effective number; for root, all three.
///
/// Source: setuid(2), setgid(2).
fn set_id(call: &Call<'_>, ids: fn(&mut Identity) -> Ids<'_>) -> CallResult {
    let id = call.id_or_none(0).ok_or(Errno::EINVAL)?;
    change(call, |own| {
        let is_root = own.credentials.is_root();
        let [real, effective, saved] = ids(own);
        if is_root {
            (*real, *saved) = (id, id);
        } else if id != *real && id != *saved {
            return Err(Errno::EPERM.into());
        }
        *effective = id;
        Ok(())
    })
}

/// Sets each of the three numbers that is given, for others than root to one of the three.
///
/// Source: setresuid(2).
fn set_ids(call: &Call<'_>, ids: fn(&mut Identity) -> Ids<'_>) -> CallResult {
    let new = [0, 1, 2].map(|index| call.id_or_none(index));
    change(call, |own| {
        let is_root = own.credentials.is_root();
        let ids = ids(own);
        let may = ids.each_ref().map(|id| **id);
        if !is_root && !new.into_iter().flatten().all(|id| may.contains(&id)) {
            return Err(Errno::EPERM.into());
        }
        for (id, new) in ids.into_iter().zip(new) {
            *id = new.unwrap_or(*id);
        }
        Ok(())
    })
}

/// Writes three numbers to the places of the arguments.
fn write_ids(call: &Call<'_>, ids: [u32; 3]) -> CallResult {
    for (index, id) in ids.iter().enumerate() {
        call.pointer::<u32>(index).write(id)?;
    }
    Ok(0)
}

pub(super) fn setuid(call: &mut Call<'_>) -> CallResult {
    set_id(call, uids)
}

pub(super) fn setgid(call: &mut Call<'_>) -> CallResult {
    set_id(call, gids)
}

pub(super) fn setresuid(call: &mut Call<'_>) -> CallResult {
    set_ids(call, uids)
}

pub(super) fn setresgid(call: &mut Call<'_>) -> CallResult {
    set_ids(call, gids)
}

pub(super) fn getresuid(call: &mut Call<'_>) -> CallResult {
    let own = call.process().identity();
    write_ids(call, [own.uid, own.credentials.uid, own.saved_uid])
}

pub(super) fn getresgid(call: &mut Call<'_>) -> CallResult {
    let own = call.process().identity();
    write_ids(call, [own.gid, own.credentials.gid, own.saved_gid])
}

/// The most groups of a process: NGROUPS_MAX.
const GROUPS_MAX: usize = 65_536;

pub(super) fn getgroups(call: &mut Call<'_>) -> CallResult {
    let own = call.process().identity();
    let groups = &own.credentials.groups;
    let room = usize::try_from(call.argument_i32(0)).map_err(|_| Errno::EINVAL)?;
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
