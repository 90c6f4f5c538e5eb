//! `write`: appends a line to a file.

use alloc::string::String;

use super::{caller, path, report};
use crate::fs::attributes::Mode;
use crate::fs::error::FsError;
use crate::fs::file::open;
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::io::SliceSource;
use crate::monitor::command::{Command, NO_WORDS, Run};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "write",
    usage: "PATH TEXT",
    summary: "Appends a line to a file, which is made if it doesn't exist.",
    example: "write /note call home",
    words: NO_WORDS,
    run: Run::Machine(|_, mut arguments, out| {
        let text = path(&mut arguments)?;
        report(append(text, arguments.rest()), text, out)?;
        Ok(())
    }),
};

fn append(path: &str, text: &str) -> Result<(), FsError> {
    let mut line = String::new();
    line.try_reserve(text.len() + 1)?;
    line.push_str(text);
    line.push('\n');
    let flags = OpenFlags::CREATE | OpenFlags::WRITE_ONLY | OpenFlags::APPEND;
    let mode = Mode::from_bits_truncate(0o644);
    let file = open::open(&caller(), path.as_bytes(), flags, mode)?;
    match file.write(&mut SliceSource::new(line.as_bytes()))? {
        written if written < line.len() => Err(FsError::NoSpace),
        _ => Ok(()),
    }
}
