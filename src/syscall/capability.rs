//! Capabilities: capget(2), capset(2), and the operations of prctl(2) on them.

use alloc::sync::Arc;

use capabilities::{CapabilitySet, NotAllowed, SecureBits, Sets, ThreadCapabilities};

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use super::identity;
use crate::mm::user::pointer;
use crate::process::identity::Identity;
use crate::process::pid::Pid;
use crate::process::table;

/// The versions of the structures that Linux accepts.
///
/// Source: Linux, include/uapi/linux/capability.h.
const VERSION_1: u32 = 0x1998_0330;
const VERSION_2: u32 = 0x2007_1026;
const VERSION_3: u32 = 0x2008_0522;

/// The bytes of a `struct __user_cap_data_struct`: 32 bits each of the effective, the permitted and
/// the inheritable set.
const DATA_BYTES: usize = 12;

impl From<NotAllowed> for Failure {
    fn from(_: NotAllowed) -> Self {
        Errno::EPERM.into()
    }
}

/// Returns the number of structures of data, by the header's version.
///
/// # Errors
/// EFAULT; EINVAL for an unknown version, after the supported version has been written there.
fn data_count(call: &Call<'_>) -> Result<usize, Failure> {
    let version = call.pointer::<u32>(0);
    match version.read()? {
        VERSION_1 => Ok(1),
        VERSION_2 | VERSION_3 => Ok(2),
        _ => {
            version.write(&VERSION_3)?;
            Err(Errno::EINVAL.into())
        }
    }
}

/// Returns the number of a thread in the header.
fn header_pid(call: &Call<'_>) -> Result<i32, Failure> {
    Ok(call.pointer::<i32>(0).at(1)?.read()?)
}

pub(super) fn capget(call: &mut Call<'_>) -> CallResult {
    let address = call.argument(1);
    let count = match data_count(call) {
        Ok(count) if address != 0 => count,
        Ok(_) => return Ok(0),
        // The program only queries the version.
        Err(Failure::Errno(Errno::EINVAL)) if address == 0 => return Ok(0),
        Err(error) => return Err(error),
    };
    let identity = match header_pid(call)? {
        ..0 => return Err(Errno::EINVAL.into()),
        0 => call.identity(),
        pid => {
            let member = Pid::try_new(pid as u32).and_then(table::find_thread);
            member.ok_or(Errno::ESRCH)?.thread.identity()
        }
    };
    let own = &identity.capabilities;
    let sets = [own.effective, own.permitted, own.inheritable].map(CapabilitySet::bits);
    let mut bytes = [[0; 4]; 2 * DATA_BYTES / 4];
    for (index, half) in bytes.iter_mut().enumerate() {
        *half = ((sets[index % 3] >> (index / 3 * 32)) as u32).to_le_bytes();
    }
    pointer::write_bytes(address, &bytes.as_flattened()[..count * DATA_BYTES])?;
    Ok(0)
}

pub(super) fn capset(call: &mut Call<'_>) -> CallResult {
    let count = data_count(call)?;
    let pid = header_pid(call)?;
    if pid != 0 && pid as u32 != call.thread.tid().number() {
        return Err(Errno::EPERM.into());
    }
    let mut bytes = [[0; 4]; 2 * DATA_BYTES / 4];
    pointer::read_bytes(call.argument(1), &mut bytes.as_flattened_mut()[..count * DATA_BYTES])?;
    let halves = bytes.map(|half| u64::from(u32::from_le_bytes(half)));
    let set = |index: usize| CapabilitySet::from_bits(halves[index] | halves[index + 3] << 32);
    let sets = Sets { effective: set(0), permitted: set(1), inheritable: set(2) };
    change(call, |own| own.set(sets))
}

/// Changes the capabilities of the thread.
fn change(
    call: &Call<'_>,
    change: impl FnOnce(&mut ThreadCapabilities) -> Result<(), NotAllowed>,
) -> CallResult {
    let before: Arc<Identity> = call.identity();
    let mut own = before.capabilities;
    change(&mut own)?;
    let mut identity = (*before).clone();
    identity.set_capabilities(own);
    identity::replace(call, &before, identity)
}

// Source: Linux, include/uapi/linux/prctl.h.
const PR_GET_KEEPCAPS: u64 = 7;
const PR_SET_KEEPCAPS: u64 = 8;
const PR_CAPBSET_READ: u64 = 23;
const PR_CAPBSET_DROP: u64 = 24;
const PR_GET_SECUREBITS: u64 = 27;
const PR_SET_SECUREBITS: u64 = 28;
const PR_CAP_AMBIENT: u64 = 47;

/// Returns the set of the capability with this number.
fn set_of(number: u64) -> Result<CapabilitySet, Failure> {
    Ok(CapabilitySet::of_number(number).ok_or(Errno::EINVAL)?)
}

/// Makes a call of prctl(2) that concerns capabilities; `None` for other calls.
pub(super) fn control(call: &Call<'_>) -> Option<CallResult> {
    let value = call.argument(1);
    let own = call.identity().capabilities;
    let keeps = SecureBits::KEEP_CAPABILITIES;
    Some(match call.argument_u32(0).into() {
        PR_GET_KEEPCAPS => Ok(own.secure_bits.contains(keeps).into()),
        PR_SET_KEEPCAPS => match value {
            0 | 1 => change(call, |own| own.set_keeps(value == 1)),
            _ => Err(Errno::EINVAL.into()),
        },
        PR_CAPBSET_READ => set_of(value).map(|set| own.bounding.contains(set).into()),
        PR_CAPBSET_DROP => drop_bounding(call, value),
        PR_GET_SECUREBITS => Ok(own.secure_bits.bits().into()),
        PR_SET_SECUREBITS => change(call, |own| own.set_secure_bits(value)),
        PR_CAP_AMBIENT => ambient(call, value),
        _ => return None,
    })
}

fn drop_bounding(call: &Call<'_>, number: u64) -> CallResult {
    // Without the right to do this, the number isn't checked.
    change(call, |own| own.drop_bounding(CapabilitySet::EMPTY))?;
    let set = set_of(number)?;
    change(call, |own| own.drop_bounding(set))
}

fn ambient(call: &Call<'_>, command: u64) -> CallResult {
    const IS_SET: u64 = 1;
    const RAISE: u64 = 2;
    const LOWER: u64 = 3;
    const CLEAR_ALL: u64 = 4;
    let rest = [2, 3, 4].map(|index| call.argument(index));
    if command == CLEAR_ALL {
        if rest != [0; 3] {
            return Err(Errno::EINVAL.into());
        }
        return change(call, |own| {
            own.ambient = CapabilitySet::EMPTY;
            Ok(())
        });
    }
    let set = set_of(rest[0])?;
    if rest[1..] != [0; 2] {
        return Err(Errno::EINVAL.into());
    }
    match command {
        IS_SET => Ok(call.identity().capabilities.ambient.contains(set).into()),
        RAISE => change(call, |own| own.raise_ambient(set)),
        LOWER => change(call, |own| {
            own.ambient = own.ambient.without(set);
            Ok(())
        }),
        _ => Err(Errno::EINVAL.into()),
    }
}
