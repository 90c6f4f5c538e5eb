//! Stages for a command's output: `COMMAND | find TEXT | more > serial`.
//!
//! The output passes through the stages line by line, and then goes to the console,
//! possibly through the pager, or only to the serial line.

use core::fmt::{self, Write};

use heapless::{String, Vec};

use super::pager::Pager;
use crate::console;

/// The stages, for `help`.
pub(super) const STAGES: [(&str, &str); 5] = [
    ("COMMAND | find TEXT", "shows only lines with TEXT, ignoring case"),
    ("COMMAND | skip TEXT", "shows only lines without"),
    ("COMMAND | count", "shows only how many lines there are"),
    ("COMMAND | more", "stops after each screen, as always at the keyboard"),
    ("COMMAND > serial", "shows nothing on the screen"),
];

/// The largest number of stages.
const STAGES_MAX: usize = 4;
/// The longest line in stages, in bytes; the rest is dropped.
const LINE_MAX_BYTES: usize = 512;

/// A stage, which selects or counts lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage<'a> {
    Find(&'a str),
    Skip(&'a str),
    Count,
}

/// The destination of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Console,
    Serial,
}

/// The times at which the output pauses until a key is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paging {
    /// Only after `| more`.
    Asked,
    /// After each screen.
    Always,
}

/// The reason why a line is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ParseError<'a> {
    /// The word after a `|` isn't a stage.
    UnknownStage(&'a str),
    /// A stage lacks its text, or has a text that it doesn't accept.
    Text(&'a str),
    /// There are more stages than [`STAGES_MAX`].
    TooMany,
    /// The word after a `>` isn't `serial`.
    UnknownTarget(&'a str),
}

impl fmt::Display for ParseError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownStage(name) => {
                write!(f, "| {name}: output goes through find, skip, count or more")
            }
            Self::Text(stage) => write!(f, "| {stage}: find and skip take a text, others none"),
            Self::TooMany => write!(f, "output goes through {STAGES_MAX} stages at most"),
            Self::UnknownTarget(name) => write!(f, "> {name}: output can only go to serial"),
        }
    }
}

/// A line, split into its parts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pipeline<'a> {
    /// The command with its arguments.
    pub command: &'a str,
    stages: Vec<Stage<'a>, STAGES_MAX>,
    paging: Paging,
    target: Target,
}

impl<'a> Pipeline<'a> {
    /// Splits `line` at each `|`, and at a `>` between blanks, because names of functions also
    /// contain `>`. Within double quotes both are ordinary characters.
    pub(super) fn parse(line: &'a str, paging: Paging) -> Result<Self, ParseError<'a>> {
        let is_quoted = |at: usize| {
            let quotes = |text: &str| text.matches('"').count();
            // An unpaired quote at the end is ignored.
            quotes(&line[..at]) % 2 == 1 && quotes(&line[at..]) > 0
        };
        let target = line.rmatch_indices(" > ").find(|(at, _)| !is_quoted(*at));
        let (rest, target) = match target.map(|(at, _)| (&line[..at], line[at + 3..].trim())) {
            None => (line, Target::Console),
            Some((rest, "serial")) => (rest, Target::Serial),
            Some((_, name)) => return Err(ParseError::UnknownTarget(name)),
        };
        let is_separator = |(at, c): (usize, char)| c == '|' && !is_quoted(at);
        let mut ends = rest.char_indices().filter(|&it| is_separator(it)).map(|(at, _)| at);
        let mut from = Some(0);
        let mut parts = core::iter::from_fn(|| {
            let begin = from?;
            let end = ends.next();
            from = end.map(|end| end + 1);
            Some(rest[begin..end.unwrap_or(rest.len())].trim())
        });
        let command = parts.next().unwrap_or("");
        let mut pipeline = Self { command, stages: Vec::new(), paging, target };
        for part in parts {
            let (name, text) = part.split_once(' ').unwrap_or((part, ""));
            let stage = match (name, text.trim()) {
                ("find", text) if !text.is_empty() => Stage::Find(unquoted(text)),
                ("skip", text) if !text.is_empty() => Stage::Skip(unquoted(text)),
                ("count", "") => Stage::Count,
                ("more", "") => {
                    pipeline.paging = Paging::Always;
                    continue;
                }
                ("find" | "skip" | "count" | "more", _) => return Err(ParseError::Text(part)),
                _ => return Err(ParseError::UnknownStage(name)),
            };
            pipeline.stages.push(stage).map_err(|_| ParseError::TooMany)?;
        }
        Ok(pipeline)
    }

    /// Returns the writer for the command's output.
    pub(super) fn output(&self) -> Output<'_> {
        let is_paged = self.paging == Paging::Always && self.target == Target::Console;
        Output {
            stages: &self.stages,
            counts: [0; STAGES_MAX],
            target: self.target,
            pager: is_paged.then(Pager::new),
            line: String::new(),
            is_row_open: false,
        }
    }
}

/// The writer for a command's output.
pub(super) struct Output<'a> {
    stages: &'a [Stage<'a>],
    /// The number of lines that each `count` stage has received.
    counts: [u64; STAGES_MAX],
    target: Target,
    pager: Option<Pager>,
    /// The current line, which is incomplete; only used with stages.
    line: String<LINE_MAX_BYTES>,
    /// Whether the last text that was sent ended without a newline.
    is_row_open: bool,
}

impl Output<'_> {
    /// Ends the output when the command has ended.
    pub(super) fn end(&mut self) -> fmt::Result {
        if !self.line.is_empty() {
            self.end_line()?;
        }
        for index in 0..self.stages.len() {
            if self.stages[index] == Stage::Count {
                let count = self.counts[index];
                self.pass_on(index + 1, &format_count(count))?;
            }
        }
        Ok(())
    }

    /// Ends the row after the user has ended the output.
    pub(super) fn give_up(&mut self) {
        if core::mem::take(&mut self.is_row_open) {
            match self.target {
                Target::Serial => console::write_serial("\n"),
                Target::Console => console::write("\n"),
            }
        }
    }

    fn end_line(&mut self) -> fmt::Result {
        let line = core::mem::take(&mut self.line);
        self.pass_on(0, &line)
    }

    /// Passes a line through the stages, starting with index `from`.
    fn pass_on(&mut self, from: usize, line: &str) -> fmt::Result {
        for (stage, count) in self.stages.iter().zip(&mut self.counts).skip(from) {
            let goes_on = match *stage {
                Stage::Find(text) => has(line, text),
                Stage::Skip(text) => !has(line, text),
                Stage::Count => {
                    *count += 1;
                    false
                }
            };
            if !goes_on {
                return Ok(());
            }
        }
        self.send(line)?;
        self.send("\n")
    }

    fn send(&mut self, text: &str) -> fmt::Result {
        let Some(last) = text.chars().last() else {
            return Ok(());
        };
        match (self.target, &mut self.pager) {
            (Target::Serial, _) => console::write_serial(text),
            (Target::Console, None) => console::write(text),
            (Target::Console, Some(pager)) => {
                // The pager only asks at the start of a row, so no row is open if it fails.
                self.is_row_open = false;
                pager.write(text)?;
            }
        }
        self.is_row_open = last != '\n';
        Ok(())
    }
}

impl Write for Output<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // Checked here, so that Ctrl-C ends the output even if stages drop all lines, or the pager
        // asks no further questions.
        if console::is_interrupted() {
            return Err(fmt::Error);
        }
        if self.stages.is_empty() {
            return self.send(text);
        }
        for c in text.chars() {
            if c == '\n' {
                self.end_line()?;
            } else {
                // Long lines are truncated.
                let _ = self.line.push(c);
            }
        }
        Ok(())
    }
}

fn format_count(count: u64) -> String<24> {
    let mut text = String::new();
    write!(text, "{count}").expect("a number has at most 20 digits");
    text
}

/// Returns `text` without the double quotes around it.
fn unquoted(text: &str) -> &str {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inner.filter(|inner| !inner.is_empty()).unwrap_or(text)
}

/// Returns whether `line` contains `text`, ignoring the case of ASCII letters.
fn has(line: &str, text: &str) -> bool {
    let (line, text) = (line.as_bytes(), text.as_bytes());
    line.windows(text.len()).any(|window| window.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests;
