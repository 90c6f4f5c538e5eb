//! What a command of the prompt is.

use core::fmt::{self, Write};

use super::Machine;
use super::arguments::{ArgumentError, Arguments};

/// A command of the prompt.
pub(super) struct Command {
    /// What is typed.
    pub name: &'static str,
    /// What may stand behind the name.
    pub usage: &'static str,
    /// A sentence on what it does.
    pub summary: &'static str,
    /// A line that somebody can type.
    pub example: &'static str,
    /// What Tab offers behind the name.
    pub words: Words,
    /// What it does.
    pub run: Run,
}

/// Gives the words that may stand behind a command's name.
pub(super) type Words = fn(&mut dyn FnMut(&str));

/// A command whose arguments aren't words that could be completed.
pub(super) const NO_WORDS: Words = |_| {};

/// What a command does. It writes what it has to say.
#[derive(Clone, Copy)]
pub(super) enum Run {
    /// It needs the machine as bring-up left it.
    Machine(fn(&Machine, Arguments<'_>, &mut dyn Write) -> Result<(), Error>),
    /// It takes no lock and no heap, so that it can be used behind a report, too.
    Always(fn(Arguments<'_>, &mut dyn Write) -> Result<(), Error>),
}

/// Why a command ended early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Error {
    /// Its arguments aren't understood.
    Argument(ArgumentError),
    /// Nobody wants to see the rest.
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
