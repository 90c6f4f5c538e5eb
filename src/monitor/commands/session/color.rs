//! `color`: the colours of the screen.

use terminal::Color;

use crate::console;
use crate::monitor::arguments::ArgumentError;
use crate::monitor::command::{Command, Run};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "color",
    usage: "TEXT BACKGROUND",
    summary: "Changes the colours of the screen's text and background.",
    example: "color yellow blue",
    words: |_, found| NAMES.iter().for_each(|name| found(name)),
    run: Run::Machine(|_, mut arguments, _| {
        let mut color = |what| {
            let word = arguments.word().ok_or(ArgumentError::Missing(what))?;
            let index = NAMES.iter().position(|name| *name == word);
            let index = index.ok_or_else(|| ArgumentError::unknown(word))?;
            Ok::<_, ArgumentError>(Color::Indexed(index as u8))
        };
        let foreground = color("the text's colour")?;
        let background = color("the background's colour")?;
        arguments.end()?;
        console::set_colors(foreground, background);
        Ok(())
    }),
};

/// The names of ANSI's 16 colours, in their order.
const NAMES: [&str; 16] = [
    "black",
    "red",
    "green",
    "brown",
    "blue",
    "magenta",
    "cyan",
    "grey",
    "dark-grey",
    "bright-red",
    "bright-green",
    "yellow",
    "bright-blue",
    "bright-magenta",
    "bright-cyan",
    "white",
];
