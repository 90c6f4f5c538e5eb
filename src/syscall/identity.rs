//! Users and groups.

use alloc::sync::Arc;
use alloc::vec::Vec;

use capabilities::Capability;

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use crate::fs::credentials::Groups;
use crate::process::identity::Identity;

pub(super) fn getuid(call: &mut Call<'_>) -> CallResult {
    Ok(call.identity().uid.into())
}

pub(super) fn geteuid(call: &mut Call<'_>) -> CallResult {
    Ok(call.identity().effective_uid.into())
}

pub(super) fn getgid(call: &mut Call<'_>) -> CallResult {
    Ok(call.identity().gid.into())
}

pub(super) fn getegid(call: &mut Call<'_>) -> CallResult {
    Ok(call.identity().effective_gid.into())
}

/// Changes the identity of the thread, and its capabilities accordingly.
fn change(
    call: &Call<'_>,
    change: impl FnOnce(&mut Identity) -> Result<(), Failure>,
) -> CallResult {
    let before = call.identity();
    let mut identity = (*before).clone();
    change(&mut identity)?;
    let mut capabilities = identity.capabilities;
    capabilities.change_users(before.users(), identity.users());
    if before.users() == identity.users() {
        capabilities.change_user_for_files(before.credentials.uid, identity.credentials.uid);
    }
    identity.set_capabilities(capabilities);
    replace(call, &before, identity)
}

/// Replaces the identity of the thread.
pub(super) fn replace(call: &Call<'_>, before: &Identity, identity: Identity) -> CallResult {
    let effective = |it: &Identity| {
        let files = &it.credentials;
        [it.effective_uid, it.effective_gid, files.uid, files.gid]
    };
    let gains = !before.capabilities.permitted.contains(identity.capabilities.permitted);
    if effective(before) != effective(&identity) || gains {
        // The new user may not be allowed to read the memory of the program.
        call.process().attributes().set_dumpable(false);
    }
    let identity = Arc::try_new(identity).map_err(|_| Errno::ENOMEM)?;
    call.thread.set_identity(identity);
    Ok(0)
}

/// The real, the effective and the saved number of a user or a group, and the number for files.
type Ids<'a> = [&'a mut u32; 4];

/// Users or groups.
#[derive(Clone, Copy)]
struct Kind {
    ids: fn(&mut Identity) -> Ids<'_>,
    /// The capability to set any user or group.
    capability: Capability,
}

const USERS: Kind = Kind {
    ids: |own| [&mut own.uid, &mut own.effective_uid, &mut own.saved_uid, &mut own.credentials.uid],
    capability: Capability::SetUid,
};

const GROUPS: Kind = Kind {
    ids: |own| [&mut own.gid, &mut own.effective_gid, &mut own.saved_gid, &mut own.credentials.gid],
    capability: Capability::SetGid,
};

/// Sets the effective number; with a capability, all numbers.
///
/// Source: setuid(2), setgid(2).
fn set_id(call: &Call<'_>, kind: Kind) -> CallResult {
    let id = call.id_or_none(0).ok_or(Errno::EINVAL)?;
    change(call, |own| {
        let is_privileged = own.has(kind.capability);
        let [real, effective, saved, of_files] = (kind.ids)(own);
        if is_privileged {
            (*real, *saved) = (id, id);
        } else if id != *real && id != *saved {
            return Err(Errno::EPERM.into());
        }
        (*effective, *of_files) = (id, id);
        Ok(())
    })
}

/// Sets the real and the effective number, unless the argument means no change. Without a
/// capability, the real one must become one of these two, the effective one one of these or the
/// saved one.
///
/// Source: setreuid(2).
fn set_two_ids(call: &Call<'_>, kind: Kind) -> CallResult {
    let (new_real, new_effective) = (call.id_or_none(0), call.id_or_none(1));
    change(call, |own| {
        let is_privileged = own.has(kind.capability);
        let [real, effective, saved, of_files] = (kind.ids)(own);
        let (old_real, old_effective) = (*real, *effective);
        let is_of_two = |id: u32| id == old_real || id == old_effective;
        let may = new_real.is_none_or(is_of_two)
            && new_effective.is_none_or(|id| is_of_two(id) || id == *saved);
        if !is_privileged && !may {
            return Err(Errno::EPERM.into());
        }
        *real = new_real.unwrap_or(old_real);
        *effective = new_effective.unwrap_or(old_effective);
        if new_real.is_some() || new_effective.is_some_and(|id| id != old_real) {
            *saved = *effective;
        }
        *of_files = *effective;
        Ok(())
    })
}

/// Sets each of the three numbers, unless its argument means no change. Without a capability, it
/// must become one of the three.
///
/// Source: setresuid(2).
fn set_ids(call: &Call<'_>, kind: Kind) -> CallResult {
    let new = [0, 1, 2].map(|index| call.id_or_none(index));
    change(call, |own| {
        let is_privileged = own.has(kind.capability);
        let [real, effective, saved, of_files] = (kind.ids)(own);
        let may = [*real, *effective, *saved];
        if !is_privileged && !new.into_iter().flatten().all(|id| may.contains(&id)) {
            return Err(Errno::EPERM.into());
        }
        for (id, new) in [real, &mut *effective, saved].into_iter().zip(new) {
            *id = new.unwrap_or(*id);
        }
        *of_files = *effective;
        Ok(())
    })
}

/// Sets the number for files, if the process may; returns the previous number.
///
/// Source: setfsuid(2).
fn set_id_of_files(call: &Call<'_>, kind: Kind) -> CallResult {
    let id = call.id_or_none(0);
    let mut before = 0;
    change(call, |own| {
        let is_privileged = own.has(kind.capability);
        let ids = (kind.ids)(own);
        before = *ids[3];
        let may = |id: &u32| is_privileged || ids.iter().any(|own| **own == *id);
        if let Some(id) = id.filter(may) {
            *ids[3] = id;
        }
        Ok(())
    })?;
    Ok(before.into())
}

/// Writes three numbers to the addresses in the arguments.
fn write_ids(call: &Call<'_>, ids: [u32; 3]) -> CallResult {
    for (index, id) in ids.iter().enumerate() {
        call.pointer::<u32>(index).write(id)?;
    }
    Ok(0)
}

pub(super) fn setuid(call: &mut Call<'_>) -> CallResult {
    set_id(call, USERS)
}

pub(super) fn setgid(call: &mut Call<'_>) -> CallResult {
    set_id(call, GROUPS)
}

pub(super) fn setreuid(call: &mut Call<'_>) -> CallResult {
    set_two_ids(call, USERS)
}

pub(super) fn setregid(call: &mut Call<'_>) -> CallResult {
    set_two_ids(call, GROUPS)
}

pub(super) fn setfsuid(call: &mut Call<'_>) -> CallResult {
    set_id_of_files(call, USERS)
}

pub(super) fn setfsgid(call: &mut Call<'_>) -> CallResult {
    set_id_of_files(call, GROUPS)
}

pub(super) fn setresuid(call: &mut Call<'_>) -> CallResult {
    set_ids(call, USERS)
}

pub(super) fn setresgid(call: &mut Call<'_>) -> CallResult {
    set_ids(call, GROUPS)
}

pub(super) fn getresuid(call: &mut Call<'_>) -> CallResult {
    let own = call.identity();
    write_ids(call, [own.uid, own.effective_uid, own.saved_uid])
}

pub(super) fn getresgid(call: &mut Call<'_>) -> CallResult {
    let own = call.identity();
    write_ids(call, [own.gid, own.effective_gid, own.saved_gid])
}

/// The largest number of groups of a process: NGROUPS_MAX.
const GROUPS_MAX: usize = 65_536;

pub(super) fn getgroups(call: &mut Call<'_>) -> CallResult {
    let own = call.identity();
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
    call.check_capability(Capability::SetGid)?;
    if count > GROUPS_MAX {
        return Err(Errno::EINVAL.into());
    }
    let mut groups = Vec::new();
    groups.try_reserve_exact(count).map_err(|_| Errno::ENOMEM)?;
    for index in 0..count {
        groups.push(call.pointer::<u32>(1).at(index as u64)?.read()?);
    }
    groups.sort_unstable();
    let groups = Groups::try_new(groups).map_err(|_| Errno::ENOMEM)?;
    change(call, |own| {
        own.credentials.groups = groups;
        Ok(())
    })
}
