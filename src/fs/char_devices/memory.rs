//! null, zero, full, random and urandom.

use alloc::sync::Arc;

use super::random_bytes;
use crate::fs::attributes::DeviceNumber;
use crate::fs::error::FsError;
use crate::fs::file::file_ops::FileOps;
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::io::{Bytes, BytesMut, Sink, Source, done_or};
use crate::random;

/// The number of bytes that are mixed in at a time.
const PIECE_BYTES: usize = 256;

/// The behaviour of such a device.
enum Memory {
    /// Reads return no bytes; all writes succeed.
    Null,
    /// Reads return zeros; all writes succeed.
    Zero,
    /// Reads return zeros; all writes fail.
    Full,
    /// Reads return random bytes; written bytes are mixed into the generator.
    Random,
}

pub(super) fn open_null(
    _number: DeviceNumber,
    _flags: OpenFlags,
) -> Result<Arc<dyn FileOps>, FsError> {
    Ok(Arc::try_new(Memory::Null)?)
}

pub(super) fn open_zero(
    _number: DeviceNumber,
    _flags: OpenFlags,
) -> Result<Arc<dyn FileOps>, FsError> {
    Ok(Arc::try_new(Memory::Zero)?)
}

pub(super) fn open_full(
    _number: DeviceNumber,
    _flags: OpenFlags,
) -> Result<Arc<dyn FileOps>, FsError> {
    Ok(Arc::try_new(Memory::Full)?)
}

pub(super) fn open_random(
    _number: DeviceNumber,
    _flags: OpenFlags,
) -> Result<Arc<dyn FileOps>, FsError> {
    Ok(Arc::try_new(Memory::Random)?)
}

fn mix_in(from: &mut dyn Source) -> Result<usize, FsError> {
    let mut done = 0;
    let mut piece = [0; PIECE_BYTES];
    while from.left() > 0 {
        let len = PIECE_BYTES.min(from.left());
        let copied = from.fill(BytesMut::Slice(&mut piece[..len]));
        random::mix(&piece[..copied]);
        done += copied;
        if copied < len {
            return done_or(done, FsError::BadAddress);
        }
    }
    Ok(done)
}

impl FileOps for Memory {
    fn read(&self, _flags: OpenFlags, _offset: u64, to: &mut dyn Sink) -> Result<usize, FsError> {
        match self {
            Self::Null => Ok(0),
            Self::Zero | Self::Full => {
                let len = to.room();
                match to.put(Bytes::Zeros(len)) {
                    0 if len > 0 => Err(FsError::BadAddress),
                    copied => Ok(copied),
                }
            }
            Self::Random => random_bytes::read(to),
        }
    }

    fn write(
        &self,
        _flags: OpenFlags,
        _offset: u64,
        from: &mut dyn Source,
    ) -> Result<usize, FsError> {
        match self {
            // The bytes aren't read from the program.
            Self::Null | Self::Zero => Ok(from.left()),
            Self::Full => Err(FsError::NoSpace),
            Self::Random => mix_in(from),
        }
    }

    fn has_position(&self) -> bool {
        true
    }

    /// As on Linux, the position stays 0.
    fn ignores_seeks(&self) -> bool {
        true
    }

    fn maps_anonymous_memory(&self) -> bool {
        matches!(self, Self::Zero)
    }

    /// The end is at offset 0.
    fn end(&self) -> Result<u64, FsError> {
        Ok(0)
    }
}
