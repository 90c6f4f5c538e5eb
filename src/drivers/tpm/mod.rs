//! The trusted platform module (TPM) 2.0: it keeps hashes of what the machine has booted in registers
//! (PCRs), which can only be extended, so that no later program can hide an earlier one.
//!
//! The firmware and GRUB have used it before. It has one of two interfaces, which ACPI names: [`fifo`]
//! or [`crb`]. Commands are executed one after the other, and a few milliseconds are enough for those
//! that are used here, so the driver polls.
//!
//! Source: TCG PC Client Platform TPM Profile (PTP) 1.05.

mod crb;
mod error;
mod events;
mod fifo;
mod limits;

use alloc::vec::Vec;

use acpi_tables::tpm2::{self, StartMethod};
use hash_tree::Hash;
use tpm_commands::{PCRS, PCRS_PER_READ, answer, command};

use crate::drivers::acpi::Acpi;
use crate::mm::Memory;

use crb::Crb;
pub use error::TpmError;
use fifo::Fifo;

/// The values of all PCRs.
pub type Pcrs = [Hash; PCRS as usize];

/// The machine's TPM.
#[derive(Debug)]
pub struct Tpm {
    interface: Interface,
    /// The events by which it was extended, as far as they are known.
    log: Vec<u8>,
}

#[derive(Debug)]
enum Interface {
    Fifo(Fifo),
    Crb(Crb),
}

/// Returns the TPM, if the machine has one that this driver knows.
pub fn start(_memory: Memory, acpi: Option<&Acpi>) -> Option<Tpm> {
    let table = acpi?.good(tpm2::TPM2).next()?;
    let interface = match tpm2::start_method(&table.bytes) {
        Some(StartMethod::Fifo) => Fifo::find().map(Interface::Fifo),
        Some(StartMethod::CommandResponseBuffer(area)) => Crb::find(area).map(Interface::Crb),
        Some(StartMethod::Other(method)) => Err(TpmError::StartMethod(method)),
        None => Err(TpmError::Table),
    };
    match interface {
        Ok(interface) => {
            log::info!("TPM 2.0, {}", interface.name());
            Some(Tpm { interface, log: events::read(&table.bytes) })
        }
        Err(error) => {
            log::warn!("the TPM isn't used: {error}");
            None
        }
    }
}

impl Interface {
    fn name(&self) -> &'static str {
        match self {
            Self::Fifo(_) => "with a FIFO (TIS)",
            Self::Crb(_) => "with a command response buffer (CRB)",
        }
    }

    /// Executes a command; returns its answer, in `answer`.
    fn execute<'a>(&mut self, command: &[u8], answer: &'a mut [u8]) -> Result<&'a [u8], TpmError> {
        match self {
            Self::Fifo(fifo) => fifo.execute(command, answer),
            Self::Crb(crb) => crb.execute(command, answer),
        }
    }
}

impl Tpm {
    /// Extends a PCR by a digest, and lists that in the event log with `reason`. May wait.
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn extend(&mut self, pcr: u8, digest: &Hash, reason: &str) -> Result<(), TpmError> {
        let mut bytes = [0; answer::MAX_BYTES];
        let answer = self.interface.execute(&command::extend(pcr, digest), &mut bytes)?;
        answer::check(answer)?;
        self.log.extend(event_log::event(pcr, event_log::IPL, digest, reason.as_bytes()));
        Ok(())
    }

    /// Returns the event log: the firmware's, if ACPI says where it is, then what was extended
    /// here.
    pub fn into_log(self) -> Vec<u8> {
        self.log
    }

    /// Reads all PCRs. May wait.
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn pcrs(&mut self) -> Result<Pcrs, TpmError> {
        let mut pcrs = [Hash([0; Hash::LEN_BYTES]); PCRS as usize];
        let mut bytes = [0; answer::MAX_BYTES];
        for (first, values) in (0..).step_by(PCRS_PER_READ.into()).zip(pcrs.as_chunks_mut().0) {
            let answer = self.interface.execute(&command::read(first), &mut bytes)?;
            *values = answer::pcrs(answer, first)?;
        }
        Ok(pcrs)
    }
}
