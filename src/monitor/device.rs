//! /dev/farjump: the prompt's commands for programs. Only root may open it.
//!
//! A write is a command line. The first thread of the kernel runs it like a typed one, and the
//! write returns when the command has ended. Reads of the same open file return the command's
//! output.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt::{self, Write};
use core::sync::atomic::{AtomicBool, Ordering};

use super::commands::COMMANDS;
use super::dispatch;
use super::machine::Machine;
use crate::fs::attributes::{DeviceNumber, FileKind, Mode};
use crate::fs::devices::{self, Device, DeviceNode};
use crate::fs::error::FsError;
use crate::fs::file::file_ops::FileOps;
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::io::{self, Sink, Source};
use crate::process::init_status;
use crate::sync::{Mutex, Rank, SpinMutex, WaitQueue};

/// The longest line, in bytes.
const LINE_MAX_BYTES: usize = 4096;

/// The largest output that is kept, in bytes.
const OUTPUT_MAX_BYTES: usize = 8 << 20;

/// The number of the device: the first major number for local use, as on Linux.
///
/// Source: Linux, Documentation/admin-guide/devices.txt.
const NUMBER: DeviceNumber = DeviceNumber { major: 60, minor: 0 };

/// Commands that run until a key is pressed, which a program can't do.
const WAITING: [&str; 2] = ["top", "watch"];

/// The command to run, or its output.
enum Slot {
    Free,
    Asked(String),
    Done(Vec<u8>),
}

/// Protects the slot; held to fill or to empty it.
static SLOT: SpinMutex<Slot> = SpinMutex::new(Rank::Files, Slot::Free);
/// Held by the thread whose command line is in the slot, until the output is there.
static TURN: Mutex<()> = Mutex::new(Rank::SpecialFile, ());
/// Whether the first thread runs commands for programs.
static IS_OFFERED: AtomicBool = AtomicBool::new(false);
/// Woken when a command has ended.
static ENDED: WaitQueue = WaitQueue::new();

/// An open file of the device, with the output of the last command line.
struct Prompt {
    /// Protects the output, and the number of bytes that were read from it.
    output: Mutex<(Vec<u8>, usize)>,
}

/// Adds the device. Called before files are started, which makes the nodes of all devices.
pub fn start() {
    let added = devices::register(Device {
        kind: FileKind::CharDevice,
        number: NUMBER,
        minors: 1,
        node: Some(DeviceNode { name: "farjump", mode: Mode::from_bits_truncate(0o600) }),
        open,
    });
    if let Err(error) = added {
        log::error!("/dev/farjump: {error}");
    }
}

/// Allows programs to open the device: the first thread will call [`serve`] whenever [`is_asked`]
/// returns true.
pub fn offer() {
    IS_OFFERED.store(true, Ordering::Relaxed);
}

fn open(_number: DeviceNumber, _flags: OpenFlags) -> Result<Arc<dyn FileOps>, FsError> {
    if !IS_OFFERED.load(Ordering::Relaxed) {
        return Err(FsError::NoDevice);
    }
    Ok(Arc::try_new(Prompt { output: Mutex::new(Rank::SpecialFile, (Vec::new(), 0)) })?)
}

/// Returns whether a program waits for a command.
pub fn is_asked() -> bool {
    matches!(*SLOT.lock(), Slot::Asked(_))
}

/// Runs the command that a program waits for, if one does.
pub fn serve(machine: &Machine) {
    let line = {
        let mut slot = SLOT.lock();
        match core::mem::replace(&mut *slot, Slot::Free) {
            Slot::Asked(line) => line,
            other => {
                *slot = other;
                return;
            }
        }
    };
    let mut output = Output(Vec::new());
    let name = line.split_ascii_whitespace().next().unwrap_or_default();
    let reads_keys = WAITING.contains(&name) || line.trim() == "cat";
    let ended = match reads_keys {
        true => writeln!(output, "{name} reads keys: it runs only at the prompt itself"),
        false => dispatch::run(COMMANDS, machine, &line, &mut output),
    };
    if ended.is_err() {
        log::warn!("/dev/farjump: the output of {name} was too long");
    }
    *SLOT.lock() = Slot::Done(output.0);
    ENDED.wake_all();
}

/// The output of a command, up to [`OUTPUT_MAX_BYTES`].
struct Output(Vec<u8>);

impl Write for Output {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() > OUTPUT_MAX_BYTES {
            return Err(fmt::Error);
        }
        self.0.try_reserve(text.len()).map_err(|_| fmt::Error)?;
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// Makes the first thread run a command line; returns its output.
fn ask(line: String) -> Vec<u8> {
    let _turn = TURN.lock();
    *SLOT.lock() = Slot::Asked(line);
    init_status::wake();
    let mut output = None;
    ENDED.wait_until(|| {
        let mut slot = SLOT.lock();
        match core::mem::replace(&mut *slot, Slot::Free) {
            Slot::Done(done) => output = Some(done),
            other => *slot = other,
        }
        output.is_some()
    });
    output.unwrap_or_default()
}

impl FileOps for Prompt {
    fn read(&self, _flags: OpenFlags, _offset: u64, to: &mut dyn Sink) -> Result<usize, FsError> {
        let mut output = self.output.lock();
        let (bytes, read) = &mut *output;
        let copied = io::give(to, &bytes[*read..])?;
        *read += copied;
        Ok(copied)
    }

    fn write(
        &self,
        _flags: OpenFlags,
        _offset: u64,
        from: &mut dyn Source,
    ) -> Result<usize, FsError> {
        let len = from.left();
        if len > LINE_MAX_BYTES {
            return Err(FsError::InvalidArgument);
        }
        let line = String::from_utf8(io::take(from, len)?).map_err(|_| FsError::InvalidArgument)?;
        let output = ask(line);
        let before = core::mem::replace(&mut *self.output.lock(), (output, 0));
        drop(before);
        Ok(len)
    }
}
