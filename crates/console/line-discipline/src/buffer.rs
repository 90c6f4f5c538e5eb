//! The memory of a line discipline's queues.

use alloc::boxed::Box;
use alloc::vec::Vec;

/// Why a line discipline was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreateError {
    /// There is no memory for its queues.
    OutOfMemory,
}

/// Returns a zeroed buffer.
pub(crate) fn buffer(length: usize) -> Result<Box<[u8]>, CreateError> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length).map_err(|_| CreateError::OutOfMemory)?;
    bytes.resize(length, 0);
    Ok(bytes.into_boxed_slice())
}
