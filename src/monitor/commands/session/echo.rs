//! `echo`.

use crate::monitor::command::{Command, NO_WORDS, Run};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "echo",
    usage: "[TEXT]",
    summary: "Writes TEXT, in which \\e stands for Escape.",
    example: "echo \\e[32mgreen\\e[0m",
    words: NO_WORDS,
    run: Run::Machine(|_, mut arguments, out| {
        for (index, part) in arguments.rest().split("\\e").enumerate() {
            out.write_str(if index > 0 { "\x1B" } else { "" })?;
            out.write_str(part)?;
        }
        Ok(out.write_str("\n")?)
    }),
};
