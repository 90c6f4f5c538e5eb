//! `log`: the newest lines of the log.

use core::fmt;

use log::Level;

use crate::console::history;
use crate::monitor::arguments::ArgumentError;
use crate::monitor::command::{Command, Run};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "log",
    usage: "[error|warn|info]",
    summary: "Shows the newest log lines, of all levels or up to one.",
    example: "log warn",
    words: |_, found| LEVELS.iter().for_each(|(name, _)| found(name)),
    run: Run::Always(|mut arguments, out| {
        let level = match arguments.word() {
            None => Level::Trace,
            Some(word) => {
                let level = LEVELS.iter().find(|(name, _)| *name == word);
                level.ok_or_else(|| ArgumentError::unknown(word))?.1
            }
        };
        arguments.end()?;
        let mut result = fmt::Result::Ok(());
        history::for_each(|line_level, line| {
            if line_level <= level && result.is_ok() {
                result = writeln!(out, "{line}");
            }
        });
        Ok(result?)
    }),
};

const LEVELS: [(&str, Level); 3] =
    [("error", Level::Error), ("warn", Level::Warn), ("info", Level::Info)];
