//! The search for a free range.

use core::ops::Range;

/// Returns the lowest multiple of `align_bytes` at which `len_bytes` bytes are within one
/// of the `free` ranges and overlap none of the `taken` ranges. Neither need be sorted.
///
/// The kernel uses it to find storage for its first map.
pub fn find_room(
    len_bytes: u64,
    align_bytes: u64,
    mut free: impl Iterator<Item = Range<u64>>,
    taken: impl Iterator<Item = Range<u64>> + Clone,
) -> Option<u64> {
    let within = |range: Range<u64>| {
        let mut start = range.start.checked_next_multiple_of(align_bytes)?;
        loop {
            let end = start.checked_add(len_bytes).filter(|&end| end <= range.end)?;
            let in_the_way = taken.clone().filter(|taken| taken.start < end && start < taken.end);
            match in_the_way.map(|taken| taken.end).max() {
                Some(next) => start = next.checked_next_multiple_of(align_bytes)?,
                None => return Some(start),
            }
        }
    };
    free.by_ref().filter_map(within).min()
}
