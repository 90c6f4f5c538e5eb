//! `stat`: the attributes of a file.

use core::fmt::{self, Write};

use civil_time::CivilTime;
use path_walk::LastLink;

use super::ls::rights;
use super::{caller, path, report};
use crate::fs::namespace::lookup;
use crate::monitor::command::{Command, NO_WORDS, Run};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "stat",
    usage: "PATH",
    summary: "Shows the kind, rights, size and times of a file.",
    example: "stat /dev/null",
    words: NO_WORDS,
    run: Run::Machine(|_, mut arguments, out| {
        let text = path(&mut arguments)?;
        arguments.end()?;
        let found = lookup::look_up_path(&caller(), text.as_bytes(), LastLink::Keep);
        let Some(path) = report(found, text, out)? else {
            return Ok(());
        };
        let file = path.inode().metadata();
        let kind = path.mount().super_block().kind();
        writeln!(out, "kind      {:?}, inode {} of {kind} {}", file.kind, file.inode, file.device)?;
        write!(out, "rights    {:04o} ", file.mode.bits())?;
        rights(file.mode, out)?;
        writeln!(out, ", user {}, group {}, {} names", file.uid, file.gid, file.links)?;
        writeln!(out, "size      {} bytes, {} KiB stored", file.size_bytes, file.blocks / 2)?;
        for (name, ns) in [
            ("read", file.accessed_ns),
            ("written", file.modified_ns),
            ("changed", file.changed_ns),
        ] {
            write!(out, "{name:10}")?;
            write_time(ns, out)?;
        }
        Ok(())
    }),
};

fn write_time(ns: i64, out: &mut dyn Write) -> fmt::Result {
    let seconds = u64::try_from(ns.div_euclid(1_000_000_000)).ok();
    match seconds.and_then(|seconds| CivilTime::from_unix_seconds(seconds).ok()) {
        Some(time) => writeln!(out, "{time}"),
        None => writeln!(out, "{ns} ns after 1970"),
    }
}
