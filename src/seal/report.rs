//! What was verified, and by whom, as a text.

use core::fmt;

use super::check::{SECTIONS, Sealed};
use super::{measure, root_disk, scrubbed, sealed};

/// The text for the command `seal`, and for `/proc/farjump/seal`.
#[derive(Clone, Copy, Debug)]
pub struct Report;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match sealed() {
            None => {
                writeln!(f, "This kernel isn't sealed: it has no key, and has checked nothing.")
            }
            Some(sealed) => write(sealed, f),
        }
    }
}

fn write(sealed: &Sealed, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "key           {}", sealed.key)?;
    let medium = sealed.manifest.medium();
    if let Some(medium) = medium {
        writeln!(f, "root          {}", medium.root)?;
    }
    writeln!(f, "verified by the kernel, at its start:")?;
    for (name, _) in SECTIONS {
        writeln!(f, "  its {name}")?;
    }
    writeln!(f, "  its command line")?;
    for module in sealed.information.modules.iter() {
        writeln!(f, "  the module {}", module.arguments)?;
    }
    match (medium, scrubbed()) {
        (None, _) => writeln!(f, "the manifest says nothing of the medium")?,
        (Some(medium), Some(scrubbed)) => {
            writeln!(f, "  the medium {}, {} bytes", scrubbed.disk, medium.len_bytes)?;
        }
        (Some(medium), None) => {
            writeln!(f, "not verified:")?;
            writeln!(
                f,
                "  the medium, {} bytes: by seal=scrub or seal=background on the command line",
                medium.len_bytes
            )?;
        }
    }
    if let Some(disk) = sealed.manifest.disk() {
        match root_disk::verified_name() {
            Some(name) => {
                writeln!(f, "verified by the kernel, whenever it is read:")?;
                writeln!(
                    f,
                    "  the root disk {name}, {} bytes, root {}",
                    disk.len_bytes, disk.root
                )?;
            }
            None => {
                writeln!(f, "not verified, because the disk of root= isn't there:")?;
                writeln!(f, "  the root disk, {} bytes, root {}", disk.len_bytes, disk.root)?;
            }
        }
    }
    match measure::root() {
        Some(_) => writeln!(f, "measured: the root, into PCR {} of the TPM", measure::PCR)?,
        None => writeln!(f, "measured: nothing")?,
    }
    writeln!(f, "before the kernel:")?;
    writeln!(f, "  {}", sealed.before_the_kernel())
}
