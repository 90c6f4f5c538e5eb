//! The start of a port, and its reset after errors.
//!
//! Source: Serial ATA AHCI 1.3.1, "System Software Specific Initialization", "Error Recovery".

use super::error::AhciError;
use super::port::{Port, RECEIVED};
use crate::drivers::wait::wait;

/// The time in which a disk spins up and becomes ready.
const READY_NS: u64 = 10_000_000_000;
/// The time of a link's reset, and the one in which the link works again.
const LINK_RESET_NS: u64 = 1_000_000;
pub(super) const LINK_NS: u64 = 1_000_000_000;

impl Port {
    /// Makes the port execute commands, once the disk is ready.
    pub(super) fn start(&self) -> Result<(), AhciError> {
        self.receive();
        self.wait_until_ready()?;
        self.registers.start();
        Ok(())
    }

    fn receive(&self) {
        let list = self.memory.start().as_u64();
        self.registers.receive(list, list + RECEIVED as u64);
    }

    fn wait_until_ready(&self) -> Result<(), AhciError> {
        let is_connected = || self.registers.is_connected();
        wait(READY_NS, || self.registers.status().is_ready() || !is_connected());
        if !is_connected() {
            return Err(AhciError::Gone);
        }
        match self.registers.status().is_ready() {
            true => Ok(()),
            false => Err(AhciError::NotReady),
        }
    }

    fn reset_link(&self) -> Result<(), AhciError> {
        self.registers.begin_link_reset();
        wait(LINK_RESET_NS, || false);
        self.registers.end_link_reset();
        match wait(LINK_NS, || self.registers.is_connected()) {
            true => Ok(()),
            false => Err(AhciError::Gone),
        }
    }

    /// Resets the disk and the port, and makes it execute commands again. None is in flight; the gate
    /// is closed.
    pub(super) fn reset(&self) -> Result<(), AhciError> {
        self.registers.stop()?;
        self.receive();
        // A drive with packets forgets why a command has failed when it is reset, and reports the reset
        // as the failure of the next command.
        if !self.has_packets() || !self.registers.status().is_ready() {
            self.reset_link()?;
        }
        self.wait_until_ready()?;
        self.registers.start();
        Ok(())
    }
}
