//! `msr`: model-specific registers.

use core::fmt::{self, Write};

use registers::memory_type::{MemoryType, page_attributes};
use registers::msr::{self, Msr};

use crate::arch::debug::probe::{self, Faulted};
use crate::monitor::arguments::{ArgumentError, Arguments};
use crate::monitor::command::{Command, Error, Run};
use crate::monitor::format::fields::{self, Choice};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "msr",
    usage: "[NUMBER or NAME]",
    summary: "Reads model-specific registers, by name or number.",
    example: "msr c0000080",
    words: |_, offer| msr::ALL.iter().for_each(|msr| offer(msr.name)),
    run: Run::Always(show),
};

fn show(mut arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let word = arguments.word();
    arguments.end()?;
    let Some(word) = word else {
        return Ok(list(out)?);
    };
    let number = match msr::by_name(word) {
        Some(msr) => msr.number,
        None => {
            let number =
                Arguments::new(word).number()?.ok_or(ArgumentError::Missing("a number"))?;
            let Ok(number) = u32::try_from(number) else {
                return Ok(writeln!(out, "{number:#x}: more than 32 bits")?);
            };
            number
        }
    };
    Ok(show_one(number, out)?)
}

fn list(out: &mut dyn Write) -> fmt::Result {
    writeln!(out, "number   name              value              what")?;
    for Msr { number, name, purpose } in msr::ALL {
        let Ok(value) = probe::read_msr(*number) else {
            writeln!(out, "{number:8x} {name:17} none               {purpose}")?;
            continue;
        };
        writeln!(out, "{number:8x} {name:17} {value:#018x} {purpose}")?;
        if let Some(layout) = msr::layout(*number) {
            write!(out, "{:27}set:", "")?;
            for field in layout.set_in(value) {
                write!(out, " {}", field.name)?;
            }
            writeln!(out)?;
        }
        if *number == msr::PAT_NUMBER {
            write!(out, "{:27}0 to 7:", "")?;
            for memory_type in page_attributes(value) {
                write!(out, " {}", memory_type.mnemonic())?;
            }
            writeln!(out)?;
        }
    }
    Ok(())
}

fn show_one(number: u32, out: &mut dyn Write) -> fmt::Result {
    let msr = msr::by_number(number);
    let name = msr.map_or("", |msr| msr.name);
    let value = match probe::read_msr(number) {
        Ok(value) => value,
        Err(Faulted) => {
            return writeln!(out, "{number:#x} {name}: this CPU has no such register");
        }
    };
    if let Some(layout) = msr::layout(number) {
        return fields::write(out, layout, value, Choice::All);
    }
    let purpose = msr.map_or("", |msr| msr.purpose);
    writeln!(out, "{number:#x} {name} {value:#018x}  {purpose}")?;
    if number == msr::PAT_NUMBER {
        for (index, memory_type) in page_attributes(value).into_iter().enumerate() {
            let bit = |bit: usize| index >> bit & 1;
            let words = words(memory_type);
            writeln!(out, "  PAT {} PCD {} PWT {}: {words}", bit(2), bit(1), bit(0))?;
        }
    }
    Ok(())
}

fn words(memory_type: MemoryType) -> &'static str {
    match memory_type {
        MemoryType::Uncacheable => "UC, not cached",
        MemoryType::WriteCombining => "WC, writes are combined",
        MemoryType::WriteThrough => "WT, writes go through",
        MemoryType::WriteProtected => "WP, writes are not cached",
        MemoryType::WriteBack => "WB, cached",
        MemoryType::UncachedMinus => "UC-, not cached, unless an MTRR combines writes",
        MemoryType::Reserved(_) => "reserved",
    }
}
