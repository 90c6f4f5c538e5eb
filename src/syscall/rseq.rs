//! Restartable sequences: rseq(2).

use super::call::{Call, CallResult};
use super::errno::Errno;
use crate::arch::user::USER_END;
use crate::process::rseq::{RSEQ_BYTES, Registration};

/// Source: Linux, kernel/rseq.c.
pub(super) fn rseq(call: &mut Call<'_>) -> CallResult {
    const UNREGISTER: u32 = 1;
    let (address, len_bytes, flags) =
        (call.argument(0), call.argument_u32(1), call.argument_u32(2));
    let signature = call.argument_u32(3);
    let has_length = u64::from(len_bytes) == RSEQ_BYTES;
    let registered = call.thread.rseq();
    let own = registered.filter(|own| own.address == address && has_length);
    match (flags, registered) {
        (UNREGISTER, _) => {
            let own = own.ok_or(Errno::EINVAL)?;
            if own.signature != signature {
                return Err(Errno::EPERM.into());
            }
            own.reset()?;
            call.thread.set_rseq(None);
            Ok(0)
        }
        (0, Some(_)) => {
            let own = own.ok_or(Errno::EINVAL)?;
            Err(if own.signature == signature { Errno::EBUSY } else { Errno::EPERM }.into())
        }
        (0, None) => {
            if !address.is_multiple_of(RSEQ_BYTES) || !has_length {
                return Err(Errno::EINVAL.into());
            }
            if address > USER_END - RSEQ_BYTES {
                return Err(Errno::EFAULT.into());
            }
            if address != 0 {
                call.thread.set_rseq(Some(Registration { address, signature }));
            }
            Ok(0)
        }
        _ => Err(Errno::EINVAL.into()),
    }
}
