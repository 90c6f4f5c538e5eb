//! What a command of the prompt is.

use core::fmt::{self, Write};

use super::arguments::{ArgumentError, Arguments};
use super::machine::Machine;

/// A command of the prompt.
pub(super) struct Command {
    /// What is typed.
    pub name: &'static str,
    /// The arguments that it takes.
    pub usage: &'static str,
    /// A sentence on what it does.
    pub summary: &'static str,
    /// An example of its use.
    pub example: &'static str,
    /// The words that Tab offers after the name.
    pub words: Words,
    /// What it does.
    pub run: Run,
}

/// All commands, by name. Only those commands that look at others get them.
#[derive(Clone, Copy)]
pub(super) struct Commands(pub(super) &'static [&'static Command]);

impl Commands {
    /// Returns the command with this name, in either case; `?` is `help`.
    pub(super) fn find(self, name: &str) -> Option<&'static Command> {
        let name = if name == "?" { "help" } else { name };
        self.0.iter().find(|command| command.name.eq_ignore_ascii_case(name)).copied()
    }

    /// Passes the names of all commands to `found`.
    pub(super) fn names(self, found: &mut dyn FnMut(&str)) {
        self.0.iter().for_each(|command| found(command.name));
    }
}

/// Passes the words that may follow a command's name to a function.
pub(super) type Words = fn(Commands, &mut dyn FnMut(&str));

/// A command whose arguments aren't words that could be completed.
pub(super) const NO_WORDS: Words = |_, _| {};

/// What a command does. It writes what it has to say.
#[derive(Clone, Copy)]
pub(super) enum Run {
    /// It needs the machine as bring-up left it.
    Machine(fn(&Machine, Arguments<'_>, &mut dyn Write) -> Result<(), Error>),
    /// It needs the machine, and runs other commands.
    OnMachineAndCommands(
        fn(Commands, &Machine, Arguments<'_>, &mut dyn Write) -> Result<(), Error>,
    ),
    /// It takes no lock and no heap, so that it can be used after a report, too.
    Always(fn(Arguments<'_>, &mut dyn Write) -> Result<(), Error>),
    /// As the last, and it looks at other commands.
    OnCommands(fn(Commands, Arguments<'_>, &mut dyn Write) -> Result<(), Error>),
}

impl Run {
    /// Returns whether it can be used after a report.
    pub(super) fn is_always(self) -> bool {
        matches!(self, Self::Always(_) | Self::OnCommands(_))
    }
}

/// Why a command ended early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Error {
    /// Its arguments aren't understood.
    Argument(ArgumentError),
    /// The user has ended its output.
    OutputEnded,
}

impl From<ArgumentError> for Error {
    fn from(error: ArgumentError) -> Self {
        Self::Argument(error)
    }
}

impl From<fmt::Error> for Error {
    fn from(_: fmt::Error) -> Self {
        Self::OutputEnded
    }
}
