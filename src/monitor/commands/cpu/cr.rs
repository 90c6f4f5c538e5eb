//! `cr`: the control registers, bit by bit.

use core::fmt::Write;

use registers::{Layout, control};

use crate::arch::cpu::control_registers::{Register, read};
use crate::monitor::arguments::Arguments;
use crate::monitor::command::{Command, Error, Run};
use crate::monitor::format::fields::{self, Choice};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "cr",
    usage: "[NAME]",
    summary: "Shows control registers, EFER and RFLAGS, bit by bit.",
    example: "cr cr4",
    words: |_, offer| REGISTERS.iter().for_each(|(_, layout)| offer(layout.name)),
    run: Run::Always(show),
};

const REGISTERS: [(Register, Layout); 8] = [
    (Register::Cr0, control::CR0),
    (Register::Cr2, control::CR2),
    (Register::Cr3, control::CR3),
    (Register::Cr4, control::CR4),
    (Register::Cr8, control::CR8),
    (Register::Efer, control::EFER),
    (Register::Rflags, control::RFLAGS),
    (Register::Xcr0, control::XCR0),
];

fn show(mut arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let name = arguments.word();
    arguments.end()?;
    let Some(name) = name else {
        for (register, layout) in REGISTERS {
            show_one(register, &layout, Choice::Notable, out)?;
        }
        return Ok(());
    };
    match REGISTERS.iter().find(|(_, layout)| layout.name.eq_ignore_ascii_case(name)) {
        Some((register, layout)) => show_one(*register, layout, Choice::All, out),
        None => Ok(writeln!(out, "{name}: no such register; cr alone shows all")?),
    }
}

fn show_one(
    register: Register,
    layout: &Layout,
    choice: Choice,
    out: &mut dyn Write,
) -> Result<(), Error> {
    match read(register) {
        Some(value) => fields::write(out, layout, value, choice)?,
        None => writeln!(out, "{:10} not accessible while CR4.OSXSAVE is clear", layout.name)?,
    }
    Ok(())
}
