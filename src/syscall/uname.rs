//! The names of the system: uname(2), sethostname(2), setdomainname(2).

use heapless::Vec;

use super::call::{Call, CallResult};
use super::errno::Errno;
use crate::mm::user::pointer;
use crate::sync::{Rank, SpinMutex};

/// The length of each string of a `struct utsname`, in bytes, with a zero byte.
const NAME_BYTES: usize = 65;

/// The release that programs see. C libraries refuse kernels that are older than they know.
const RELEASE: &str = "6.1.0-farjump";

/// A name that can be set.
type Name = Vec<u8, { NAME_BYTES - 1 }>;

/// Protects the name of the host; `None` until it is set.
static HOST: SpinMutex<Option<Name>> = SpinMutex::new(Rank::Process, None);
/// Protects the name of the NIS domain; `None` until it is set.
static DOMAIN: SpinMutex<Option<Name>> = SpinMutex::new(Rank::Process, None);

pub(super) fn uname(call: &mut Call<'_>) -> CallResult {
    let (host, domain) = (HOST.lock().clone(), DOMAIN.lock().clone());
    let version = concat!("Farjump ", env!("CARGO_PKG_VERSION"));
    let names: [&[u8]; 6] = [
        b"Linux",
        host.as_deref().unwrap_or(b"farjump"),
        RELEASE.as_bytes(),
        version.as_bytes(),
        b"x86_64",
        domain.as_deref().unwrap_or(b"(none)"),
    ];
    let mut bytes = [0; 6 * NAME_BYTES];
    for (place, name) in bytes.chunks_exact_mut(NAME_BYTES).zip(names) {
        place[..name.len()].copy_from_slice(name);
    }
    call.pointer::<[u8; 6 * NAME_BYTES]>(0).write(&bytes)?;
    Ok(0)
}

/// Sets a name to that of the arguments.
fn set(call: &Call<'_>, name: &SpinMutex<Option<Name>>) -> CallResult {
    if !call.process().identity().is_root() {
        return Err(Errno::EPERM.into());
    }
    let len_bytes = usize::try_from(call.argument_i32(1)).map_err(|_| Errno::EINVAL)?;
    let mut new = Name::new();
    new.resize(len_bytes, 0).map_err(|_| Errno::EINVAL)?;
    pointer::read_bytes(call.argument(0), &mut new)?;
    *name.lock() = Some(new);
    Ok(0)
}

pub(super) fn sethostname(call: &mut Call<'_>) -> CallResult {
    set(call, &HOST)
}

pub(super) fn setdomainname(call: &mut Call<'_>) -> CallResult {
    set(call, &DOMAIN)
}
