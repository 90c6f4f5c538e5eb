//! A function that a driver owns: its memory, and its right to access memory.
//!
//! Only an owned function may be a bus master, and only after its driver has requested it. When the
//! driver drops it, the function is no bus master any more, and no longer responds.
//!
//! Source: PCI Local Bus Specification 3.0, "Command Register", "Base Addresses".

use core::fmt;
use core::ops::Range;

use x86_64::PhysAddr;

use super::base_address::BaseAddress;
use super::configuration;
use super::function::{Function, register};
use super::owners::{self, AddError};
use crate::mm::kernel::device_memory::{self, DeviceMemory, Writes};

/// Command: the function responds to accesses of its memory.
const MEMORY: u32 = 1 << 1;
/// Command: the function may access memory, and send messages.
const BUS_MASTER: u32 = 1 << 2;
/// Command: the function doesn't use its interrupt line.
const NO_LINE: u32 = 1 << 10;
/// The command in a register whose upper half is the status: a 0 changes nothing there.
const COMMAND: u32 = 0xFFFF;

/// Why a driver can't use a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnError {
    /// The driver with this name owns it.
    Owned(&'static str),
    /// No memory is left.
    NoMemory,
    /// The base address with this index isn't memory, the firmware has assigned no address, or it is
    /// too small.
    NoBaseAddress(u8),
    /// Its memory can't be mapped.
    Map(device_memory::Error),
    /// It can't send its interrupts as messages (MSI-X).
    NoMessages,
    /// It can't send one message for all its interrupts (MSI).
    NoMessage,
}

impl fmt::Display for OwnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owned(driver) => write!(f, "the driver {driver} uses it"),
            Self::NoMemory => f.write_str("no memory is left"),
            Self::NoBaseAddress(index) => {
                write!(f, "base address {index} is no assigned memory, or too small")
            }
            Self::Map(error) => write!(f, "its memory can't be mapped: {error}"),
            Self::NoMessages => f.write_str("it has no MSI-X"),
            Self::NoMessage => f.write_str("it has no MSI"),
        }
    }
}

impl core::error::Error for OwnError {}

/// A function that a driver owns. Dropping it ends the function's accesses to memory.
#[derive(Debug)]
pub struct OwnedFunction {
    function: Function,
    /// The sizes of the base addresses by their index; 0 for none.
    sizes_bytes: [u64; 6],
}

impl OwnedFunction {
    /// Makes `driver` the owner of `function`, which then responds to accesses of its memory.
    ///
    /// # Errors
    /// [`OwnError::Owned`], [`OwnError::NoMemory`].
    pub fn try_new(function: &Function, driver: &'static str) -> Result<Self, OwnError> {
        owners::add(function.address, driver).map_err(|error| match error {
            AddError::Owned(other) => OwnError::Owned(other),
            AddError::NoMemory => OwnError::NoMemory,
        })?;
        let mut owned = Self { function: *function, sizes_bytes: [0; 6] };
        owned.set_command(0);
        for (index, base) in function.base_addresses() {
            owned.sizes_bytes[usize::from(index)] = owned.size_bytes(index, base);
        }
        owned.set_command(MEMORY | NO_LINE);
        Ok(owned)
    }

    /// Returns the function.
    pub fn function(&self) -> &Function {
        &self.function
    }

    /// Reads the register at `offset_bytes`, a multiple of 4.
    pub fn read(&self, offset_bytes: u16) -> u32 {
        configuration::read(self.function.address, offset_bytes)
    }

    /// Writes the register at `offset_bytes`, a multiple of 4.
    ///
    /// # Safety
    /// It makes the function access no memory that its driver hasn't given to it.
    pub(super) unsafe fn write(&self, offset_bytes: u16, value: u32) {
        // SAFETY: the caller's promise.
        unsafe { configuration::write(self.function.address, offset_bytes, value) }
    }

    /// Sets the command register, without the right to access memory.
    fn set_command(&mut self, command: u32) {
        // SAFETY: the function is no bus master.
        unsafe { self.write(register::STATUS_COMMAND, command & !BUS_MASTER & COMMAND) }
    }

    /// Returns the size of a base address, while the function doesn't respond to accesses. The bits
    /// of the address that can't be set are those below the size.
    fn size_bytes(&self, index: u8, base: BaseAddress) -> u64 {
        let (is_wide, flags) = match base {
            BaseAddress::Ports(_) => (false, 0b11),
            BaseAddress::Memory { width_bits, .. } => (width_bits == 64, 0b1111),
        };
        let low = self.settable_bits(index) & !flags;
        let high = if is_wide { self.settable_bits(index + 1) } else { u32::MAX };
        let settable = u64::from(high) << 32 | u64::from(low);
        match base {
            _ if low == 0 && !is_wide => 0,
            // The upper half of a port's number may be fixed.
            BaseAddress::Ports(_) => u64::from(!(low | 0xFFFF_0000)) + 1,
            BaseAddress::Memory { .. } => (!settable).wrapping_add(1),
        }
    }

    /// Returns the bits of a base address's register that can be set. Restores the register.
    fn settable_bits(&self, index: u8) -> u32 {
        let place = register::BASE_ADDRESSES + 4 * u16::from(index);
        let before = self.read(place);
        // SAFETY: the function doesn't respond to accesses and accesses no memory.
        unsafe { self.write(place, u32::MAX) };
        let settable = self.read(place);
        // SAFETY: as above.
        unsafe { self.write(place, before) };
        settable
    }

    /// Returns the size of the memory of a base address, in bytes; 0 if it isn't used.
    pub fn size_of(&self, index: u8) -> u64 {
        self.sizes_bytes.get(usize::from(index)).copied().unwrap_or(0)
    }

    /// Maps the memory of a base address under the name `name`.
    ///
    /// # Errors
    /// [`OwnError::NoBaseAddress`], [`OwnError::Map`].
    ///
    /// # Safety
    /// Writes to that memory make the function access no memory that its driver hasn't given to it.
    pub unsafe fn map(&self, index: u8, name: &'static str) -> Result<DeviceMemory, OwnError> {
        let range = 0..self.size_of(index);
        // SAFETY: the caller's promise.
        unsafe { self.map_range(index, range, name) }
    }

    /// As [`map`](Self::map), for the bytes of `range`.
    ///
    /// # Errors
    /// As for [`map`](Self::map); [`OwnError::NoBaseAddress`] also if the range isn't within the
    /// memory.
    ///
    /// # Safety
    /// As for [`map`](Self::map).
    pub unsafe fn map_range(
        &self,
        index: u8,
        range: Range<u64>,
        name: &'static str,
    ) -> Result<DeviceMemory, OwnError> {
        let missing = OwnError::NoBaseAddress(index);
        let base = self.function.base_addresses().find(|(other, _)| *other == index);
        let Some((_, BaseAddress::Memory { address: Some(address), .. })) = base else {
            return Err(missing);
        };
        if range.is_empty() || range.end > self.size_of(index) {
            return Err(missing);
        }
        let start = address.checked_add(range.start).ok_or(missing)?;
        let start = PhysAddr::try_new(start).map_err(|_| missing)?;
        let len_bytes = range.end - range.start;
        // SAFETY: the function's memory is there, and it belongs to its driver; the rest is the
        // caller's promise.
        unsafe { DeviceMemory::map(name, start, len_bytes, Writes::Strict) }.map_err(OwnError::Map)
    }

    /// Allows the function to access memory and to send messages.
    ///
    /// # Safety
    /// The function accesses only memory that its driver has given to it, until
    /// [`forbid_memory`](Self::forbid_memory).
    pub unsafe fn allow_memory(&self) {
        // SAFETY: the caller's promise.
        unsafe { self.write(register::STATUS_COMMAND, MEMORY | NO_LINE | BUS_MASTER) }
    }

    /// Ends the accesses to memory: when it returns, the function begins no further one.
    pub fn forbid_memory(&self) {
        // SAFETY: the function is no bus master then.
        unsafe { self.write(register::STATUS_COMMAND, MEMORY | NO_LINE) }
        // The write has reached the function when a read returns.
        self.read(register::STATUS_COMMAND);
    }
}

impl Drop for OwnedFunction {
    fn drop(&mut self) {
        self.set_command(0);
        owners::remove(self.function.address);
    }
}
