//! `mkdir`: makes a directory.

use super::{caller, path, report};
use crate::fs::attributes::Mode;
use crate::fs::namespace::create;
use crate::monitor::command::{Command, NO_WORDS, Run};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "mkdir",
    usage: "PATH",
    summary: "Makes a directory.",
    example: "mkdir /tmp",
    words: NO_WORDS,
    run: Run::Machine(|_, mut arguments, out| {
        let text = path(&mut arguments)?;
        arguments.end()?;
        let mode = Mode::from_bits_truncate(0o755);
        report(create::make_directory(&caller(), text.as_bytes(), mode), text, out)?;
        Ok(())
    }),
};
