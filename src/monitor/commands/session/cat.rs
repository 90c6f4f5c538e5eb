//! `cat`: a file, or typed text.

use core::fmt::Write;

use heapless::String;
use line_editor::Key;

use crate::console;
use crate::fs::attributes::Mode;
use crate::fs::file::open;
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::io::SliceSink;
use crate::monitor::command::{Command, Error, NO_WORDS, Run};
use crate::monitor::commands::files::{caller, report};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "cat",
    usage: "[PATH]",
    summary: "Shows a file, or writes what is typed, until Ctrl-D, and counts it.",
    example: "cat",
    words: NO_WORDS,
    run: Run::Machine(|_, mut arguments, out| {
        let path = arguments.word();
        arguments.end()?;
        match path {
            Some(path) => show(path, out),
            None => copy(out),
        }
    }),
};

/// The number of bytes that are read at a time, enough for a line of the log.
const READ_BYTES: usize = 1024;

/// Writes the contents of a file. Bytes that aren't text are escaped.
fn show(path: &str, out: &mut dyn Write) -> Result<(), Error> {
    let opened = open::open(&caller(), path.as_bytes(), OpenFlags::NONBLOCK, Mode::empty());
    let Some(file) = report(opened, path, out)? else {
        return Ok(());
    };
    let mut piece = [0; READ_BYTES];
    let mut kept = 0;
    loop {
        // Checked in the loop, because a device may have no end.
        if console::try_read_key().is_some_and(|typed| typed.key == Key::Ctrl('c')) {
            return Err(Error::OutputEnded);
        }
        let read = file.read(&mut SliceSink::new(&mut piece[kept..]));
        let Some(read) = report(read, path, out)? else {
            return Ok(());
        };
        let bytes = &piece[..kept + read];
        let mut shown = 0;
        for chunk in bytes.utf8_chunks() {
            out.write_str(chunk.valid())?;
            shown += chunk.valid().len();
            let is_cut = read > 0 && shown + chunk.invalid().len() == bytes.len();
            if is_cut && chunk.invalid().len() < 4 {
                // The next bytes may contain the rest of a character.
                break;
            }
            write!(out, "{}", chunk.invalid().escape_ascii())?;
            shown += chunk.invalid().len();
        }
        if read == 0 {
            return Ok(());
        }
        let rest = shown..bytes.len();
        kept = rest.len();
        piece.copy_within(rest, 0);
    }
}

/// The number of bytes that are collected before they are written.
const GATHERED_BYTES: usize = 256;

fn copy(out: &mut dyn Write) -> Result<(), Error> {
    let mut gathered = String::<GATHERED_BYTES>::new();
    let (mut chars, mut lines) = (0_u64, 0_u64);
    let mut last = '\n';
    loop {
        let typed = match console::try_read_key() {
            Some(typed) => typed,
            None => {
                out.write_str(&gathered)?;
                gathered.clear();
                console::wait_key()
            }
        };
        let c = match typed.key {
            Key::Char(c) => c,
            Key::Enter => '\n',
            Key::Tab => '\t',
            Key::Ctrl('c') => return Err(Error::OutputEnded),
            Key::Ctrl('d') => break,
            _ => continue,
        };
        last = c;
        chars += 1;
        lines += u64::from(c == '\n');
        if gathered.push(c).is_err() {
            out.write_str(&gathered)?;
            gathered.clear();
            gathered.push(c).expect("it is empty");
        }
    }
    out.write_str(&gathered)?;
    if last != '\n' {
        writeln!(out)?;
    }
    writeln!(out, "{chars} characters, {lines} lines")?;
    Ok(())
}
