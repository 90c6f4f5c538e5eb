//! `cache`: the pages of disks in memory.

use core::fmt::Write;

use crate::fs::device_cache;
use crate::fs::page_cache::dirty;
use crate::monitor::arguments::Arguments;
use crate::monitor::command::{Command, Error, NO_WORDS, Run};
use crate::monitor::machine::Machine;

/// The size of a page, in KiB.
const PAGE_KIB: u64 = 4;

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "cache",
    usage: "",
    summary: "Shows how much of each disk and of its files is in memory.",
    example: "cache",
    words: NO_WORDS,
    run: Run::Machine(show),
};

fn show(_: &Machine, arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    arguments.end()?;
    let caches = device_cache::all();
    if caches.is_empty() {
        writeln!(out, "No disk was used.")?;
        return Ok(());
    }
    writeln!(out, "device       device KiB   files KiB failed writes  file system")?;
    for cache in caches {
        let (own, files) = cache.page_counts();
        let mounted = cache.mounted();
        writeln!(
            out,
            "{:12} {:10} {:11} {:13}  {}",
            cache.device().name(),
            own * PAGE_KIB,
            files * PAGE_KIB,
            cache.failures(),
            mounted.as_ref().map_or("", |super_block| super_block.kind()),
        )?;
    }
    writeln!(out, "to be written: {} KiB", dirty::dirty_pages() * PAGE_KIB)?;
    Ok(())
}
