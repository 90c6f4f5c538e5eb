//! The registers for floating point and vectors of the running thread, in the frame of a signal.

use alloc::vec::Vec;

use ::signals::fpu::{Announced, FpuError, LEGACY_BYTES, Layout, MAGIC2_BYTES, announced, seal};
use zerocopy::IntoBytes;

use super::fpu_state::{self, NoFpu};
use super::table;
use crate::arch::cpu::fpu;

pub use crate::arch::cpu::fpu::Unit;

/// Returns the registers for floating point and vectors of the running thread, as the frame of a
/// signal has them.
///
/// # Errors
/// See [`NoFpu`].
pub fn for_frame() -> Result<Vec<u8>, NoFpu> {
    let area = table::current().fpu_state.copy()?;
    let layout = fpu::layout();
    let mut bytes = frame_buffer(&layout)?;
    bytes[..layout.size_bytes].copy_from_slice(&area.as_bytes()[..layout.size_bytes]);
    seal(&layout, &mut bytes).expect("the buffer has the size of the layout");
    Ok(bytes)
}

/// Loads the registers for floating point and vectors of the running thread from the frame of a
/// signal. `read` copies some bytes of the frame from an offset on, and returns whether it could.
///
/// # Errors
/// See [`FrameError`]. The registers have not changed then.
pub fn set_from_frame(mut read: impl FnMut(u64, &mut [u8]) -> bool) -> Result<(), FrameError> {
    let layout = fpu::layout();
    let mut bytes = frame_buffer(&layout).map_err(|_| FrameError::NoMemory)?;
    let mut state = fpu_state::new_area().map_err(|_| FrameError::NoMemory)?;
    let (legacy, rest) = bytes
        .split_first_chunk_mut::<LEGACY_BYTES>()
        .expect("every layout has at least as many bytes");
    if !read(0, legacy) {
        return Err(FrameError::BadAddress);
    }
    let further_bytes = match announced(&layout, legacy) {
        Announced::Legacy => 0,
        Announced::Extended { size_bytes } => size_bytes + MAGIC2_BYTES - LEGACY_BYTES,
    };
    if !read(LEGACY_BYTES as u64, &mut rest[..further_bytes]) {
        return Err(FrameError::BadAddress);
    }
    fpu::set_from_frame(&mut state, &mut bytes, LEGACY_BYTES + further_bytes)
        .map_err(FrameError::Invalid)?;
    table::current().fpu_state.load(state);
    Ok(())
}

/// Why the registers for floating point and vectors can't be set from the frame of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// The memory of the frame can't be read.
    BadAddress,
    /// The CPU couldn't load them.
    Invalid(FpuError),
    /// No memory is left.
    NoMemory,
}

/// Resets the registers for floating point and vectors of the running thread, as a program has
/// them at its start.
pub fn clear() {
    table::current().fpu_state.clear();
}

/// Returns the exceptions that a unit of the running thread has recorded and that are not masked
/// ([`fpu::unmasked_exceptions`]).
pub fn unmasked_exceptions(unit: Unit) -> u32 {
    table::current().fpu_state.copy().map_or(0, |area| fpu::unmasked_exceptions(&area, unit))
}

fn frame_buffer(layout: &Layout) -> Result<Vec<u8>, NoFpu> {
    let mut bytes = Vec::new();
    let len = layout.size_bytes + MAGIC2_BYTES;
    bytes.try_reserve_exact(len).map_err(|_| NoFpu::NoMemory)?;
    bytes.resize(len, 0);
    Ok(bytes)
}
