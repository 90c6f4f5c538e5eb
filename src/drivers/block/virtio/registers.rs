//! The registers of a device.
//!
//! Source: VIRTIO 1.2, "Device Status Field", "Virtio Over PCI Bus".

use core::hint;

use virtio_protocol::block::CONFIG_BYTES;
use virtio_protocol::capability::{CAPABILITY, CAPABILITY_WORDS, Place, Structure, decode};
use virtio_protocol::features::Features;
use virtio_protocol::queue::Layout;
use x86_64::PhysAddr;

use super::error::VirtioError;
use crate::arch::time::clock::now_ns;
use crate::drivers::bus::pci::OwnedFunction;
use crate::mm::kernel::device_memory::DeviceMemory;
#[cfg(test)]
use crate::mm::kernel::dma_memory::DmaMemory;

// Offsets of the common registers, in bytes.
const DEVICE_FEATURES_SELECT: u64 = 0;
const DEVICE_FEATURES: u64 = 4;
const DRIVER_FEATURES_SELECT: u64 = 8;
const DRIVER_FEATURES: u64 = 12;
const CONFIG_MESSAGE: u64 = 16;
const QUEUES: u64 = 18;
const STATUS: u64 = 20;
const CONFIG_GENERATION: u64 = 21;
const QUEUE_SELECT: u64 = 22;
const QUEUE_ENTRIES: u64 = 24;
const QUEUE_MESSAGE: u64 = 26;
const QUEUE_ENABLE: u64 = 28;
const QUEUE_DOORBELL: u64 = 30;
const QUEUE_DESCRIPTORS: u64 = 32;
const QUEUE_AVAILABLE: u64 = 40;
const QUEUE_USED: u64 = 48;
/// The number of bytes of the common registers.
const COMMON_BYTES: u32 = 56;

// Bits of the status.
const ACKNOWLEDGE: u8 = 1 << 0;
const DRIVER: u8 = 1 << 1;
const DRIVER_OK: u8 = 1 << 2;
const FEATURES_OK: u8 = 1 << 3;
const NEEDS_RESET: u8 = 1 << 6;
const GONE: u8 = 0xFF;

/// No message.
const NO_MESSAGE: u16 = 0xFFFF;
/// The time for a reset. The specification names none.
const RESET_NS: u64 = 5_000_000_000;
/// How often the properties are read, if they change meanwhile.
const CONFIG_TRIES: usize = 100;

/// The registers of a device.
#[derive(Debug)]
pub(super) struct Registers {
    common: DeviceMemory,
    device: DeviceMemory,
    notify: DeviceMemory,
    /// The number of bytes of `device` and `notify`, and the distance of two doorbells.
    device_bytes: u32,
    notify_bytes: u32,
    doorbell_stride_bytes: u32,
}

/// A queue's place in memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct QueueMemory {
    pub(super) start: PhysAddr,
    pub(super) layout: Layout,
}

impl Registers {
    /// Maps the registers of a function.
    pub(super) fn try_new(function: &OwnedFunction) -> Result<Self, VirtioError> {
        let first = |is_wanted: fn(&Structure) -> bool| {
            let all = function.function().capabilities().filter(|it| it.id == CAPABILITY);
            let mut found = all.filter_map(|capability| {
                let place = u16::from(capability.offset_bytes);
                let word = |index: usize| function.read(place + 4 * index as u16);
                decode(core::array::from_fn::<_, CAPABILITY_WORDS, _>(word))
            });
            found.find(|(structure, _)| is_wanted(structure)).ok_or(VirtioError::NoRegisters)
        };
        let map = |place: Place| {
            let range = u64::from(place.offset_bytes)
                ..u64::from(place.offset_bytes) + u64::from(place.len_bytes);
            // SAFETY: the device accesses the memory of its queues and of the requests in them,
            // which live until it is reset or has answered.
            unsafe { function.map_range(place.base_address, range, "virtio") }
        };
        let (_, common) = first(|it| matches!(it, Structure::Common))?;
        let (_, device) = first(|it| matches!(it, Structure::Device))?;
        let (structure, notify) = first(|it| matches!(it, Structure::Notify { .. }))?;
        let Structure::Notify { multiplier } = structure else {
            return Err(VirtioError::NoRegisters);
        };
        if common.len_bytes < COMMON_BYTES {
            return Err(VirtioError::NoRegisters);
        }
        Ok(Self {
            common: map(common)?,
            device: map(device)?,
            notify: map(notify)?,
            device_bytes: device.len_bytes,
            notify_bytes: notify.len_bytes,
            doorbell_stride_bytes: multiplier,
        })
    }

    /// Uses memory as the registers of a device with one queue, for tests.
    #[cfg(test)]
    pub(super) fn of_ram(memory: &'static DmaMemory, entries: u16) -> Self {
        memory.write_u16(QUEUE_ENTRIES as usize, entries);
        let map = || DeviceMemory::of_ram(memory).expect("there is room");
        Self {
            common: map(),
            device: map(),
            notify: map(),
            device_bytes: 0,
            notify_bytes: 4,
            doorbell_stride_bytes: 0,
        }
    }

    fn status(&self) -> u8 {
        self.common.read_u8(STATUS)
    }

    fn add_status(&self, bits: u8) {
        self.common.write_u8(STATUS, self.status() | bits);
    }

    /// Returns whether the device still answers.
    pub(super) fn is_present(&self) -> bool {
        self.status() != GONE
    }

    /// Returns whether the device reports an error that it can't recover from.
    pub(super) fn needs_reset(&self) -> bool {
        self.status() & NEEDS_RESET != 0
    }

    /// Stops the device; all its queues are gone then.
    pub(super) fn reset(&self) -> Result<(), VirtioError> {
        self.common.write_u8(STATUS, 0);
        let deadline_ns = now_ns() + RESET_NS;
        loop {
            // The order matters: after a long delay the status is looked at once more.
            let is_late = now_ns() > deadline_ns;
            match self.status() {
                0 => return Ok(()),
                GONE => return Err(VirtioError::Gone),
                _ if is_late => return Err(VirtioError::TimedOut),
                _ => hint::spin_loop(),
            }
        }
    }

    /// Agrees with the device, which was reset, on those features of the driver that it has.
    pub(super) fn negotiate(&self) -> Result<Features, VirtioError> {
        self.add_status(ACKNOWLEDGE);
        self.add_status(DRIVER);
        let half = |index: u32| {
            self.common.write_u32(DEVICE_FEATURES_SELECT, index);
            u64::from(self.common.read_u32(DEVICE_FEATURES))
        };
        let features = Features(half(0) | half(1) << 32) & Features::OF_DRIVER;
        if !features.has(Features::VERSION_1) {
            return Err(VirtioError::Features);
        }
        for index in 0..2 {
            self.common.write_u32(DRIVER_FEATURES_SELECT, index);
            self.common.write_u32(DRIVER_FEATURES, (features.0 >> (32 * index)) as u32);
        }
        self.add_status(FEATURES_OK);
        match self.status() {
            GONE => Err(VirtioError::Gone),
            status if status & FEATURES_OK == 0 => Err(VirtioError::Features),
            _ => Ok(features),
        }
    }

    /// Reads the properties of the device. Those that it doesn't have are 0.
    pub(super) fn config(&self) -> [u8; CONFIG_BYTES] {
        let mut bytes = [0; CONFIG_BYTES];
        for _ in 0..CONFIG_TRIES {
            let before = self.common.read_u8(CONFIG_GENERATION);
            for (at, byte) in (0..u64::from(self.device_bytes)).zip(&mut bytes) {
                *byte = self.device.read_u8(at);
            }
            if self.common.read_u8(CONFIG_GENERATION) == before {
                break;
            }
        }
        bytes
    }

    /// Returns the number of queues.
    pub(super) fn queues(&self) -> u16 {
        self.common.read_u16(QUEUES)
    }

    /// Returns the most entries of a queue, and the place of its doorbell. The caller excludes
    /// others.
    pub(super) fn queue(&self, index: u16) -> Result<(u16, u64), VirtioError> {
        self.common.write_u16(QUEUE_SELECT, index);
        let doorbell = self.common.read_u16(QUEUE_DOORBELL);
        let place = u64::from(doorbell) * u64::from(self.doorbell_stride_bytes);
        if place + 2 > u64::from(self.notify_bytes) || !place.is_multiple_of(2) {
            return Err(VirtioError::NoRegisters);
        }
        Ok((self.common.read_u16(QUEUE_ENTRIES), place))
    }

    /// Makes the device know the memory of a queue. Its answers send the message `message`. The
    /// caller excludes others.
    pub(super) fn enable_queue(
        &self,
        index: u16,
        memory: QueueMemory,
        message: Option<u16>,
    ) -> Result<(), VirtioError> {
        let QueueMemory { start, layout } = memory;
        let message = message.unwrap_or(NO_MESSAGE);
        self.common.write_u16(CONFIG_MESSAGE, NO_MESSAGE);
        self.common.write_u16(QUEUE_SELECT, index);
        self.common.write_u16(QUEUE_ENTRIES, layout.entries());
        self.common.write_u16(QUEUE_MESSAGE, message);
        if self.common.read_u16(QUEUE_MESSAGE) != message {
            return Err(VirtioError::Messages);
        }
        for (place, offset_bytes) in [
            (QUEUE_DESCRIPTORS, layout.descriptor(0)),
            (QUEUE_AVAILABLE, layout.available()),
            (QUEUE_USED, layout.used()),
        ] {
            let address = start.as_u64() + offset_bytes as u64;
            self.common.write_u32(place, address as u32);
            self.common.write_u32(place + 4, (address >> 32) as u32);
        }
        self.common.write_u16(QUEUE_ENABLE, 1);
        Ok(())
    }

    /// Makes the device take requests.
    pub(super) fn start(&self) {
        self.add_status(DRIVER_OK);
    }

    /// Writes the number of a queue to its doorbell. The requests in it were written before.
    #[inline]
    pub(super) fn ring(&self, doorbell: u64, index: u16) {
        self.notify.write_u16(doorbell, index);
    }
}
