//! The arguments of the program.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use lexopt::prelude::*;
use lexopt::{Arg, Parser};

/// What `--help` prints.
pub const HELP: &str = "\
Seals images, and verifies them. make iso SEAL=key and make key call it.

usage: tools/seal new-key FILE
       tools/seal public-key FILE
       tools/seal verify --key KEY IMAGE
       tools/seal replay --key KEY IMAGE
       tools/seal events LOG
       tools/seal stamp --key FILE KERNEL
       tools/seal image --key FILE --kernel KERNEL [--command-line LINE]…
                        [--module FILE ARGUMENTS]… [--disk LINE] IMAGE
       tools/seal hash-disk --hashes FILE [--partition NUMBER] DISK

new-key     makes a private key: a new file, in PKCS #8, as openssl reads it
public-key  prints the public key of a private one, which others need to verify
verify      verifies an image by a public key (its digits, or a file): prints its manifest,
            and the files and the bytes that differ; ends with 1 if any do
replay      prints the values that PCRs of a TPM have after the image has booted by UEFI: 4 of
            the firmware, for GRUB; 9 of GRUB, for what it loads; 11 of the kernel
events      lists the event log of a TPM, as /proc/farjump/tpm-events has it, and prints the
            values of the PCRs after these events
stamp       writes the public key into a kernel, which then boots only what is sealed by it
image       seals an image: writes its /boot/seal and its /boot/seal.tree, which tools/iso has
            left empty
hash-disk   hashes each block of 4 KiB of a disk's image, or of a partition in it; writes the
            hashes to a file, and prints the manifest's line, for --disk
";

/// What is to be done.
pub enum Command {
    Help,
    NewKey { file: PathBuf },
    PublicKey { file: PathBuf },
    Stamp { key: PathBuf, kernel: PathBuf },
    Image(Order),
    HashDisk { disk: PathBuf, partition: Option<u32>, hashes: PathBuf },
    Verify { image: PathBuf, key: String },
    Replay { image: PathBuf, key: String },
    Events { log: PathBuf },
}

/// What an image is sealed with.
pub struct Order {
    /// The file of the private key.
    pub key: PathBuf,
    /// The kernel's file, stamped.
    pub kernel: PathBuf,
    /// The command lines that are allowed.
    pub command_lines: Vec<String>,
    /// The files that the loader loads, as it passes them, with their arguments.
    pub modules: Vec<(PathBuf, String)>,
    /// The manifest's line of the root disk.
    pub disk: Option<String>,
    pub image: PathBuf,
}

/// Reads the arguments of this program.
pub fn read() -> Result<Command> {
    let mut given = Given::default();
    let mut parser = Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help),
            Long("key") => given.key = Some(parser.value()?),
            Long("kernel") => given.kernel = Some(parser.value()?.into()),
            Long("command-line") => given.command_lines.push(parser.value()?.string()?),
            Long("module") => {
                given.modules.push((parser.value()?.into(), parser.value()?.string()?));
            }
            Long("disk") => given.disk = Some(parser.value()?.string()?),
            Long("hashes") => given.hashes = Some(parser.value()?.into()),
            Long("partition") => given.partition = Some(parser.value()?.parse()?),
            Arg::Value(value) => given.values.push(value),
            other => return Err(other.unexpected().into()),
        }
    }
    given.command()
}

/// The arguments, before it is known whether they fit.
#[derive(Default)]
struct Given {
    values: Vec<OsString>,
    key: Option<OsString>,
    kernel: Option<PathBuf>,
    command_lines: Vec<String>,
    modules: Vec<(PathBuf, String)>,
    disk: Option<String>,
    hashes: Option<PathBuf>,
    partition: Option<u32>,
}

impl Given {
    fn command(self) -> Result<Command> {
        let [command, file] = <[OsString; 2]>::try_from(self.values)
            .ok()
            .context("a command and a file are needed; --help lists them")?;
        let file = PathBuf::from(file);
        let key = self.key.context("--key is missing");
        Ok(match command.to_str() {
            Some("new-key") => Command::NewKey { file },
            Some("public-key") => Command::PublicKey { file },
            Some("stamp") => Command::Stamp { key: key?.into(), kernel: file },
            Some("verify") => Command::Verify { image: file, key: key?.string()? },
            Some("events") => Command::Events { log: file },
            Some("replay") => Command::Replay { image: file, key: key?.string()? },
            Some("image") => Command::Image(Order {
                key: key?.into(),
                kernel: self.kernel.context("--kernel is missing")?,
                command_lines: self.command_lines,
                modules: self.modules,
                disk: self.disk,
                image: file,
            }),
            Some("hash-disk") => Command::HashDisk {
                disk: file,
                partition: self.partition,
                hashes: self.hashes.context("--hashes is missing")?,
            },
            _ => bail!("there is no command {}; --help lists them", command.display()),
        })
    }
}
