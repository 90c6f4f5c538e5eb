//! Accesses to memory and model-specific registers that may not exist. A fault is returned as an
//! error.
//!
//! The instruction that may fault has an entry in the exception table, so that the kernel continues
//! after it.

use core::arch::asm;

use x86_64::VirtAddr;

/// An access has faulted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Faulted;

/// Defines the read of a type into a register of the given class.
macro_rules! define_read {
    ($(#[$doc:meta])* $name:ident, $type:ty, $class:ident) => {
        $(#[$doc])*
        ///
        /// Reading a device's register may have side effects.
        ///
        /// # Errors
        /// [`Faulted`] if not all of it can be read.
        pub fn $name(address: VirtAddr) -> Result<$type, Faulted> {
            let (value, done): ($type, u32);
            // SAFETY: a fault continues at label 3; a read changes nothing in memory.
            unsafe {
                asm!(
                    "xor {done:e}, {done:e}",
                    "2: mov {value}, [{address}]",
                    "inc {done:e}",
                    "3:",
                    ".pushsection .exception_table, \"aw\"",
                    ".quad 2b, 3b",
                    ".popsection",
                    address = in(reg) address.as_u64(),
                    value = out($class) value,
                    done = out(reg) done,
                    options(nostack, readonly),
                );
            }
            if done == 1 { Ok(value) } else { Err(Faulted) }
        }
    };
}

define_read!(
    /// Reads the byte at `address`.
    read_u8, u8, reg_byte
);
define_read!(
    /// Reads the word of 64 bits at `address`, which need not be aligned.
    read_u64, u64, reg
);

/// Writes a byte at `address`.
///
/// # Errors
/// [`Faulted`] if nothing can be written there.
///
/// # Safety
/// The byte there may be changed to `value` at this moment.
pub unsafe fn write_u8(address: VirtAddr, value: u8) -> Result<(), Faulted> {
    let done: u32;
    // SAFETY: a fault continues at label 3; the write is the caller's promise.
    unsafe {
        asm!(
            "xor {done:e}, {done:e}",
            "2: mov [{address}], {value}",
            "inc {done:e}",
            "3:",
            ".pushsection .exception_table, \"aw\"",
            ".quad 2b, 3b",
            ".popsection",
            address = in(reg) address.as_u64(),
            value = in(reg_byte) value,
            done = out(reg) done,
            options(nostack),
        );
    }
    if done == 1 { Ok(()) } else { Err(Faulted) }
}

/// Reads the model-specific register of `number`.
///
/// # Errors
/// [`Faulted`] if this CPU has no register of that number. Emulated CPUs may return 0 instead:
/// QEMU's interpreter does.
pub fn read_msr(number: u32) -> Result<u64, Faulted> {
    let (low, high, done): (u32, u32, u32);
    // SAFETY: a fault continues at label 3; reading a register changes nothing in memory.
    unsafe {
        asm!(
            "xor {done:e}, {done:e}",
            "2: rdmsr",
            "inc {done:e}",
            "3:",
            ".pushsection .exception_table, \"aw\"",
            ".quad 2b, 3b",
            ".popsection",
            in("ecx") number,
            out("eax") low,
            out("edx") high,
            done = out(reg) done,
            options(nostack, nomem),
        );
    }
    if done == 1 { Ok(u64::from(high) << 32 | u64::from(low)) } else { Err(Faulted) }
}

#[cfg(test)]
mod tests;
