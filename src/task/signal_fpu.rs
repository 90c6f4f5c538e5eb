//! The registers for floating point and vectors of the running thread, in the frame of a signal.

use alloc::vec::Vec;

use super::fpu_state::NoFpu;
use super::table;
use crate::arch::cpu::fpu::{self, Chunk};

pub use crate::arch::cpu::fpu::Unit;

/// The registers for floating point and vectors of a thread, as the frame of a signal has them.
pub struct ForFrame(Vec<Chunk>);

impl ForFrame {
    /// Saves those of the running thread.
    ///
    /// # Errors
    /// See [`NoFpu`].
    pub fn try_new() -> Result<Self, NoFpu> {
        let own = &table::current().fpu_state;
        let mut area = own.take_frame_area()?;
        own.copy_to(&mut area);
        Ok(Self(area))
    }

    /// Returns their bytes.
    pub fn bytes(&mut self) -> &[u8] {
        fpu::seal_for_frame(&mut self.0)
    }
}

impl Drop for ForFrame {
    fn drop(&mut self) {
        table::current().fpu_state.put_frame_area(core::mem::take(&mut self.0));
    }
}

/// Sets the registers for floating point and vectors of the running thread to those of the frame of
/// a signal, which `read` copies: some bytes from an offset on. It returns whether it could.
///
/// # Errors
/// See [`FrameError`]. The registers have not changed then.
pub fn set_from_frame(read: impl FnMut(u64, &mut [u8]) -> bool) -> Result<(), FrameError> {
    let own = &table::current().fpu_state;
    let mut area = own.take_frame_area().map_err(|_| FrameError::NoMemory)?;
    let result = fpu::read_frame(&mut area, read).map_err(FrameError::Bad);
    match result {
        Ok(()) => own.load(area),
        Err(_) => own.put_frame_area(area),
    }
    result
}

/// Why the registers for floating point and vectors can't be set from the frame of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// The frame can't be read, or not be loaded.
    Bad(fpu::FrameError),
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
