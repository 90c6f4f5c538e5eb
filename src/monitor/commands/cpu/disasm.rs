//! `disasm`: the instructions at an address.

use core::fmt::{self, Write};

use disassembler::{INSTRUCTION_BYTES_MAX, Instruction};
use heapless::Vec;
use x86_64::VirtAddr;

use crate::arch::debug::backtrace::Backtrace;
use crate::mm::debug::peek;
use crate::monitor::arguments::{ArgumentError, Arguments};
use crate::monitor::command::{Command, Error, NO_WORDS, Run};
use crate::monitor::format::labels::Function;
use crate::{panic, symbols};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "disasm",
    usage: "[ADDRESS or FUNCTION [COUNT]]",
    summary: "Shows instructions of memory, with the functions that they name.",
    example: "disasm rust_main 20",
    words: NO_WORDS,
    run: Run::Always(show),
};

/// The default number of instructions.
const COUNT: u64 = 0x10;
/// The function that is shown by default while the kernel runs.
const START: &str = "rust_main";
/// The width of the column for an instruction's bytes. More bytes move the text to the right.
const SHOWN_BYTES: usize = 8;

fn show(mut arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let start = arguments.optional_address()?;
    let count = arguments.number()?.unwrap_or(COUNT);
    arguments.end()?;
    let Some(mut address) = start.or_else(default_start) else {
        return Err(ArgumentError::Missing("an address").into());
    };
    let mut function = None;
    for _ in 0..count {
        let bytes = read(address);
        if bytes.is_empty() {
            return Ok(writeln!(out, "{address:#018x} can't be read")?);
        }
        let here = symbols::function_at(address);
        if let Some(here) = here.filter(|here| function != Some(here.start)) {
            writeln!(out, "{}:", here.name)?;
        }
        function = here.map(|here| here.start);
        let length = show_one(address, &bytes, out)?;
        let Some(next) = next(address, length) else {
            return Ok(());
        };
        address = next;
    }
    Ok(())
}

/// Returns the address where the kernel stopped; if it runs, the address of [`START`]; without
/// symbols, an address in the current function's caller.
fn default_start() -> Option<VirtAddr> {
    if let Some(trace) = panic::last_trace() {
        return trace.instruction.or_else(|| trace.addresses().next());
    }
    let found = symbols::find(START).find(|function| function.name == START);
    let start = found.and_then(|function| VirtAddr::try_new(function.start).ok());
    start.or_else(|| Backtrace::here().next())
}

/// Returns the readable bytes at `address`, at most the length of the longest instruction.
fn read(address: VirtAddr) -> Vec<u8, INSTRUCTION_BYTES_MAX> {
    (0..INSTRUCTION_BYTES_MAX).map_while(|offset| peek::read(next(address, offset)?)).collect()
}

/// Returns the address that is `len_bytes` after `address`, if it is canonical.
fn next(address: VirtAddr, len_bytes: usize) -> Option<VirtAddr> {
    VirtAddr::try_new(address.as_u64().checked_add(len_bytes as u64)?).ok()
}

/// Shows the instruction at the start of `bytes`; returns its length.
fn show_one(address: VirtAddr, bytes: &[u8], out: &mut dyn Write) -> Result<usize, fmt::Error> {
    let decoded = Instruction::decode(bytes, address.as_u64());
    // Bytes that can't be decoded are shown one by one.
    let length = decoded.as_ref().map_or(1, Instruction::len_bytes);
    write!(out, "{:016x} ", address.as_u64())?;
    match symbols::function_at(address) {
        Some(function) => write!(out, "+{:<5x} ", address.as_u64() - function.start)?,
        None => write!(out, "       ")?,
    }
    for byte in &bytes[..length] {
        write!(out, "{byte:02x}")?;
    }
    write!(out, "{:1$} ", "", 2 * SHOWN_BYTES.saturating_sub(length))?;
    match &decoded {
        Ok(instruction) => {
            write!(out, "{instruction}")?;
            let target = instruction.target().and_then(|target| VirtAddr::try_new(target).ok());
            if let Some(target) = target.filter(|target| symbols::function_at(*target).is_some()) {
                write!(out, " <{}>", Function(target))?;
            }
        }
        Err(error) => write!(out, "({error})")?,
    }
    writeln!(out)?;
    Ok(length)
}
