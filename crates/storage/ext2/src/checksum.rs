//! The checksum of structures: CRC-32C, without the final inversion.
//!
//! Source: Linux, Documentation/filesystems/ext4/checksums.rst.

use crc::{Algorithm, CRC_32_ISCSI, Crc};

const ALGORITHM: Algorithm<u32> = Algorithm { xorout: 0, ..CRC_32_ISCSI };
static CRC: Crc<u32> = Crc::<u32>::new(&ALGORITHM);

/// The checksum of no bytes.
pub(crate) const START: u32 = u32::MAX;

/// Returns the checksum of the bytes of which `before` is that of the first ones, and of `bytes`.
pub(crate) fn checksum(before: u32, bytes: &[u8]) -> u32 {
    // The bytes of the state are reflected, but not those of its first value.
    let mut digest = CRC.digest_with_initial(before.reverse_bits());
    digest.update(bytes);
    digest.finalize()
}
