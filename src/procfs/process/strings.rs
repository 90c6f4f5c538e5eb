//! `cmdline`, `environ`, `auxv`, `comm`.

use x86_64::VirtAddr;

use crate::fs::error::FsError;
use crate::fs::generated::Text;
use crate::process::current::current;
use crate::process::process::Process;
use crate::procfs::target::Target;

/// Appends the memory of the process from `start` to `end`, as far as it is there. A process that has
/// ended has none.
fn push_memory(process: &Process, start: u64, end: u64, text: &mut Text) -> Result<(), FsError> {
    let Some(memory) = process.memory() else {
        return Ok(());
    };
    let mut at = start;
    let mut bytes = [0; 512];
    while at < end {
        let len = (end - at).min(bytes.len() as u64) as usize;
        let Ok(address) = VirtAddr::try_new(at) else {
            break;
        };
        if memory.read_foreign(address, &mut bytes[..len]).is_err() {
            break;
        }
        text.push(&bytes[..len])?;
        at += len as u64;
    }
    Ok(())
}

/// The arguments. A program that has written over the end of the last one, to change its title, has
/// one string in both areas.
///
/// Source: Linux, fs/proc/base.c, `get_mm_cmdline`.
pub(super) fn cmdline(target: &Target, text: &mut Text) -> Result<(), FsError> {
    let process = target.process()?;
    let program = process.program();
    let (start, end) = program.arguments;
    let mut arguments = Text::new();
    push_memory(&process, start, end, &mut arguments)?;
    let mut bytes = arguments.into_bytes();
    if bytes.last().is_some_and(|last| *last != 0) {
        let mut title = Text::new();
        push_memory(&process, start, program.environment.1.max(end), &mut title)?;
        bytes = title.into_bytes();
        if let Some(len) = bytes.iter().position(|byte| *byte == 0) {
            bytes.truncate(len + 1);
        }
    }
    text.push(&bytes)
}

pub(super) fn environ(target: &Target, text: &mut Text) -> Result<(), FsError> {
    let process = target.process()?;
    let (start, end) = process.program().environment;
    push_memory(&process, start, end, text)
}

pub(super) fn auxv(target: &Target, text: &mut Text) -> Result<(), FsError> {
    let process = target.process()?;
    match process.memory() {
        Some(_) => text.push(&process.program().auxiliary_vector),
        None => Ok(()),
    }
}

pub(super) fn comm(target: &Target, text: &mut Text) -> Result<(), FsError> {
    writeln!(text, "{}", target.process()?.name())
}

/// Sets the name. Only the process itself may.
pub(super) fn set_comm(target: &Target, bytes: &[u8]) -> Result<(), FsError> {
    let own = current().ok_or(FsError::InvalidArgument)?;
    if own.process.pid() != target.pid() {
        return Err(FsError::InvalidArgument);
    }
    let name = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    own.process.set_name(name);
    Ok(())
}
