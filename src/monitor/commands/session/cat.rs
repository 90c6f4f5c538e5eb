//! `cat`: writes typed text back.

use core::fmt::Write;

use heapless::String;
use line_editor::Key;

use crate::console;
use crate::monitor::command::{Command, Error, NO_WORDS, Run};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "cat",
    usage: "",
    summary: "Writes what is typed or pasted, until Ctrl-D, and counts it.",
    example: "cat",
    words: NO_WORDS,
    run: Run::Machine(|_, arguments, out| {
        arguments.end()?;
        copy(out)
    }),
};

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
