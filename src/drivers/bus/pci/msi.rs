//! MSI: the interrupts of a function as one message. A function may have several; the first is used.
//!
//! Source: PCI Local Bus Specification 3.0, "MSI Capability Structure".

use super::owned::{OwnError, OwnedFunction};
use crate::arch::irq::device_vectors::DeviceVector;

/// The number of the capability.
const MSI: u8 = 0x05;
/// Message control, in the upper half of the capability's first register: messages are sent; the number
/// of messages in use, as a power of two; addresses have 64 bits.
const ENABLE: u32 = 1 << 16;
const MESSAGES: u32 = 0b111 << 20;
const HAS_64_BITS: u32 = 1 << 23;

/// The message of a function.
#[derive(Debug)]
pub struct Msi {
    /// The offset of the capability in the configuration space.
    capability: u16,
}

impl Msi {
    /// Finds the message of a function.
    ///
    /// # Errors
    /// [`OwnError::NoMessage`].
    pub fn try_new(owned: &OwnedFunction) -> Result<Self, OwnError> {
        let mut capabilities = owned.function().capabilities();
        let capability = capabilities.find(|it| it.id == MSI).ok_or(OwnError::NoMessage)?;
        Ok(Self { capability: capability.offset_bytes.into() })
    }

    /// Makes the function send the message of `vector`. The caller disables it before the vector is
    /// dropped.
    pub fn enable(&self, owned: &OwnedFunction, vector: &DeviceVector) {
        self.disable(owned);
        let control = owned.read(self.capability);
        let message = vector.message();
        let write = |offset_bytes, value| {
            // SAFETY: the message is that of a vector, which is no memory.
            unsafe { owned.write(self.capability + offset_bytes, value) }
        };
        write(4, message.address as u32);
        let data = match control & HAS_64_BITS {
            0 => 8,
            _ => {
                write(8, (message.address >> 32) as u32);
                12
            }
        };
        // The upper half isn't of the message.
        let other = owned.read(self.capability + data) & 0xFFFF_0000;
        write(data, other | message.data & 0xFFFF);
        write(0, control & !MESSAGES | ENABLE);
    }

    /// Makes the function send no message.
    pub fn disable(&self, owned: &OwnedFunction) {
        let control = owned.read(self.capability);
        // SAFETY: the function sends nothing then.
        unsafe { owned.write(self.capability, control & !ENABLE) }
        // The write has reached the function when a read returns.
        owned.read(self.capability);
    }
}
