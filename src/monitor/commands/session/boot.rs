//! `boot`: how long the stages of the boot took, the size of the image, and the memory in use at the
//! end of the boot.

use core::fmt::{self, Write};

use memory_map::Kind;

use crate::arch::boot_stage;
use crate::arch::time::clock::{self, NS_PER_SECOND};
use crate::mm::kernel::frames::Purpose;
use crate::mm::kernel::image::{self, Section};
use crate::mm::kernel::layout::{FIRST_MIB_END, FRAME_BYTES};
use crate::mm::kernel::{loader_memory, ram};
use crate::monitor::boot_record;
use crate::monitor::command::{Command, NO_WORDS, Run};
use crate::monitor::machine::Machine;

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "boot",
    usage: "",
    summary: "Shows how long the boot took, and the memory in use after it.",
    example: "boot",
    words: NO_WORDS,
    run: Run::Machine(|machine, arguments, out| {
        arguments.end()?;
        show_stages(out)?;
        show_image(machine, out)?;
        Ok(show_memory(machine, out)?)
    }),
};

/// Shows each stage, from the first reading of the time stamp counter to the end of the boot: its
/// duration in ticks and milliseconds, and its share of the whole.
fn show_stages(out: &mut dyn Write) -> fmt::Result {
    let Some(end) = boot_stage::end_tick() else {
        return writeln!(out, "the boot isn't complete");
    };
    writeln!(out, "stage                                 ticks           ms   share")?;
    let mut show = |name: &str, ticks: u64| {
        let us = u128::from(ticks) * u128::from(NS_PER_SECOND / 1000)
            / u128::from(clock::rate().hz.max(1));
        let permille = u128::from(ticks) * 1000 / u128::from(end.max(1));
        writeln!(
            out,
            "  {name:30} {ticks:>10} {:>8}.{:03} {:>4}.{} %",
            us / 1000,
            us % 1000,
            permille / 10,
            permille % 10
        )
    };
    let (mut name, mut begin) = ("stub", 0);
    for stage in boot_stage::times() {
        show(name, stage.begin_tick.saturating_sub(begin))?;
        (name, begin) = (stage.name, stage.begin_tick);
    }
    show(name, end.saturating_sub(begin))?;
    show("all", end)
}

fn show_bytes(out: &mut dyn Write, name: fmt::Arguments<'_>, bytes: u64) -> fmt::Result {
    // Each name is shorter than its column.
    let mut column = heapless::String::<40>::new();
    let _ = column.write_fmt(name);
    writeln!(out, "  {column:30} {bytes:>10} {:>8} KiB", bytes.div_ceil(1024))
}

fn section_bytes(section: Section) -> u64 {
    let range = image::section(section);
    range.end - range.start
}

fn show_image(machine: &Machine, out: &mut dyn Write) -> fmt::Result {
    let (data, zeros) = image::data_bytes();
    writeln!(out, "image                                 bytes")?;
    show_bytes(out, format_args!("code"), section_bytes(Section::Text))?;
    show_bytes(out, format_args!("constants"), section_bytes(Section::Rodata))?;
    show_bytes(out, format_args!("variables"), data)?;
    show_bytes(out, format_args!("zeroed variables"), zeros)?;
    for module in machine.boot.information.modules.iter() {
        let bytes = u64::from(module.end.saturating_sub(module.start));
        show_bytes(out, format_args!("module {}", module.arguments), bytes)?;
    }
    Ok(())
}

/// Shows the RAM that the firmware reports as usable, minus what was free.
fn show_memory(machine: &Machine, out: &mut dyn Write) -> fmt::Result {
    let counts = boot_record::counts();
    let usable = machine.boot.information.memory.available_bytes();
    let used = usable.saturating_sub(counts.free as u64 * FRAME_BYTES);
    writeln!(out, "memory in use when the boot was complete")?;
    let mut left = used;
    let mut show = |name: fmt::Arguments<'_>, bytes: u64| {
        left = left.saturating_sub(bytes);
        show_bytes(out, name, bytes)
    };
    let first_mib = ram::map().regions().iter();
    let first_mib = first_mib
        .filter(|region| region.kind == Kind::Kernel && region.end <= FIRST_MIB_END.as_u64());
    show(format_args!("first MiB"), first_mib.map(|region| region.len_bytes()).sum())?;
    let (image, stub) = (image::frames(), image::stub_frames());
    // The stub's frames were freed.
    show(format_args!("image"), (image.end - image.start) - (stub.end - stub.start))?;
    for module in machine.boot.information.modules.iter() {
        // The frames of a taken module are counted by their purpose.
        let range = loader_memory::place(&module);
        if loader_memory::is_taken(&range) {
            continue;
        }
        let bytes = u64::from(module.end.saturating_sub(module.start));
        show(format_args!("module {}", module.arguments), bytes.next_multiple_of(FRAME_BYTES))?;
    }
    for (purpose, name) in Purpose::ALL {
        let frames = counts.used_for(purpose);
        if frames > 0 {
            show(format_args!("{name}"), frames as u64 * FRAME_BYTES)?;
        }
    }
    let rest = left;
    show_bytes(out, format_args!("bitmaps, memory map"), rest)?;
    show_bytes(out, format_args!("all"), used)
}
