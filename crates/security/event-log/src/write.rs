//! Writes a log.

use alloc::vec::Vec;

use hash_tree::Hash;
use tpm_commands::TPM_ALG_SHA256;

use crate::{NO_ACTION, SHA1_BYTES, SIGNATURE};

/// Returns the first event of a log with digests by SHA-256 alone: a log without events.
pub fn header() -> Vec<u8> {
    let mut data = SIGNATURE.to_vec();
    // The class: a client. Version 2.0, errata 105, numbers of 64 bits.
    data.extend(0_u32.to_le_bytes());
    data.extend([0, 2, 105, 2]);
    data.extend(1_u32.to_le_bytes());
    data.extend(TPM_ALG_SHA256.to_le_bytes());
    data.extend((Hash::LEN_BYTES as u16).to_le_bytes());
    // The length of what the vendor says.
    data.push(0);

    let mut log = 0_u32.to_le_bytes().to_vec();
    log.extend(NO_ACTION.to_le_bytes());
    log.extend([0; SHA1_BYTES]);
    log.extend((data.len() as u32).to_le_bytes());
    log.extend(data);
    log
}

/// Returns the bytes of an event, for a log whose events have digests by SHA-256.
pub fn event(pcr: u8, kind: u32, digest: &Hash, data: &[u8]) -> Vec<u8> {
    let mut event = u32::from(pcr).to_le_bytes().to_vec();
    event.extend(kind.to_le_bytes());
    // The number of digests.
    event.extend(1_u32.to_le_bytes());
    event.extend(TPM_ALG_SHA256.to_le_bytes());
    event.extend(digest.0);
    event.extend((data.len() as u32).to_le_bytes());
    event.extend(data);
    event
}
