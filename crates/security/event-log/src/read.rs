//! Reads a log.

use hash_tree::{Hash, hash_of};
use tpm_commands::{PCRS, TPM_ALG_SHA256};

use crate::{NO_ACTION, SHA1_BYTES, SIGNATURE};

/// The data of an event that extends nothing, but says how PCR 0 began: with the number of the
/// locality after it as its last byte.
const LOCALITY: &[u8; 16] = b"StartupLocality\0";
/// The PCRs that begin with all bits set. Source: TCG PC Client Platform TPM Profile 1.05, "PCR
/// Initial and Reset Values".
const DYNAMIC: core::ops::RangeInclusive<usize> = 17..=22;

/// A log whose first event has been checked.
#[derive(Clone, Copy, Debug)]
pub struct EventLog<'a> {
    /// All of its bytes.
    bytes: &'a [u8],
    /// The hash functions: the number and the length of the digest, of 16 bits each.
    algorithms: &'a [[u8; 4]],
    /// The bytes after the first event.
    events: &'a [u8],
}

/// An event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// The PCR that it has extended.
    pub pcr: u32,
    /// What kind of event it is, as [`crate::IPL`].
    pub kind: u32,
    /// The digest by SHA-256; `None` if the TPM doesn't use that.
    pub sha256: Option<Hash>,
    /// What it says; the format depends on the kind.
    pub data: &'a [u8],
}

impl<'a> EventLog<'a> {
    /// Opens a log; `None` if it hasn't this format.
    pub fn open(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = Bytes(bytes);
        let (_pcr, kind) = (rest.u32()?, rest.u32()?);
        rest.take(SHA1_BYTES)?;
        let data_bytes = rest.u32()?;
        let mut data = Bytes(rest.take(data_bytes as usize)?);
        if kind != NO_ACTION || data.take(SIGNATURE.len())? != SIGNATURE {
            return None;
        }
        // The class of the platform, the version of the specification, the size of its numbers.
        data.take(8)?;
        let count = data.u32()? as usize;
        let (algorithms, _) = data.take(count.checked_mul(4)?)?.as_chunks();
        Some(Self { bytes, algorithms, events: rest.0 })
    }

    /// Returns whether its events have digests by SHA-256.
    pub fn has_sha256(&self) -> bool {
        self.digest_bytes(TPM_ALG_SHA256) == Some(Hash::LEN_BYTES)
    }

    /// Returns the events after the first one.
    pub fn events(&self) -> impl Iterator<Item = Event<'a>> + use<'a> {
        let log = *self;
        let mut rest = Bytes(self.events);
        core::iter::from_fn(move || log.next(&mut rest))
    }

    /// Returns the bytes of its whole events.
    pub fn whole(&self) -> &'a [u8] {
        let mut rest = Bytes(self.events);
        let mut end = rest;
        while self.next(&mut rest).is_some() {
            end = rest;
        }
        &self.bytes[..self.bytes.len() - end.0.len()]
    }

    fn next(&self, rest: &mut Bytes<'a>) -> Option<Event<'a>> {
        let (pcr, kind) = (rest.u32()?, rest.u32()?);
        let digests = rest.u32()?;
        let mut sha256 = None;
        for _ in 0..digests {
            let algorithm = rest.u16()?;
            let digest = rest.take(self.digest_bytes(algorithm)?)?;
            if algorithm == TPM_ALG_SHA256 {
                sha256 = Some(Hash(digest.try_into().ok()?));
            }
        }
        let data_bytes = rest.u32()?;
        let data = rest.take(data_bytes as usize)?;
        (digests > 0).then_some(Event { pcr, kind, sha256, data })
    }

    /// Returns the length of a digest by the hash function with this number.
    fn digest_bytes(&self, algorithm: u16) -> Option<usize> {
        self.algorithms.iter().find_map(|&[low, high, len_low, len_high]| {
            (u16::from_le_bytes([low, high]) == algorithm)
                .then(|| u16::from_le_bytes([len_low, len_high]).into())
        })
    }
}

/// Returns the value of a PCR after it was extended by a digest.
pub fn extended(pcr: &Hash, digest: &Hash) -> Hash {
    hash_of(&[pcr.0, digest.0].concat())
}

/// Returns the PCRs of a TPM that was extended by these events since its start.
pub fn replay<'a>(events: impl Iterator<Item = Event<'a>>) -> [Hash; PCRS as usize] {
    let mut pcrs = core::array::from_fn(|pcr| {
        Hash([if DYNAMIC.contains(&pcr) { 0xFF } else { 0 }; Hash::LEN_BYTES])
    });
    for event in events {
        let Some(pcr) = pcrs.get_mut(event.pcr as usize) else { continue };
        if event.kind != NO_ACTION {
            if let Some(digest) = event.sha256 {
                *pcr = extended(pcr, &digest);
            }
        } else if let Some([locality]) = event.data.strip_prefix(LOCALITY) {
            pcr.0[Hash::LEN_BYTES - 1] = *locality;
        }
    }
    pcrs
}

/// Bytes that are read from the first one on.
#[derive(Clone, Copy)]
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, len_bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len_bytes)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.take(2)?.try_into().ok()?))
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }
}
