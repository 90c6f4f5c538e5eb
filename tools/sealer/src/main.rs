//! Seals images, and verifies them: see `tools/seal --help`.
//!
//! The format is in `crates/security/seal`; `docs/verified-boot.md` describes the whole.

#![forbid(unsafe_code)]

mod arguments;
mod disk;
mod efi_program;
mod events;
mod image;
mod kernel;
mod keys;
mod replaying;
mod sealing;
mod verifying;

use std::process::ExitCode;

use arguments::Command;
use seal::Entry;

fn main() -> ExitCode {
    let done = arguments::read().and_then(|command| match command {
        Command::Help => {
            print!("{}", arguments::HELP);
            Ok(true)
        }
        Command::NewKey { file } => keys::make(&file).map(|()| true),
        Command::PublicKey { file } => {
            println!("{}", keys::public_key(&file)?);
            Ok(true)
        }
        Command::Stamp { key, kernel } => kernel::stamp(&kernel, &key).map(|()| true),
        Command::Image(order) => sealing::seal(&order).map(|()| true),
        Command::HashDisk { disk, partition, hashes } => {
            println!("{}", Entry::Disk(disk::hash(&disk, partition, &hashes)?));
            Ok(true)
        }
        Command::Verify { image, key } => verifying::verify(&image, &key),
        Command::Events { log } => events::list(&log).map(|()| true),
        Command::Replay { image, key } => replaying::replay(&image, &key),
    });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("seal: {error:#}");
            ExitCode::FAILURE
        }
    }
}
