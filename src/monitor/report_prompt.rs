//! The prompt after a report: the commands that need no lock and no heap.
//!
//! It polls the keyboard and the serial line. If a command fails, the failure is reported, and the
//! prompt is started again.

use core::fmt::{self, Write};

use heapless::String;
use line_editor::Key;

use super::arguments::Arguments;
use super::command::Run;
use super::commands::COMMANDS;
use super::dispatch::{report_result, report_unknown};
use crate::console::EmergencyInput;
use crate::klog::Emergency;

const PROMPT: &str = "stopped> ";
const LINE_MAX_BYTES: usize = 120;

/// Reads commands and runs them, after a report. Called with interrupts off.
pub fn run(_words: &dyn fmt::Display) -> ! {
    // `Emergency` never fails.
    let _ = writeln!(
        Emergency,
        "The kernel has stopped. help lists commands that still work, such as reboot."
    );
    let mut input = EmergencyInput::new();
    loop {
        let line = read_line(&mut input);
        if execute(&line, &mut Output(&mut input)).is_err() {
            let _ = Emergency.write_str("^C\n");
        }
    }
}

/// The writer for a command's output, which Ctrl-C ends.
struct Output<'a>(&'a mut EmergencyInput);

impl Write for Output<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        Emergency.write_str(text)?;
        if self.0.is_interrupted() { Err(fmt::Error) } else { Ok(()) }
    }
}

fn read_line(input: &mut EmergencyInput) -> String<LINE_MAX_BYTES> {
    let mut line = String::new();
    let mut out = Emergency;
    let _ = out.write_str(PROMPT);
    loop {
        match input.wait_key() {
            Key::Enter => {
                let _ = out.write_str("\n");
                return line;
            }
            Key::Backspace => {
                if line.pop().is_some() {
                    let _ = out.write_str("\x08 \x08");
                }
            }
            Key::Ctrl('c' | 'u') => {
                while line.pop().is_some() {
                    let _ = out.write_str("\x08 \x08");
                }
            }
            Key::Char(c) if line.push(c).is_ok() => {
                let _ = out.write_char(c);
            }
            _ => {}
        }
    }
}

fn execute(line: &str, out: &mut dyn Write) -> fmt::Result {
    let mut arguments = Arguments::new(line);
    let Some(name) = arguments.word() else {
        return Ok(());
    };
    if name == "help" && line.trim() == name {
        return list(out);
    }
    match COMMANDS.find(name) {
        None => report_unknown(COMMANDS, name, out),
        Some(command) => match command.run {
            Run::Always(run) => report_result(COMMANDS, command, run(arguments, out), out),
            Run::OnCommands(run) => {
                report_result(COMMANDS, command, run(COMMANDS, arguments, out), out)
            }
            Run::Machine(_) | Run::OnMachineAndCommands(_) => {
                writeln!(
                    out,
                    "{name}: needs a running kernel; help lists the commands that still work"
                )
            }
        },
    }
}

/// Lists the commands that can run here.
fn list(out: &mut dyn Write) -> fmt::Result {
    let answers = COMMANDS.0.iter().filter(|command| command.run.is_always());
    for (index, command) in answers.enumerate() {
        let separator = if index % 6 == 5 { "\n" } else { "" };
        write!(out, "{:12}{separator}", command.name)?;
    }
    writeln!(out, "\nhelp COMMAND describes one.")
}
