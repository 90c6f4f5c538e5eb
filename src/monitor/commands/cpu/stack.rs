//! `stack`: the words on a stack, and the calls among them.

use core::fmt::{self, Write};

use disassembler::is_after_call;
use heapless::Vec;
use x86_64::VirtAddr;

use crate::arch::cpu::control_registers::stack_pointer;
use crate::mm::debug::address_kind::AddressKind;
use crate::mm::debug::peek;
use crate::mm::kernel::image::Section;
use crate::monitor::arguments::Arguments;
use crate::monitor::command::{Command, Error, NO_WORDS, Run};
use crate::symbols::Instruction;

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "stack",
    usage: "[ADDRESS [COUNT]]",
    summary: "Shows the words of the stack, and names calls.",
    example: "stack",
    words: NO_WORDS,
    run: Run::Always(show),
};

/// The default number of words.
const COUNT: u64 = 0x40;

fn show(mut arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let start = arguments.optional_address()?.unwrap_or_else(stack_pointer).align_down(8_u64);
    let count = arguments.number()?.unwrap_or(COUNT);
    arguments.end()?;
    let mut end = None;
    match AddressKind::of(start) {
        AddressKind::Stack(stack) => {
            let range = stack.range();
            let used_bytes = range.end - start;
            writeln!(out, "{stack}, {:#x} to {:#x}", range.start, range.end - 1)?;
            let (used, all) = (used_bytes.div_ceil(1024), stack.len_bytes() / 1024);
            writeln!(out, "{used} of {all} KiB in use above {start:#x}")?;
            end = Some(range.end);
        }
        place => writeln!(out, "{start:#018x}: {place}")?,
    }
    for index in 0..count {
        let address = index.checked_mul(8).and_then(|offset| start.as_u64().checked_add(offset));
        let Some(address) = address.and_then(|address| VirtAddr::try_new(address).ok()) else {
            return Ok(());
        };
        if Some(address) == end {
            return Ok(writeln!(out, "the stack begins here")?);
        }
        let Some(word) = peek::read_u64(address) else {
            return Ok(writeln!(out, "{address:#018x} can't be read")?);
        };
        show_word(address, word, out)?;
    }
    Ok(())
}

fn show_word(address: VirtAddr, word: u64, out: &mut dyn Write) -> fmt::Result {
    write!(out, "{:016x} {word:016x}", address.as_u64())?;
    match VirtAddr::try_new(word) {
        // A return address is after its call, which may be the last instruction of its line.
        Ok(target) if is_return_address(target) => {
            writeln!(out, " {}", Instruction::new(target - 1))
        }
        _ => writeln!(out),
    }
}

/// Returns whether `address` can be a return address in the kernel.
fn is_return_address(address: VirtAddr) -> bool {
    if AddressKind::of(address) != AddressKind::Kernel(Section::Text) {
        return false;
    }
    let before: Vec<u8, 8> =
        (1..=8).rev().map_while(|distance| peek::read(address - distance)).collect();
    before.len() == 8 && is_after_call(&before)
}
