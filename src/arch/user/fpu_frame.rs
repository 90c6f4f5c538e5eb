//! The registers for floating point and vectors in the frame of a signal.
//!
//! The CPU saves them straight to the memory of the program and loads them from there. It checks
//! what it loads: a state that it can't load raises an exception, which ends the load by the
//! exception table. So the program may change the frame at any time. If a page is missing, the pager
//! provides it and the instruction is repeated.
//!
//! All functions are for the running thread, which uses these registers ([`fpu::unlock`]), except
//! [`save_initial`]. They may wait for the pager.

use core::arch::naked_asm;

use ::signals::fpu::{
    Announced, HEADER_BYTES, LEGACY_BYTES, MAGIC2, MAGIC2_BYTES, SOFTWARE, SOFTWARE_BYTES,
};

use crate::arch::cpu::{features, fpu};
use crate::arch::user::copy::{self, BadAddress, is_of_programs};
use crate::arch::user::copy::{allow_access, forbid_access_and_return};

/// Saves the registers to the frame whose state is at `address`, a multiple of 64.
///
/// # Errors
/// [`BadAddress`] if not all of it can be written; a part may have been.
pub fn save(address: u64) -> Result<(), BadAddress> {
    let layout = fpu::layout();
    check(address, layout.size_bytes)?;
    let is_saved = if layout.is_extended() {
        // XSAVE writes only the first word of the header.
        copy::write(address + LEGACY_BYTES as u64, &[0; HEADER_BYTES])?;
        // SAFETY: it is memory of programs.
        unsafe { xsave(address, layout.features) }
    } else {
        // SAFETY: as above.
        unsafe { fxsave(address, 0) }
    };
    if !is_saved {
        return Err(BadAddress);
    }
    write_marks(address)
}

/// Writes the state of a thread that hasn't used the registers to the frame.
///
/// # Errors
/// As for [`save`].
pub fn save_initial(address: u64) -> Result<(), BadAddress> {
    let size_bytes = fpu::layout().size_bytes;
    check(address, size_bytes)?;
    let initial = &fpu::initial_bytes()[..fpu::initial_bytes().len().min(size_bytes)];
    copy::write(address, initial)?;
    copy::clear(address + initial.len() as u64, size_bytes - initial.len())?;
    write_marks(address)
}

/// Loads the registers from the frame whose state is at `address`, a multiple of 64. Registers that
/// the frame doesn't have get their initial values.
///
/// # Errors
/// [`BadAddress`] if it can't be read, or the CPU refuses to load it. All registers have their
/// initial values then.
pub fn load(address: u64) -> Result<(), BadAddress> {
    let result = try_load(address);
    if result.is_err() {
        fpu::restore_initial();
    }
    result
}

fn try_load(address: u64) -> Result<(), BadAddress> {
    let layout = fpu::layout();
    // The CPU may read as far as the layout, whatever size the frame declares.
    check(address, layout.size_bytes)?;
    let mut fields = [0; SOFTWARE_BYTES];
    copy::read(address + SOFTWARE as u64, &mut fields)?;
    let is_loaded = match layout.announced(&fields) {
        // Without MAGIC2, a program has copied the first part alone.
        Announced::Extended { size_bytes, features }
            if word_at(address + size_bytes as u64)? == MAGIC2 =>
        {
            if features != layout.features {
                fpu::restore_initial();
            }
            // SAFETY: it is memory of programs.
            unsafe { xrstor(address, features) }
        }
        Announced::Extended { .. } | Announced::Legacy => {
            fpu::restore_initial();
            // SAFETY: as above.
            unsafe { fxrstor(address, 0) }
        }
    };
    if is_loaded { Ok(()) } else { Err(BadAddress) }
}

/// Checks that the state of a frame is in the memory of programs.
fn check(address: u64, size_bytes: usize) -> Result<(), BadAddress> {
    debug_assert!(address.is_multiple_of(64));
    if is_of_programs(address, size_bytes + MAGIC2_BYTES) { Ok(()) } else { Err(BadAddress) }
}

/// Writes the fields for software, and the number after the state.
fn write_marks(address: u64) -> Result<(), BadAddress> {
    let layout = fpu::layout();
    copy::write(address + SOFTWARE as u64, &layout.software_fields())?;
    let magic2 = if layout.is_extended() { MAGIC2 } else { 0 };
    copy::write(address + layout.size_bytes as u64, &magic2.to_le_bytes())
}

fn word_at(address: u64) -> Result<u32, BadAddress> {
    let mut bytes = [0; MAGIC2_BYTES];
    copy::read(address, &mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

/// Defines functions that execute one instruction with the state at an address and the components
/// `parts`; they return whether it raised no exception.
macro_rules! state_instructions {
    ($($(#[$attribute:meta])* $name:ident: $instruction:literal;)*) => {$(
        $(#[$attribute])*
        ///
        /// # Safety
        /// The state is in the memory of programs, up to the layout's size.
        #[unsafe(naked)]
        unsafe extern "sysv64" fn $name(address: u64, parts: u64) -> bool {
            naked_asm!(
                allow_access!(),
                "mov eax, esi",
                "mov rdx, rsi",
                "shr rdx, 32",
                concat!("3: ", $instruction, " [rdi]"),
                "mov eax, 1",
                "5:",
                forbid_access_and_return!(),
                "7: xor eax, eax",
                "jmp 5b",
                ".pushsection .exception_table, \"aw\"",
                ".quad 3b, 7b",
                ".popsection",
                has_smap = sym features::HAS_SMAP,
            )
        }
    )*};
}

state_instructions! {
    /// Saves components of the registers, and sets their bits in the header.
    xsave: "xsave64";
    /// Loads components of the registers; those that the header marks get their initial values.
    xrstor: "xrstor64";
    /// Saves x87 and SSE.
    fxsave: "fxsave64";
    /// Loads x87 and SSE.
    fxrstor: "fxrstor64";
}
