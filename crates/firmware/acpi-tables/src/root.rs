//! The root tables, which list the others.

use crate::header::HEADER_BYTES;
use crate::signature::Signature;

/// The root with addresses of 32 bits.
pub const RSDT: Signature = Signature(*b"RSDT");
/// The root with addresses of 64 bits.
pub const XSDT: Signature = Signature(*b"XSDT");

/// Returns the physical addresses in a root table, except null ones. The table's
/// signature determines their width.
pub fn entries(root: &[u8]) -> impl Iterator<Item = u64> {
    let width = if root.starts_with(&XSDT.0) { 8 } else { 4 };
    let list = root.get(HEADER_BYTES..).unwrap_or_default();
    list.chunks_exact(width)
        .map(|entry| entry.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
        .filter(|&address| address != 0)
}
