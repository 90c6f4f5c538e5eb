//! MSI-X: the interrupts that a function sends as messages, each with a vector of its own.
//!
//! Source: PCI Local Bus Specification 3.0, "MSI-X Capability and Table Structures".

use super::owned::{OwnError, OwnedFunction};
use crate::arch::irq::device_vectors::DeviceVector;
use crate::mm::kernel::device_memory::DeviceMemory;

/// The number of the capability.
const MSI_X: u8 = 0x11;
/// Message control, in the upper half of the capability's first register: the size of the table
/// minus 1; all interrupts are masked; messages are sent.
const SIZE: u32 = 0x7FF << 16;
const MASK_ALL: u32 = 1 << 30;
const ENABLE: u32 = 1 << 31;
/// Table: the index of its base address; the other bits are its offset.
const BASE_INDEX: u32 = 0b111;
const ENTRY_BYTES: u64 = 16;
/// Vector control: the interrupt is masked.
const MASKED: u32 = 1 << 0;

/// The table of a function's messages.
#[derive(Debug)]
pub struct MsiX {
    table: DeviceMemory,
    offset_bytes: u64,
    /// The offset of the capability in the configuration space.
    capability: u16,
    len: u16,
}

impl MsiX {
    /// Finds the table of a function, and masks all messages.
    ///
    /// # Errors
    /// [`OwnError::NoMessages`], and the errors of [`OwnedFunction::map`].
    pub fn try_new(owned: &OwnedFunction) -> Result<Self, OwnError> {
        let mut capabilities = owned.function().capabilities();
        let capability = capabilities.find(|it| it.id == MSI_X).ok_or(OwnError::NoMessages)?;
        let capability = u16::from(capability.offset_bytes);
        let len = ((owned.read(capability) & SIZE) >> 16) as u16 + 1;
        let place = owned.read(capability + 4);
        // SAFETY: of that memory only the table is written, and its messages are those of
        // vectors, which are no memory.
        let table = unsafe { owned.map((place & BASE_INDEX) as u8, "MSI-X")? };
        let this = Self { table, offset_bytes: u64::from(place & !BASE_INDEX), capability, len };
        for index in 0..len {
            this.mask(index);
        }
        Ok(this)
    }

    /// Returns the number of messages.
    pub fn len(&self) -> u16 {
        self.len
    }

    /// Returns whether there are no messages.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn entry(&self, index: u16) -> u64 {
        assert!(index < self.len, "the function has {} messages", self.len);
        self.offset_bytes + u64::from(index) * ENTRY_BYTES
    }

    /// Masks a message: the function doesn't send it.
    pub fn mask(&self, index: u16) {
        self.table.write_u32(self.entry(index) + 12, MASKED);
        // The write has reached the function when a read returns.
        self.table.read_u32(self.entry(index) + 12);
    }

    /// Makes the message at this index that of `vector`, and unmasks it. The caller masks it before
    /// the vector is dropped.
    pub fn set(&self, index: u16, vector: &DeviceVector) {
        let (entry, message) = (self.entry(index), vector.message());
        self.mask(index);
        self.table.write_u32(entry, message.address as u32);
        self.table.write_u32(entry + 4, (message.address >> 32) as u32);
        self.table.write_u32(entry + 8, message.data);
        self.table.write_u32(entry + 12, 0);
    }

    /// Makes the function send messages.
    pub fn enable(&self, owned: &OwnedFunction) {
        let control = owned.read(self.capability) & !MASK_ALL | ENABLE;
        // SAFETY: the messages are those of vectors, or masked.
        unsafe { owned.write(self.capability, control) }
    }
}
