//! `mounts`: the mounted file systems.

use super::report;
use crate::fs;
use crate::monitor::command::{Command, NO_WORDS, Run};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "mounts",
    usage: "",
    summary: "Lists the file systems, their places, and how full they are.",
    example: "mounts",
    words: NO_WORDS,
    run: Run::Machine(|_, arguments, out| {
        arguments.end()?;
        let Some(roots) = report(fs::mounted(), "mounts", out)? else {
            return Ok(());
        };
        writeln!(out, "kind           KiB used    inodes rights place")?;
        for path in roots {
            let mount = path.mount();
            let usage = mount.super_block().usage();
            let used_kib = usage.blocks.saturating_sub(usage.free_blocks);
            let used_kib = used_kib.saturating_mul(usage.block_bytes) / 1024;
            let inodes = usage.inodes.saturating_sub(usage.free_inodes);
            let rights = match mount.is_read_only() {
                true => "ro",
                false => "rw",
            };
            write!(out, "{:10} {used_kib:12} {inodes:9} {rights:6} ", mount.super_block().kind())?;
            match path.text(fs::root()) {
                Ok(Some(text)) => writeln!(out, "{}", text.escape_ascii())?,
                _ => writeln!(out, "(not in this tree)")?,
            }
        }
        Ok(())
    }),
};
