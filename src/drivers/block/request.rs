//! A transfer between a disk and memory.

use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use crate::mm::kernel::frames::SharedFrame;

/// The operation of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// From the disk to memory.
    Read,
    /// From memory to the disk.
    Write {
        /// Whether the data has to be on the medium when the request ends (FUA).
        is_forced: bool,
    },
    /// All data of writes that have ended goes to the medium.
    Flush,
}

/// A part of a frame that takes part in a transfer. The request owns the frame, so that it isn't freed
/// while the device accesses it.
#[derive(Debug)]
pub struct Segment {
    /// The frame.
    pub frame: SharedFrame,
    /// The bytes of the frame: multiples of 4.
    pub range: Range<usize>,
}

/// A transfer, or a flush.
#[derive(Debug)]
pub struct Request {
    /// The operation.
    pub operation: Operation,
    /// The first sector.
    pub sector: u64,
    /// The memory, in the order of the sectors. All segments but the first start at the start of
    /// their frame, all but the last end at its end.
    pub segments: Vec<Segment>,
}

impl Request {
    /// Returns a request to flush.
    pub const fn flush() -> Self {
        Self { operation: Operation::Flush, sector: 0, segments: Vec::new() }
    }

    /// Returns the number of bytes of its memory.
    pub fn len_bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.range.len() as u64).sum()
    }
}

/// Why a request has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IoError {
    /// The disk has reported an error, or hasn't answered.
    Failed,
    /// The disk is gone.
    Gone,
    /// The disk refuses writes.
    ReadOnly,
    /// The request isn't one that the disk can execute, or not one of whole sectors within it.
    Invalid,
    /// No memory is left.
    NoMemory,
}

impl fmt::Display for IoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failed => "input/output error",
            Self::Gone => "the disk is gone",
            Self::ReadOnly => "the disk is read-only",
            Self::Invalid => "the disk can't execute the request",
            Self::NoMemory => "no memory is left",
        })
    }
}

impl core::error::Error for IoError {}
