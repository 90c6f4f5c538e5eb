//! The names of the system: uname(2), sethostname(2), setdomainname(2).

use capabilities::Capability;

use super::call::{Call, CallResult};
use super::errno::Errno;
use crate::mm::user::pointer;
use crate::process::uts::{self, DOMAIN, HOST, Name, Settable};

/// The length of each string of a `struct utsname`, in bytes, with a zero byte.
const STRING_BYTES: usize = uts::NAME_BYTES + 1;

pub(super) fn uname(call: &mut Call<'_>) -> CallResult {
    let (host, domain) = (HOST.get(), DOMAIN.get());
    let names: [&[u8]; 6] = [
        uts::SYSTEM.as_bytes(),
        &host,
        uts::RELEASE.as_bytes(),
        uts::VERSION.as_bytes(),
        uts::MACHINE.as_bytes(),
        &domain,
    ];
    let mut bytes = [0; 6 * STRING_BYTES];
    for (place, name) in bytes.chunks_exact_mut(STRING_BYTES).zip(names) {
        place[..name.len()].copy_from_slice(name);
    }
    call.pointer::<[u8; 6 * STRING_BYTES]>(0).write(&bytes)?;
    Ok(0)
}

/// Sets a name to the string in the arguments.
fn set(call: &Call<'_>, name: &Settable) -> CallResult {
    call.check_capability(Capability::SysAdmin)?;
    let len_bytes = usize::try_from(call.argument_i32(1)).map_err(|_| Errno::EINVAL)?;
    let mut new = Name::new();
    new.resize(len_bytes, 0).map_err(|_| Errno::EINVAL)?;
    pointer::read_bytes(call.argument(0), &mut new)?;
    name.set(new);
    Ok(0)
}

pub(super) fn sethostname(call: &mut Call<'_>) -> CallResult {
    set(call, &HOST)
}

pub(super) fn setdomainname(call: &mut Call<'_>) -> CallResult {
    set(call, &DOMAIN)
}
