//! The FIFO interface, TIS: a command is written to one register, byte by byte, and its answer is read
//! from there.
//!
//! Source: PTP, "FIFO Interface".

use tpm_commands::answer::{self, AnswerError, HEADER_BYTES};
use x86_64::PhysAddr;

use super::error::TpmError;
use super::limits::{COMMAND_NS, LOCALITY_NS};
use crate::drivers::wait::wait;
use crate::mm::kernel::device_memory::{DeviceMemory, Writes};

/// The registers of locality 0, that of an operating system without a dynamic root of trust.
const REGISTERS: PhysAddr = PhysAddr::new(0xFED4_0000);
const REGISTERS_BYTES: u64 = 0x1000;

// Offsets of registers, in bytes.
const ACCESS: u64 = 0x00;
const STATUS: u64 = 0x18;
const FIFO: u64 = 0x24;
const VENDOR: u64 = 0xF00;

// Access: asks for the locality; gives it back, if it is the active one; the other bits are valid.
const REQUEST: u8 = 1 << 1;
const ACTIVE: u8 = 1 << 5;
const ACCESS_VALID: u8 = 1 << 7;

// Status: the answer has further bytes; the command needs further bytes; executes the command; makes
// the TPM ready for one; the first two are valid.
const HAS_ANSWER: u32 = 1 << 4;
const EXPECTS: u32 = 1 << 3;
const GO: u32 = 1 << 5;
const READY: u32 = 1 << 6;
const VALID: u32 = 1 << 7;

/// The limit for each step before and after a command. Source: PTP, "Timeouts": TIMEOUT_B.
const READY_NS: u64 = 2_000_000_000;

/// The TPM's registers.
#[derive(Debug)]
pub(super) struct Fifo {
    memory: DeviceMemory,
}

impl Fifo {
    pub(super) fn find() -> Result<Self, TpmError> {
        // SAFETY: a TPM accesses no memory.
        let memory =
            unsafe { DeviceMemory::map("TPM", REGISTERS, REGISTERS_BYTES, Writes::Strict)? };
        match memory.read_u32(VENDOR) {
            0 | u32::MAX => Err(TpmError::Absent),
            _ => Ok(Self { memory }),
        }
    }

    /// Executes a command; returns its answer, in `answer`.
    pub(super) fn execute<'a>(
        &self,
        command: &[u8],
        answer: &'a mut [u8],
    ) -> Result<&'a [u8], TpmError> {
        self.memory.write_u8(ACCESS, REQUEST);
        if !wait(LOCALITY_NS, || self.is_granted()) {
            return Err(TpmError::NotReady);
        }
        let answered = self.send(command).and_then(|()| self.receive(answer));
        // Also ends a command or an answer in the middle.
        self.write_status(READY);
        self.memory.write_u8(ACCESS, ACTIVE);
        Ok(&answer[..answered?])
    }

    fn is_granted(&self) -> bool {
        let granted = ACTIVE | ACCESS_VALID;
        self.memory.read_u8(ACCESS) & granted == granted
    }

    /// Writes a command, and starts it.
    fn send(&self, command: &[u8]) -> Result<(), TpmError> {
        self.write_status(READY);
        if !wait(READY_NS, || self.status() & READY != 0) {
            return Err(TpmError::NotReady);
        }
        for &byte in command {
            self.wait_for_room()?;
            self.memory.write_u8(FIFO, byte);
        }
        if !self.wait_for(VALID) || self.status() & EXPECTS != 0 {
            return Err(TpmError::Command);
        }
        self.write_status(GO);
        Ok(())
    }

    /// Reads an answer; returns its length.
    fn receive(&self, to: &mut [u8]) -> Result<usize, TpmError> {
        if !wait(COMMAND_NS, || self.has(VALID | HAS_ANSWER)) {
            return Err(TpmError::TimedOut);
        }
        let mut header = [0; HEADER_BYTES];
        self.read(&mut header)?;
        let len = answer::len_bytes(&header)?;
        let answer = to.get_mut(..len).ok_or(AnswerError::Length)?;
        let (first, rest) = answer.split_at_mut(HEADER_BYTES);
        first.copy_from_slice(&header);
        self.read(rest)?;
        if self.wait_for(VALID) && self.has(HAS_ANSWER) {
            return Err(AnswerError::Length.into());
        }
        Ok(len)
    }

    fn read(&self, to: &mut [u8]) -> Result<(), TpmError> {
        for byte in to {
            self.wait_for_room()?;
            if !self.has(HAS_ANSWER) {
                return Err(AnswerError::Length.into());
            }
            *byte = self.memory.read_u8(FIFO);
        }
        Ok(())
    }

    /// Waits until a byte can be written or read.
    fn wait_for_room(&self) -> Result<(), TpmError> {
        let has_room = || self.status() >> 8 & 0xFFFF != 0;
        if wait(READY_NS, has_room) { Ok(()) } else { Err(TpmError::NotReady) }
    }

    fn wait_for(&self, bits: u32) -> bool {
        wait(READY_NS, || self.has(bits))
    }

    fn has(&self, bits: u32) -> bool {
        self.status() & bits == bits
    }

    /// Returns the status: bits, and from bit 8 on the number of bytes that can be written or read at
    /// once.
    fn status(&self) -> u32 {
        self.memory.read_u32(STATUS)
    }

    fn write_status(&self, bits: u32) {
        // The other bytes aren't written.
        self.memory.write_u8(STATUS, bits as u8);
    }
}
