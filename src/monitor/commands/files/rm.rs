//! `rm`: removes a file or an empty directory.

use super::{caller, path, report};
use crate::fs::error::FsError;
use crate::fs::namespace::remove;
use crate::monitor::command::{Command, NO_WORDS, Run};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "rm",
    usage: "PATH",
    summary: "Removes a file or an empty directory.",
    example: "rm /tmp",
    words: NO_WORDS,
    run: Run::Machine(|_, mut arguments, out| {
        let text = path(&mut arguments)?;
        arguments.end()?;
        let removed = match remove::remove_file(&caller(), text.as_bytes()) {
            Err(FsError::IsADirectory) => remove::remove_directory(&caller(), text.as_bytes()),
            result => result,
        };
        report(removed, text, out)?;
        Ok(())
    }),
};
