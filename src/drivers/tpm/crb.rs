//! The command response buffer, CRB: a command is written to memory, and its answer is read from there.
//!
//! Source: PTP, "Command Response Buffer Interface".

use tpm_commands::answer::{self, AnswerError, HEADER_BYTES};
use x86_64::PhysAddr;

use super::error::TpmError;
use super::limits::{COMMAND_NS, LOCALITY_NS};
use crate::drivers::wait::wait;
use crate::mm::kernel::device_memory::{DeviceMemory, Writes};
use crate::mm::kernel::layout::FRAME_BYTES;

// Offsets in the control area, in bytes.
const REQUEST: u64 = 0x00;
const STATUS: u64 = 0x04;
const START: u64 = 0x0C;
const COMMAND_BYTES: u64 = 0x18;
const COMMAND_LOW: u64 = 0x1C;
const COMMAND_HIGH: u64 = 0x20;
const ANSWER_BYTES: u64 = 0x24;
const ANSWER_LOW: u64 = 0x28;
const ANSWER_HIGH: u64 = 0x2C;
const CONTROL_AREA_BYTES: u64 = 0x30;

/// The registers of the locality are before the control area, if that is at this place of a page.
const CONTROL_AREA: u64 = 0x40;
// Offsets in the page, in bytes.
const LOCALITY_STATE: u64 = 0x00;
const LOCALITY_CONTROL: u64 = 0x08;

// The locality: assigned, and the bits are valid; asks for it; gives it back.
const ASSIGNED: u32 = 1 << 1 | 1 << 7;
const ASK: u32 = 1 << 0;
const GIVE_BACK: u32 = 1 << 1;

// Requests: makes the TPM ready for a command; makes it idle.
const READY: u32 = 1 << 0;
const IDLE: u32 = 1 << 1;
/// Status: a fatal error.
const HAS_FAILED: u32 = 1 << 0;

/// The limit for it to be ready or idle. Source: PTP, "Timeouts": TIMEOUT_C.
const READY_NS: u64 = 200_000_000;

/// The TPM's memory.
#[derive(Debug)]
pub(super) struct Crb {
    /// The page with the registers of the locality, if there are any.
    locality: Option<DeviceMemory>,
    control: DeviceMemory,
    command: DeviceMemory,
    answer: DeviceMemory,
    /// The lengths of the last two, in bytes.
    command_bytes: u64,
    answer_bytes: u64,
}

impl Crb {
    /// Finds the TPM with this control area.
    pub(super) fn find(area: u64) -> Result<Self, TpmError> {
        let locality = match area % FRAME_BYTES {
            CONTROL_AREA => Some(map(area - CONTROL_AREA, CONTROL_AREA)?),
            _ => None,
        };
        let control = map(area, CONTROL_AREA_BYTES)?;
        let wide =
            |low, high| u64::from(control.read_u32(low)) | u64::from(control.read_u32(high)) << 32;
        let command_bytes = u64::from(control.read_u32(COMMAND_BYTES)).min(FRAME_BYTES);
        let answer_bytes = u64::from(control.read_u32(ANSWER_BYTES)).min(FRAME_BYTES);
        let command = map(wide(COMMAND_LOW, COMMAND_HIGH), command_bytes)?;
        let answer = map(wide(ANSWER_LOW, ANSWER_HIGH), answer_bytes)?;
        if control.read_u32(STATUS) == u32::MAX {
            return Err(TpmError::Absent);
        }
        Ok(Self { locality, control, command, answer, command_bytes, answer_bytes })
    }

    /// Executes a command; returns its answer, in `answer`.
    pub(super) fn execute<'a>(
        &self,
        command: &[u8],
        answer: &'a mut [u8],
    ) -> Result<&'a [u8], TpmError> {
        if let Some(locality) = &self.locality {
            locality.write_u32(LOCALITY_CONTROL, ASK);
            if !wait(LOCALITY_NS, || locality.read_u32(LOCALITY_STATE) & ASSIGNED == ASSIGNED) {
                return Err(TpmError::NotReady);
            }
        }
        let answered = self.send(command).and_then(|()| self.receive(answer));
        self.control.write_u32(REQUEST, IDLE);
        wait(READY_NS, || self.control.read_u32(REQUEST) & IDLE == 0);
        if let Some(locality) = &self.locality {
            locality.write_u32(LOCALITY_CONTROL, GIVE_BACK);
        }
        Ok(&answer[..answered?])
    }

    /// Writes a command, and executes it.
    fn send(&self, command: &[u8]) -> Result<(), TpmError> {
        self.control.write_u32(REQUEST, READY);
        if !wait(READY_NS, || self.control.read_u32(REQUEST) & READY == 0) {
            return Err(TpmError::NotReady);
        }
        if command.len() as u64 > self.command_bytes {
            return Err(TpmError::Command);
        }
        for (at, &byte) in (0..).zip(command) {
            self.command.write_u8(at, byte);
        }
        self.control.write_u32(START, 1);
        if !wait(COMMAND_NS, || self.control.read_u32(START) == 0) {
            return Err(TpmError::TimedOut);
        }
        if self.control.read_u32(STATUS) & HAS_FAILED != 0 {
            return Err(TpmError::Failed);
        }
        Ok(())
    }

    /// Reads an answer; returns its length.
    fn receive(&self, to: &mut [u8]) -> Result<usize, TpmError> {
        let mut header = [0; HEADER_BYTES];
        self.read(&mut header)?;
        let len = answer::len_bytes(&header)?;
        self.read(to.get_mut(..len).ok_or(AnswerError::Length)?)?;
        Ok(len)
    }

    /// Reads the beginning of an answer.
    fn read(&self, to: &mut [u8]) -> Result<(), TpmError> {
        if to.len() as u64 > self.answer_bytes {
            return Err(AnswerError::Length.into());
        }
        for (at, byte) in (0..).zip(to) {
            *byte = self.answer.read_u8(at);
        }
        Ok(())
    }
}

fn map(start: u64, len_bytes: u64) -> Result<DeviceMemory, TpmError> {
    let start = PhysAddr::try_new(start).map_err(|_| TpmError::Absent)?;
    // SAFETY: a TPM accesses no memory but its own buffer, which the mapping refuses if it is RAM.
    Ok(unsafe { DeviceMemory::map("TPM", start, len_bytes, Writes::Strict)? })
}
