//! The description of a command.

use core::fmt::{self, Write};

use super::arguments::{ArgumentError, Arguments};
use super::machine::Machine;

/// A command of the prompt.
pub(super) struct Command {
    /// The word to type.
    pub name: &'static str,
    /// The arguments that it accepts.
    pub usage: &'static str,
    /// A sentence that describes it.
    pub summary: &'static str,
    /// An example of its use.
    pub example: &'static str,
    /// The words that Tab completes after the name.
    pub words: Words,
    /// The function that runs it.
    pub run: Run,
}

/// All commands, by name. They are passed only to commands that need them.
#[derive(Clone, Copy)]
pub(super) struct Commands(pub(super) &'static [&'static Command]);

impl Commands {
    /// Returns the command `name`, in upper or lower case; `?` is `help`.
    pub(super) fn find(self, name: &str) -> Option<&'static Command> {
        let name = if name == "?" { "help" } else { name };
        self.0.iter().find(|command| command.name.eq_ignore_ascii_case(name)).copied()
    }

    /// Calls `found` with the name of each command.
    pub(super) fn names(self, found: &mut dyn FnMut(&str)) {
        self.0.iter().for_each(|command| found(command.name));
    }
}

/// Calls a function with each word that Tab completes after a command's name.
pub(super) type Words = fn(Commands, &mut dyn FnMut(&str));

/// No words: the command's arguments can't be completed.
pub(super) const NO_WORDS: Words = |_, _| {};

/// The function of a command. It writes its output to the given writer.
#[derive(Clone, Copy)]
pub(super) enum Run {
    /// The function needs the machine.
    Machine(fn(&Machine, Arguments<'_>, &mut dyn Write) -> Result<(), Error>),
    /// The function needs the machine, and runs other commands.
    OnMachineAndCommands(
        fn(Commands, &Machine, Arguments<'_>, &mut dyn Write) -> Result<(), Error>,
    ),
    /// The function takes no lock and doesn't use the heap, so it can also run after a report.
    Always(fn(Arguments<'_>, &mut dyn Write) -> Result<(), Error>),
    /// Like `Always`; the function also needs the other commands.
    OnCommands(fn(Commands, Arguments<'_>, &mut dyn Write) -> Result<(), Error>),
}

impl Run {
    /// Returns whether it can run after a report.
    pub(super) fn is_always(self) -> bool {
        matches!(self, Self::Always(_) | Self::OnCommands(_))
    }
}

/// The reason why a command has ended early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Error {
    /// An argument was rejected.
    Argument(ArgumentError),
    /// The user has ended the output.
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
