//! Ranges of bytes that go over several frames.

use core::ops::Range;

use super::shared::SharedFrame;
use crate::mm::kernel::layout::FRAME_BYTES;

/// Returns each of `frames` that has bytes of `range`, which counts from the start of the first
/// frame, with the bytes of the frame that belong to it.
///
/// # Panics
/// If there are fewer frames than the range needs.
pub fn parts(
    frames: &[SharedFrame],
    range: Range<u64>,
) -> impl ExactSizeIterator<Item = (&SharedFrame, Range<usize>)> {
    let first = range.start / FRAME_BYTES;
    let end = if range.is_empty() { first } else { range.end.div_ceil(FRAME_BYTES) };
    frames[first as usize..end as usize].iter().enumerate().map(move |(index, frame)| {
        let start = (first + index as u64) * FRAME_BYTES;
        let part = range.start.max(start)..range.end.min(start + FRAME_BYTES);
        (frame, (part.start - start) as usize..(part.end - start) as usize)
    })
}
