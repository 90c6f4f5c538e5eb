//! Commands for files. Paths start at the root, with or without a slash.

use core::fmt::{self, Write};

use crate::fs;
use crate::fs::error::FsError;
use crate::fs::namespace::lookup::Caller;
use crate::monitor::arguments::{ArgumentError, Arguments};

pub(in crate::monitor) mod ls;
pub(in crate::monitor) mod mkdir;
pub(in crate::monitor) mod mounts;
pub(in crate::monitor) mod rm;
pub(in crate::monitor) mod stat;
pub(in crate::monitor) mod write;

/// Returns the context in which root looks up paths of the first mount tree.
pub(in crate::monitor::commands) fn caller() -> Caller<'static> {
    Caller::root(fs::root())
}

/// Takes an argument that is a path.
fn path<'a>(arguments: &mut Arguments<'a>) -> Result<&'a str, ArgumentError> {
    arguments.word().ok_or(ArgumentError::Missing("a path"))
}

/// Writes the error of an operation on `path`, if it has failed.
pub(in crate::monitor::commands) fn report<T>(
    result: Result<T, FsError>,
    path: &str,
    out: &mut dyn Write,
) -> Result<Option<T>, fmt::Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) => {
            writeln!(out, "{path}: {error}")?;
            Ok(None)
        }
    }
}
