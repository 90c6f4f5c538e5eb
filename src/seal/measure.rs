//! The measurement: the root of the sealed medium is extended into a PCR of the TPM, from which others
//! can tell what this machine runs.

use alloc::vec::Vec;
use core::fmt;

use hash_tree::Hash;
use spin::Once;

use super::sealed;
use crate::drivers::tpm::{Pcrs, Tpm, TpmError};

/// The PCR for the root. Firmware and GRUB use those up to 9; Linux's unified kernel images measure
/// what a kernel consists of into this one, too.
///
/// Source: UAPI Group, Linux TPM PCR Registry.
pub const PCR: u8 = 11;

/// What the event log says of the measurement.
const REASON: &str = "Farjump: the root of the medium's hash tree";

/// What was measured, and the PCRs afterwards.
#[derive(Debug)]
struct Measured {
    root: Option<Hash>,
    pcrs: Pcrs,
    /// The event log.
    log: Vec<u8>,
}

static MEASURED: Once<Measured> = Once::new();

/// Extends the root of the sealed medium, if there is one, into [`PCR`]; reads all PCRs. A TPM that
/// fails stops nothing: who asks it finds another value.
pub fn start(tpm: Option<Tpm>) {
    let Some(tpm) = tpm else { return };
    match measure(tpm) {
        Ok(measured) => {
            if let Some(root) = measured.root {
                log::info!("PCR {PCR} of the TPM is extended by {root}");
            }
            MEASURED.call_once(|| measured);
        }
        Err(error) => log::error!("the TPM: {error}; nothing is measured"),
    }
}

fn measure(mut tpm: Tpm) -> Result<Measured, TpmError> {
    let medium = sealed().and_then(|sealed| sealed.manifest.medium());
    let root = medium.map(|medium| medium.root);
    if let Some(root) = &root {
        tpm.extend(PCR, root, REASON)?;
    }
    Ok(Measured { root, pcrs: tpm.pcrs()?, log: tpm.into_log() })
}

/// Returns the root that was measured; `None` if there is none, or no TPM.
pub(super) fn root() -> Option<Hash> {
    MEASURED.get().and_then(|measured| measured.root)
}

/// Returns the event log, for `/proc/farjump/tpm-events`: in the format of the TCG, as Linux has it in
/// `/sys/kernel/security/tpm0/binary_bios_measurements`. Empty without a TPM.
pub fn log() -> &'static [u8] {
    MEASURED.get().map_or(&[], |measured| &measured.log)
}

/// The text for the command `tpm`, and for `/proc/farjump/tpm`: what was measured, then the PCRs.
#[derive(Clone, Copy, Debug)]
pub struct Report;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(measured) = MEASURED.get() else {
            return writeln!(f, "There is no TPM 2.0, or it failed at the start: see the log.");
        };
        match &measured.root {
            Some(root) => writeln!(f, "extended by the kernel: PCR {PCR}, by {root}")?,
            None => writeln!(f, "extended by the kernel: nothing, because it isn't sealed")?,
        }
        for (pcr, value) in measured.pcrs.iter().enumerate() {
            writeln!(f, "PCR {pcr:<2}  {value}")?;
        }
        Ok(())
    }
}
