//! Vectors for devices that send their interrupts as messages (MSI, MSI-X): each CPU has
//! [`VECTORS`] vectors of its own.
//!
//! A vector is allocated on the CPU that has the most free ones, so the interrupts of
//! devices are spread over all CPUs.
//!
//! Source: Intel SDM volume 3A, "Message Signalled Interrupts"; PCI Local Bus Specification
//! 3.0, "MSI and MSI-X".

use alloc::sync::Arc;
use core::fmt;

use spin::Mutex;

use crate::arch::cpu::percpu::{self, Cpu};
use crate::arch::irq::handler::{Handler, Registered, Slot};
use crate::arch::irq::interrupt_flag::InterruptsOff;
use crate::arch::irq::local_apic::{self, Message};
use crate::arch::irq::vectors::{DEVICE_VECTORS, FIRST_DEVICE_VECTOR};
use crate::per_cpu;

/// The number of each CPU's vectors for devices.
pub const VECTORS: usize = DEVICE_VECTORS as usize;

const WORDS: usize = VECTORS.div_ceil(64);

per_cpu! {
    static SLOTS: [Slot; VECTORS] = [const { Slot::new() }; VECTORS];
    /// This CPU's vectors in use. Other CPUs take the lock, too, with interrupts off.
    static GIVEN_OUT: Mutex<GivenOut> = Mutex::new(GivenOut { words: [0; WORDS], count: 0 });
}

struct GivenOut {
    words: [u64; WORDS],
    count: usize,
}

impl GivenOut {
    fn take_first_free(&mut self) -> Option<usize> {
        let free = |index: &usize| self.words[index / 64] >> (index % 64) & 1 == 0;
        let index = (0..VECTORS).find(free)?;
        self.words[index / 64] |= 1 << (index % 64);
        self.count += 1;
        Some(index)
    }

    fn give_back(&mut self, index: usize) {
        self.words[index / 64] &= !(1 << (index % 64));
        self.count -= 1;
    }
}

/// Why a device can't have a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VectorError {
    /// All vectors are in use, on all CPUs that a message can reach.
    NoneFree,
    /// The PICs deliver the interrupts; they don't support messages.
    NoApic,
}

impl fmt::Display for VectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoneFree => "no interrupt vector is free on any CPU",
            Self::NoApic => "without a local APIC there are no message-signalled interrupts",
        })
    }
}

impl core::error::Error for VectorError {}

/// The message by which a device raises an interrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MsiMessage {
    /// The physical address to write to.
    pub address: u64,
    /// The value to write.
    pub data: u32,
}

/// A vector of a CPU, with a handler. Dropping it removes the handler and frees the vector; before
/// that, the device must be stopped from sending messages.
pub struct DeviceVector {
    cpu: &'static Cpu,
    index: usize,
}

impl DeviceVector {
    /// Allocates a vector on the CPU with the most free ones, and registers `handler` for it. Not
    /// for interrupt context.
    ///
    /// # Errors
    /// See [`VectorError`].
    pub fn try_new(handler: Arc<dyn Handler>) -> Result<Self, VectorError> {
        Self::try_new_on(handler, |_| true)
    }

    /// As [`try_new`](Self::try_new), on a CPU for which `is_allowed` returns true.
    ///
    /// # Errors
    /// See [`VectorError`].
    pub fn try_new_on(
        handler: Arc<dyn Handler>,
        is_allowed: impl Fn(&Cpu) -> bool,
    ) -> Result<Self, VectorError> {
        if !local_apic::is_started() {
            return Err(VectorError::NoApic);
        }
        // Without interrupt remapping, a message has eight bits for its destination.
        let reachable = |cpu: &&'static Cpu| cpu.apic_id().number() < 0xFF && is_allowed(cpu);
        loop {
            let cpu = percpu::all()
                .filter(reachable)
                .map(|cpu| (given_out(cpu), cpu))
                .min_by_key(|&(count, _)| count)
                .filter(|&(count, _)| count < VECTORS)
                .map(|(_, cpu)| cpu)
                .ok_or(VectorError::NoneFree)?;
            // Another thread may have taken the last free one meanwhile.
            let index = {
                let _interrupts_off = InterruptsOff::new();
                GIVEN_OUT.of(cpu).lock().take_first_free()
            };
            if let Some(index) = index {
                let is_set = SLOTS.of(cpu)[index].try_set(Registered::Object(handler));
                assert!(is_set, "a vector that is given out is used once");
                return Ok(Self { cpu, index });
            }
        }
    }

    /// Returns the CPU that receives the interrupts.
    pub fn cpu(&self) -> &'static Cpu {
        self.cpu
    }

    /// Returns the vector.
    pub fn vector(&self) -> u8 {
        FIRST_DEVICE_VECTOR + self.index as u8
    }

    /// Returns the message that the device has to write.
    pub fn message(&self) -> MsiMessage {
        MsiMessage {
            // Physical destination mode, fixed delivery, edge-triggered.
            address: 0xFEE0_0000 | u64::from(self.cpu.apic_id().number()) << 12,
            data: self.vector().into(),
        }
    }

    /// Raises the interrupt once, in place of the device.
    pub fn raise(&self) {
        let _interrupts_off = InterruptsOff::new();
        local_apic::send(self.cpu.apic_id(), Message::Vector(self.vector()));
    }
}

impl Drop for DeviceVector {
    fn drop(&mut self) {
        SLOTS.of(self.cpu)[self.index].clear();
        let _interrupts_off = InterruptsOff::new();
        GIVEN_OUT.of(self.cpu).lock().give_back(self.index);
    }
}

/// Returns the number of vectors in use on `cpu`.
pub fn given_out(cpu: &Cpu) -> usize {
    let _interrupts_off = InterruptsOff::new();
    GIVEN_OUT.of(cpu).lock().count
}

/// Runs the handler of `vector` on this CPU, in an interrupt. Returns whether there is one.
pub(in crate::arch) fn dispatch(vector: u8) -> bool {
    let index = usize::from(vector.wrapping_sub(FIRST_DEVICE_VECTOR));
    SLOTS.here().get(index).is_some_and(Slot::run)
}
