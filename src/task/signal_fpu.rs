//! The registers for floating point and vectors of the running thread, in the frame of a signal.

use super::table;
use crate::arch::cpu::fpu;
use crate::arch::user::copy::BadAddress;

pub use crate::arch::cpu::fpu::Unit;

/// Returns the size of the state in a frame, in bytes, without the number after it; 0 if the command
/// line keeps these registers off.
pub fn frame_bytes() -> usize {
    fpu::layout().size_bytes
}

/// Saves those of the running thread to the frame whose state is at `address`, a multiple of 64. May
/// wait.
///
/// # Errors
/// [`BadAddress`] if not all of it can be written; a part may have been.
pub fn save(address: u64) -> Result<(), BadAddress> {
    table::current().fpu_state.save_to_frame(address)
}

/// Sets those of the running thread to the state at `address` of a frame, a multiple of 64. The frame
/// may be forged: the CPU checks it. May wait.
///
/// # Errors
/// [`BadAddress`] if it can't be read, or can't be loaded. The registers are reset then.
pub fn load(address: u64) -> Result<(), BadAddress> {
    table::current().fpu_state.load_from_frame(address)
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
