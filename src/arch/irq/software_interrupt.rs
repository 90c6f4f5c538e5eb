//! An interrupt that software raises, to measure the way in and out.
//!
//! With APICs it is a message of the local APIC at a vector for devices, also to its own CPU. With PICs it is
//! an INT instruction at the vector of a line that no device uses. In both cases the handler is
//! found, called and ended as that of a device.
//!
//! Invariant: the line that is used with PICs stays masked, so only the INT instruction raises it.

use alloc::sync::Arc;
use core::arch::asm;

use crate::arch::cpu::id::CpuId;
use crate::arch::init_order::Controllers;
use crate::arch::irq::device_vectors::{DeviceVector, VectorError};
use crate::arch::irq::handler::{Handler, Registered};
use crate::arch::irq::vectors::FIRST_LINE_VECTOR;
use crate::arch::irq::{ActiveController, LINE_SLOTS, active_controller};

/// The line that is used with PICs: one that a PC leaves free.
const LINE: u8 = 10;

/// An interrupt with its handler. Dropping it removes the handler.
pub struct SoftwareInterrupt(Way);

/// The way in which it is raised.
enum Way {
    /// A message of the local APIC.
    Message(DeviceVector),
    /// An INT instruction at the vector of [`LINE`].
    Instruction,
}

impl SoftwareInterrupt {
    /// Registers `handler` for an interrupt of the CPU `cpu`. Not for interrupt context.
    ///
    /// # Errors
    /// See [`VectorError`].
    pub fn try_new(
        _controllers: Controllers,
        cpu: CpuId,
        handler: Arc<dyn Handler>,
    ) -> Result<Self, VectorError> {
        if active_controller() == ActiveController::Apic {
            let vector = DeviceVector::try_new_on(handler, |it| it.id() == cpu)?;
            return Ok(Self(Way::Message(vector)));
        }
        match LINE_SLOTS[usize::from(LINE)].try_set(Registered::Object(handler)) {
            true => Ok(Self(Way::Instruction)),
            false => Err(VectorError::NoneFree),
        }
    }

    /// Raises it once. With PICs there is one CPU, and its handler has run on return; with APICs, the
    /// handler runs soon, or as soon as interrupts are on.
    pub fn raise(&self) {
        match &self.0 {
            Way::Message(vector) => vector.raise(),
            // SAFETY: the vector has an entry, and the handler of the line returns. The end of
            // interrupt that the PIC then gets has no effect, because no interrupt is in service.
            Way::Instruction => unsafe { asm!("int {}", const FIRST_LINE_VECTOR + LINE) },
        }
    }
}

impl Drop for SoftwareInterrupt {
    fn drop(&mut self) {
        if matches!(self.0, Way::Instruction) {
            LINE_SLOTS[usize::from(LINE)].clear();
        }
    }
}
