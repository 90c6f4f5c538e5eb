//! Builds a stack in steps: first arguments, then environment, then stack.

use x86_64::VirtAddr;

use crate::auxiliary::{AuxiliaryValues, RANDOM_BYTES};
use crate::error::{PushError, StackError};
use crate::stack::InitialStack;
use crate::strings::Strings;

/// The arguments of a program that have been added.
#[derive(Debug)]
pub struct Arguments {
    strings: Strings,
}

/// The arguments of a program, and the strings of its environment that have been added.
#[derive(Debug)]
pub struct Environment {
    strings: Strings,
    argument_count: usize,
    argument_bytes: usize,
}

impl Arguments {
    /// Makes an empty list. All strings and the pointers to them may have `limit` bytes
    /// together; see [`string_limit`](crate::string_limit).
    pub const fn new(limit: usize) -> Self {
        Self { strings: Strings::new(limit) }
    }

    /// Returns how many arguments there are.
    pub fn count(&self) -> usize {
        self.strings.count()
    }

    /// Adds an argument, up to its first NUL.
    ///
    /// # Errors
    ///
    /// [`StackError::TooBig`] and [`StackError::OutOfMemory`].
    pub fn push(&mut self, argument: &[u8]) -> Result<(), StackError> {
        self.strings.push(argument)
    }

    /// Adds an argument that `read(offset, space)` copies in pieces, from an offset in the
    /// string into `space`. `read` returns how many bytes it copied, at least 1; bytes after
    /// the string's NUL are ignored.
    ///
    /// # Errors
    ///
    /// [`PushError::Read`] if `read` fails, otherwise as for [`Arguments::push`], and
    /// [`StackError::Unterminated`] if `read` copies nothing.
    pub fn push_from<E>(
        &mut self,
        read: impl FnMut(usize, &mut [u8]) -> Result<usize, E>,
    ) -> Result<(), PushError<E>> {
        self.strings.push_from(read)
    }

    /// Ends the arguments. If there are none, it adds an empty one, as Linux does since
    /// 5.18: programs that start at the second argument would otherwise read the
    /// environment.
    ///
    /// # Errors
    ///
    /// As for [`Arguments::push`].
    pub fn environment(mut self) -> Result<Environment, StackError> {
        if self.count() == 0 {
            self.push(b"")?;
        }
        let (argument_count, argument_bytes) = (self.count(), self.strings.len_bytes());
        Ok(Environment { strings: self.strings, argument_count, argument_bytes })
    }
}

impl Environment {
    /// Returns how many strings of the environment there are.
    pub fn count(&self) -> usize {
        self.strings.count() - self.argument_count
    }

    /// Adds a string, as [`Arguments::push`] does.
    ///
    /// # Errors
    ///
    /// As for [`Arguments::push`].
    pub fn push(&mut self, string: &[u8]) -> Result<(), StackError> {
        self.strings.push(string)
    }

    /// Adds a string, as [`Arguments::push_from`] does.
    ///
    /// # Errors
    ///
    /// As for [`Arguments::push_from`].
    pub fn push_from<E>(
        &mut self,
        read: impl FnMut(usize, &mut [u8]) -> Result<usize, E>,
    ) -> Result<(), PushError<E>> {
        self.strings.push_from(read)
    }

    /// Builds the stack that ends at `top`. `path` is the path by which the program was
    /// started, up to its first NUL; `random` must be new for each program.
    ///
    /// # Errors
    ///
    /// [`StackError::TooBig`] if the path is too long or exceeds the limit of all strings,
    /// [`StackError::OutOfMemory`], and [`StackError::NoRoom`] if `top` is too low.
    pub fn build(
        self,
        top: VirtAddr,
        path: &[u8],
        random: [u8; RANDOM_BYTES],
        auxiliary: &AuxiliaryValues,
    ) -> Result<InitialStack, StackError> {
        let counts = [self.argument_count, self.count()];
        InitialStack::build(self.strings, counts, self.argument_bytes, top, path, random, auxiliary)
    }
}
