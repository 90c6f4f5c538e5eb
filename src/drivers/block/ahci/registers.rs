//! The registers of a controller and of its ports.
//!
//! Source: Serial ATA AHCI 1.3.1, "HBA Memory Registers".

use alloc::sync::Arc;
use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};

use ata::status::Status;

use super::error::AhciError;
use crate::drivers::bus::pci::OwnedFunction;
use crate::drivers::wait::wait;
use crate::mm::kernel::device_memory::DeviceMemory;

/// The name of the driver.
pub const NAME: &str = "ahci";

/// The base address of the registers.
const BASE_ADDRESS: u8 = 5;

// Offsets of the controller's registers, in bytes.
const CAPABILITIES: u64 = 0x00;
const CONTROL: u64 = 0x04;
const INTERRUPTS: u64 = 0x08;
const PORTS: u64 = 0x0C;
const MORE_CAPABILITIES: u64 = 0x24;
const HAND_OFF: u64 = 0x28;
/// The first port's registers, and their distance.
const FIRST_PORT: u64 = 0x100;
const PORT_BYTES: u64 = 0x80;

/// Capabilities: queued commands; addresses of 64 bits.
const HAS_QUEUES: u32 = 1 << 30;
const HAS_64_BITS: u32 = 1 << 31;
/// More capabilities: the firmware hands the controller over.
const HAS_HAND_OFF: u32 = 1 << 0;

// Control: a reset; interrupts; the controller works as AHCI describes it.
const RESET: u32 = 1 << 0;
const INTERRUPT_ENABLE: u32 = 1 << 1;
const AHCI_ENABLE: u32 = 1 << 31;

// Hand-off: the firmware and the kernel own the controller; the firmware is busy with it.
const FIRMWARE_OWNS: u32 = 1 << 0;
const KERNEL_OWNS: u32 = 1 << 1;
const FIRMWARE_BUSY: u32 = 1 << 4;

/// The times that the specification names for a reset, and for the hand-off by a firmware that is busy.
const RESET_NS: u64 = 1_000_000_000;
const HAND_OFF_NS: u64 = 2_000_000_000;

// Offsets of a port's registers, in bytes.
const LIST: u64 = 0x00;
const RECEIVED: u64 = 0x08;
const EVENTS: u64 = 0x10;
const EVENTS_ENABLE: u64 = 0x14;
const COMMAND: u64 = 0x18;
const TASK_FILE: u64 = 0x20;
const SIGNATURE: u64 = 0x24;
const LINK_STATUS: u64 = 0x28;
const LINK_CONTROL: u64 = 0x2C;
const LINK_ERRORS: u64 = 0x30;
const ACTIVE: u64 = 0x34;
const ISSUE: u64 = 0x38;

// Command: the port executes commands; the disk spins up, and has power; frames are received. The port
// still executes commands, or receives frames.
const START: u32 = 1 << 0;
const SPIN_UP: u32 = 1 << 1;
const POWER: u32 = 1 << 2;
const RECEIVE: u32 = 1 << 4;
const IS_RECEIVING: u32 = 1 << 14;
const IS_RUNNING: u32 = 1 << 15;
/// Link status: what is at the port; a disk, or a disk whose link works.
const DETECTION: u32 = 0xF;
const IS_FOUND: u32 = 1;
const IS_CONNECTED: u32 = 3;
/// Link control: the link is reset, and the disk with it (COMRESET).
const LINK_RESET: u32 = 1;
/// Link control: no power saving of the link.
const NO_POWER_SAVING: u32 = 3 << 8;
/// The time for a port to stop.
const STOP_NS: u64 = 500_000_000;

/// Events that end commands: frames of the four kinds.
const ANSWERS: u32 = 0b1111;
/// Events after which the port has stopped, or an answer may be lost: more data than memory, errors of
/// the link, of memory, and of the task file.
pub(super) const FAILURES: u32 = 1 << 24 | 1 << 27 | 1 << 28 | 1 << 29 | 1 << 30;

/// A controller's registers, and its right to access memory. The last owner drops the function, which
/// ends the controller's accesses to memory.
#[derive(Debug)]
pub(super) struct Registers {
    memory: DeviceMemory,
    pub(super) function: OwnedFunction,
    is_gone: AtomicBool,
}

impl Registers {
    /// Maps the registers of a function.
    pub(super) fn try_new(function: OwnedFunction) -> Result<Self, AhciError> {
        // SAFETY: the controller accesses the memory of its ports and of the requests in them, which
        // live until the port is stopped or the command has ended.
        let memory = unsafe { function.map(BASE_ADDRESS, "AHCI")? };
        let this = Self { memory, function, is_gone: AtomicBool::new(false) };
        if this.function.size_of(BASE_ADDRESS) < FIRST_PORT {
            return Err(AhciError::Unsupported);
        }
        match this.capabilities() {
            u32::MAX => Err(AhciError::Gone),
            capabilities if capabilities & HAS_64_BITS == 0 => Err(AhciError::Unsupported),
            _ => Ok(this),
        }
    }

    fn capabilities(&self) -> u32 {
        self.memory.read_u32(CAPABILITIES)
    }

    /// Returns the number of commands that a port has at once.
    pub(super) fn slots(&self) -> u8 {
        (self.capabilities() >> 8 & 0x1F) as u8 + 1
    }

    /// Returns whether the controller supports queued commands.
    pub(super) fn has_queues(&self) -> bool {
        self.capabilities() & HAS_QUEUES != 0
    }

    /// Makes the firmware leave the controller to the kernel.
    pub(super) fn take_over(&self) -> Result<(), AhciError> {
        if self.memory.read_u32(MORE_CAPABILITIES) & HAS_HAND_OFF == 0 {
            return Ok(());
        }
        let before = self.memory.read_u32(HAND_OFF);
        self.memory.write_u32(HAND_OFF, before | KERNEL_OWNS);
        let is_over = || self.memory.read_u32(HAND_OFF) & (FIRMWARE_OWNS | FIRMWARE_BUSY) == 0;
        if wait(HAND_OFF_NS, is_over) { Ok(()) } else { Err(AhciError::Firmware) }
    }

    /// Resets the controller and all ports.
    pub(super) fn reset(&self) -> Result<(), AhciError> {
        self.memory.write_u32(CONTROL, AHCI_ENABLE);
        self.memory.write_u32(CONTROL, AHCI_ENABLE | RESET);
        if !wait(RESET_NS, || self.memory.read_u32(CONTROL) & RESET == 0) {
            return Err(AhciError::Reset);
        }
        self.memory.write_u32(CONTROL, AHCI_ENABLE);
        Ok(())
    }

    /// Returns the ports that the controller has.
    pub(super) fn ports(self: &Arc<Self>) -> impl Iterator<Item = PortRegisters> {
        let ports = self.memory.read_u32(PORTS);
        let room = (self.function.size_of(BASE_ADDRESS) - FIRST_PORT) / PORT_BYTES;
        let numbers = (0..32_u8).filter(move |number| ports >> number & 1 != 0);
        numbers
            .filter(move |number| u64::from(*number) < room)
            .map(move |number| PortRegisters { controller: self.clone(), number })
    }

    /// Allows the ports to send interrupts.
    pub(super) fn enable_interrupts(&self) {
        self.memory.write_u32(CONTROL, AHCI_ENABLE | INTERRUPT_ENABLE);
    }

    /// Returns the ports with events, one bit each.
    pub(super) fn interrupts(&self) -> u32 {
        self.memory.read_u32(INTERRUPTS)
    }

    /// Clears the bits of `ports`, whose events were taken.
    pub(super) fn clear_interrupts(&self, ports: u32) {
        self.memory.write_u32(INTERRUPTS, ports);
    }

    /// Ends the accesses of the controller to memory, for ever.
    pub(super) fn stop(&self) {
        self.function.forbid_memory();
        self.is_gone.store(true, Ordering::Release);
    }

    /// Returns whether the controller has been stopped.
    pub(super) fn is_gone(&self) -> bool {
        self.is_gone.load(Ordering::Acquire)
    }
}

/// The registers of a port.
#[derive(Clone, Debug)]
pub(super) struct PortRegisters {
    pub(super) controller: Arc<Registers>,
    pub(super) number: u8,
}

impl fmt::Display for PortRegisters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.controller.function.function().address;
        write!(f, "{} {address} port {}", NAME, self.number)
    }
}

impl PortRegisters {
    fn place(&self, offset_bytes: u64) -> u64 {
        FIRST_PORT + u64::from(self.number) * PORT_BYTES + offset_bytes
    }

    fn read(&self, offset_bytes: u64) -> u32 {
        self.controller.memory.read_u32(self.place(offset_bytes))
    }

    fn write(&self, offset_bytes: u64, value: u32) {
        self.controller.memory.write_u32(self.place(offset_bytes), value);
    }

    fn write_address(&self, offset_bytes: u64, address: u64) {
        self.write(offset_bytes, address as u32);
        self.write(offset_bytes + 4, (address >> 32) as u32);
    }

    /// Makes the port look for a disk, which spins up.
    pub(super) fn spin_up(&self) {
        self.write(COMMAND, self.read(COMMAND) | SPIN_UP | POWER);
    }

    /// Returns whether the port has found a disk, whose link may not work yet.
    pub(super) fn has_disk(&self) -> bool {
        let status = self.read(LINK_STATUS);
        status != u32::MAX && matches!(status & DETECTION, IS_FOUND | IS_CONNECTED)
    }

    /// Returns whether the link to a disk works.
    pub(super) fn is_connected(&self) -> bool {
        let status = self.read(LINK_STATUS);
        status != u32::MAX && status & DETECTION == IS_CONNECTED
    }

    /// Returns what the disk has sent about its kind.
    pub(super) fn signature(&self) -> u32 {
        self.read(SIGNATURE)
    }

    /// Returns the status and the error of the disk.
    pub(super) fn status(&self) -> Status {
        Status::from_word(self.read(TASK_FILE))
    }

    /// Stops commands and the reception of frames.
    pub(super) fn stop(&self) -> Result<(), AhciError> {
        for (bit, is_working) in [(START, IS_RUNNING), (RECEIVE, IS_RECEIVING)] {
            self.write(COMMAND, self.read(COMMAND) & !bit);
            if !wait(STOP_NS, || self.read(COMMAND) & is_working == 0) {
                return Err(AhciError::Stop);
            }
        }
        Ok(())
    }

    /// Makes the port receive frames; `list` and `received` are the addresses of its memory.
    pub(super) fn receive(&self, list: u64, received: u64) {
        self.write_address(LIST, list);
        self.write_address(RECEIVED, received);
        self.write(COMMAND, self.read(COMMAND) | RECEIVE);
    }

    /// Begins a reset of the link, which [`end_link_reset`](Self::end_link_reset) ends after at least
    /// a millisecond.
    pub(super) fn begin_link_reset(&self) {
        self.write(LINK_CONTROL, NO_POWER_SAVING | LINK_RESET);
    }

    /// Ends a reset of the link.
    pub(super) fn end_link_reset(&self) {
        self.write(LINK_CONTROL, NO_POWER_SAVING);
    }

    /// Clears errors and events, and makes the port execute commands.
    pub(super) fn start(&self) {
        self.write(LINK_ERRORS, u32::MAX);
        self.write(EVENTS, u32::MAX);
        self.write(COMMAND, self.read(COMMAND) | START);
        self.write(EVENTS_ENABLE, ANSWERS | FAILURES);
    }

    /// Makes the port send no interrupts until it is started again.
    pub(super) fn mask_events(&self) {
        self.write(EVENTS_ENABLE, 0);
    }

    /// Returns the events since the last call, one bit each.
    pub(super) fn take_events(&self) -> u32 {
        let events = self.read(EVENTS);
        self.write(EVENTS, events);
        events
    }

    /// Issues the command of a slot; `is_queued` as for [`ata::command::Queuing`].
    pub(super) fn issue(&self, slot: u16, is_queued: bool) {
        if is_queued {
            self.write(ACTIVE, 1 << slot);
        }
        self.write(ISSUE, 1 << slot);
    }

    /// Returns the slots whose commands haven't ended, one bit each.
    pub(super) fn active(&self) -> u32 {
        self.read(ISSUE) | self.read(ACTIVE)
    }
}
