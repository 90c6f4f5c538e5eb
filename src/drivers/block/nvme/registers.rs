//! The registers of a controller.
//!
//! Source: NVM Express Base Specification 2.0, "Controller Properties"; NVM Express over PCIe Transport
//! Specification 1.0, "Doorbell Registers".

use core::hint;

use crate::arch::time::clock::now_ns;
use crate::mm::kernel::device_memory::DeviceMemory;
use crate::mm::kernel::dma_memory::DmaMemory;

// Offsets, in bytes.
const CAPABILITIES: u64 = 0x00;
const CONFIGURATION: u64 = 0x14;
const STATUS: u64 = 0x1C;
const ADMIN_SIZES: u64 = 0x24;
const ADMIN_SUBMISSION: u64 = 0x28;
const ADMIN_COMPLETION: u64 = 0x30;
const DOORBELLS: u64 = 0x1000;

/// Configuration: the controller works.
const ENABLE: u32 = 1 << 0;
/// Configuration: a notice of a shutdown; the controller writes its caches to the medium.
const SHUTDOWN: u32 = 0b01 << 14;
/// Configuration: entries of 64 bytes for commands and of 16 for answers; pages of memory of 4 KiB; the
/// commands of NVM.
const SIZES: u32 = 6 << 16 | 4 << 20;

/// Status: the controller takes commands.
const READY: u32 = 1 << 0;
/// Status: the controller has failed.
const FATAL: u32 = 1 << 1;
/// Status: the shutdown is complete.
const SHUTDOWN_MASK: u32 = 0b11 << 2;
const SHUTDOWN_DONE: u32 = 0b10 << 2;

/// What the controller can do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Capabilities(u64);

impl Capabilities {
    /// Returns the most entries of a queue.
    pub(super) fn queue_entries_max(self) -> u32 {
        (self.0 as u32 & 0xFFFF) + 1
    }

    /// Returns the longest time for a change of the state, in nanoseconds.
    pub(super) fn timeout_ns(self) -> u64 {
        const UNIT_NS: u64 = 500_000_000;
        (self.0 >> 24 & 0xFF).max(1) * UNIT_NS
    }

    /// Returns the distance of two doorbells, in bytes.
    fn doorbell_stride_bytes(self) -> u64 {
        4 << (self.0 >> 32 & 0xF)
    }

    /// Returns the size of the smallest page of memory, in bytes.
    pub(super) fn page_bytes_min(self) -> u64 {
        4096 << (self.0 >> 48 & 0xF)
    }

    /// Returns whether it has the commands of NVM.
    pub(super) fn has_nvm_commands(self) -> bool {
        self.0 >> 37 & 1 != 0
    }
}

/// Why the controller's state can't be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StateError {
    /// All registers read as ones: the controller is gone.
    Gone,
    /// The controller reports that it has failed.
    Fatal,
    /// It didn't change in the time that it has named.
    TimedOut,
}

/// A doorbell of a queue.
#[derive(Clone, Copy, Debug)]
pub(super) enum Doorbell {
    /// The tail of the submission queue with this number.
    Submission(u16),
    /// The head of the completion queue with this number.
    Completion(u16),
}

/// The registers of a controller.
#[derive(Debug)]
pub(super) struct Registers {
    memory: DeviceMemory,
    capabilities: Capabilities,
}

impl Registers {
    pub(super) fn new(memory: DeviceMemory) -> Self {
        let low = memory.read_u32(CAPABILITIES);
        let high = memory.read_u32(CAPABILITIES + 4);
        Self { memory, capabilities: Capabilities(u64::from(high) << 32 | u64::from(low)) }
    }

    pub(super) fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    /// Returns whether the controller still answers.
    pub(super) fn is_present(&self) -> bool {
        self.memory.read_u32(STATUS) != u32::MAX
    }

    /// Writes a position to a doorbell. The commands or answers up to it were written or read before.
    #[inline]
    pub(super) fn ring(&self, doorbell: Doorbell, position: u16) {
        let index = match doorbell {
            Doorbell::Submission(queue) => 2 * u64::from(queue),
            Doorbell::Completion(queue) => 2 * u64::from(queue) + 1,
        };
        let place = DOORBELLS + index * self.capabilities.doorbell_stride_bytes();
        self.memory.write_u32(place, position.into());
    }

    /// Returns the number of bytes of the registers with the doorbells of `queues` pairs of queues.
    pub(super) fn len_bytes(&self, queues: u16) -> u64 {
        DOORBELLS + 2 * u64::from(queues) * self.capabilities.doorbell_stride_bytes()
    }

    /// Stops the controller; all its queues are gone then.
    pub(super) fn disable(&self) -> Result<(), StateError> {
        self.memory.write_u32(CONFIGURATION, 0);
        self.wait(|status| status & READY == 0, Failure::Ignored)
    }

    /// Starts the controller with its admin queues, of `entries` entries each.
    pub(super) fn enable(
        &self,
        submission: &DmaMemory,
        completion: &DmaMemory,
        entries: u16,
    ) -> Result<(), StateError> {
        let size = u32::from(entries - 1);
        self.memory.write_u32(ADMIN_SIZES, size << 16 | size);
        for (place, queue) in [(ADMIN_SUBMISSION, submission), (ADMIN_COMPLETION, completion)] {
            let start = queue.start().as_u64();
            self.memory.write_u32(place, start as u32);
            self.memory.write_u32(place + 4, (start >> 32) as u32);
        }
        self.memory.write_u32(CONFIGURATION, SIZES | ENABLE);
        self.wait(|status| status & READY != 0, Failure::Reported)
    }

    /// Makes the controller write its caches to the medium and end.
    pub(super) fn shut_down(&self) -> Result<(), StateError> {
        self.memory.write_u32(CONFIGURATION, SIZES | ENABLE | SHUTDOWN);
        self.wait(|status| status & SHUTDOWN_MASK == SHUTDOWN_DONE, Failure::Reported)
    }

    /// Waits until the status is as `is_reached` says.
    fn wait(&self, is_reached: impl Fn(u32) -> bool, failure: Failure) -> Result<(), StateError> {
        let deadline_ns = now_ns() + self.capabilities.timeout_ns();
        loop {
            // The order matters: after a long delay the status is looked at once more.
            let is_late = now_ns() > deadline_ns;
            let status = self.memory.read_u32(STATUS);
            if status == u32::MAX {
                return Err(StateError::Gone);
            }
            if is_reached(status) {
                return Ok(());
            }
            if status & FATAL != 0 && failure == Failure::Reported {
                return Err(StateError::Fatal);
            }
            if is_late {
                return Err(StateError::TimedOut);
            }
            hint::spin_loop();
        }
    }
}

/// What happens if the controller reports a failure meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    Reported,
    Ignored,
}
