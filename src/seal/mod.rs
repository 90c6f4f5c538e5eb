//! The seal: the check that what the loader has loaded is what the image's owner has signed.
//!
//! A kernel has a public key if `tools/iso --seal` has stamped one into it. Then it refuses to run
//! with anything that isn't in a manifest signed by that key: its own text and constants, the
//! modules, the command line. With `seal=scrub` on the command line, which the manifest lists too, it
//! also reads the whole medium before the first program, with `seal=background` beside it. Without a
//! key, nothing is checked.
//!
//! `docs/verified-boot.md` says what this proves, and what it can't.
//!
//! | module | what |
//! | --- | --- |
//! | [`check`] | the check of what was loaded |
//! | [`scrub`] | the check of the whole medium |
//! | [`root_disk`] | the root disk, whose blocks are checked when they are read |
//! | [`measure`] | the root of the medium in the TPM |
//! | [`medium`] | the search for the medium, and reads of it |
//! | [`report`] | what was verified, as a text |

#![forbid(unsafe_code)]

pub mod check;
pub mod measure;
mod medium;
pub mod report;
pub mod root_disk;
pub mod scrub;

use seal::Key;
use spin::Once;

use crate::block::BlockDevices;
use crate::boot::Boot;
use crate::mm::Memory;
use crate::mm::kernel::image;
use crate::{panic, task};

use check::Sealed;
use scrub::Scrubbed;

static SEALED: Once<Sealed> = Once::new();
static SCRUBBED: Once<Scrubbed> = Once::new();

/// Returns the key that the kernel was stamped with; `None` if it isn't sealed.
fn key() -> Option<Key> {
    let key = Key(image::stamped_key());
    (key != Key::NONE).then_some(key)
}

/// Returns what was checked at the start; `None` if the kernel isn't sealed.
pub fn sealed() -> Option<&'static Sealed> {
    SEALED.get()
}

/// Returns the result of the check of the medium at the start; `None` if there was none, or it isn't
/// over.
pub fn scrubbed() -> Option<&'static Scrubbed> {
    SCRUBBED.get()
}

/// Checks what was loaded, before any module is used. Stops the machine if it isn't what was sealed.
pub fn start(_memory: Memory, boot: &Boot) {
    let modules = boot.information.modules;
    let Some(key) = key() else {
        if modules.iter().any(|module| module.arguments == *check::MODULE) {
            log::warn!("the image is sealed, but this kernel has no key, and checks nothing");
        }
        return;
    };
    match check::check(key, boot.information) {
        Ok(sealed) => {
            log::info!("signed by {key}");
            log::info!("before the kernel: {}", sealed.before_the_kernel());
            log::info!("right: the kernel, its command line, modules: {}", modules.len());
            SEALED.call_once(|| sealed);
        }
        Err(refusal) => panic::refuse(&refusal),
    }
}

/// Checks the whole medium, if the command line asks for it: now, or by a thread while others run. Stops
/// the machine if it isn't what was sealed, or can't be read.
pub fn start_scrub(_disks: BlockDevices, boot: &Boot) {
    let (now, later) = (boot.options.is_scrubbed, boot.options.is_scrubbed_in_background);
    match sealed() {
        None if now || later => log::warn!("the medium isn't checked: this kernel isn't sealed"),
        Some(sealed) if now => scrub_or_refuse(sealed),
        Some(sealed) if later => {
            if let Err(error) = task::spawn("scrub", || scrub_or_refuse(sealed)) {
                log::error!("the medium isn't checked: {error}");
            }
        }
        _ => {}
    }
}

fn scrub_or_refuse(sealed: &Sealed) {
    match scrub::scrub(sealed) {
        Ok(scrubbed) => {
            log::info!("{scrubbed}");
            SCRUBBED.call_once(|| scrubbed);
        }
        Err(error) => panic::refuse(&error),
    }
}
