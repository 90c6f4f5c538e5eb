//! Answers.

use core::fmt;

use hash_tree::Hash;

use crate::{PCRS_PER_READ, SELECTION_BYTES, TPM_ALG_SHA256, TPM_RC_SUCCESS};

/// The length of the header of an answer: tag, length, code.
pub const HEADER_BYTES: usize = 10;

/// The length of the longest answer to a command of this crate.
pub const MAX_BYTES: usize = 512;

/// Why an answer can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerError {
    /// It ends too early, or has another length than it says.
    Length,
    /// The TPM refuses the command, with this code.
    Refused(u32),
    /// The TPM has no PCRs of SHA-256.
    NoBank,
}

impl fmt::Display for AnswerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length => f.write_str("its answer has a wrong length"),
            Self::Refused(code) => write!(f, "it refuses a command, with code {code:#x}"),
            Self::NoBank => f.write_str("it has no PCRs of SHA-256"),
        }
    }
}

impl core::error::Error for AnswerError {}

/// Returns the length of the answer with this header, in bytes.
///
/// # Errors
/// [`AnswerError::Length`] if no answer has this length.
pub fn len_bytes(header: &[u8; HEADER_BYTES]) -> Result<usize, AnswerError> {
    let &[_, _, a, b, c, d, ..] = header;
    let len = u32::from_be_bytes([a, b, c, d]) as usize;
    if (HEADER_BYTES..=MAX_BYTES).contains(&len) { Ok(len) } else { Err(AnswerError::Length) }
}

/// Checks that a command was executed.
///
/// # Errors
/// [`AnswerError::Length`], [`AnswerError::Refused`].
pub fn check(answer: &[u8]) -> Result<(), AnswerError> {
    parameters(answer).map(|_| ())
}

/// Returns the values of the PCRs that [`command::read`](crate::command::read) has asked for.
///
/// # Errors
/// See [`AnswerError`].
pub fn pcrs(answer: &[u8], first: u8) -> Result<[Hash; PCRS_PER_READ as usize], AnswerError> {
    let mut reader = parameters(answer)?;
    // The number of changes of PCRs so far.
    reader.u32()?;
    if reader.u32()? != 1
        || reader.u16()? != TPM_ALG_SHA256
        || reader.take::<1>()? != [SELECTION_BYTES]
    {
        return Err(AnswerError::NoBank);
    }
    let selection = reader.take::<{ SELECTION_BYTES as usize }>()?;
    if selection[usize::from(first / PCRS_PER_READ)] != 0xFF
        || reader.u32()? != PCRS_PER_READ.into()
    {
        return Err(AnswerError::NoBank);
    }
    let mut digests = [Hash([0; Hash::LEN_BYTES]); PCRS_PER_READ as usize];
    for digest in &mut digests {
        if usize::from(reader.u16()?) != Hash::LEN_BYTES {
            return Err(AnswerError::Length);
        }
        *digest = Hash(reader.take()?);
    }
    Ok(digests)
}

/// Returns what follows the header of an answer to a command that was executed.
fn parameters(answer: &[u8]) -> Result<Reader<'_>, AnswerError> {
    let header = answer.first_chunk().ok_or(AnswerError::Length)?;
    if len_bytes(header)? != answer.len() {
        return Err(AnswerError::Length);
    }
    let mut reader = Reader(&answer[6..]);
    match reader.u32()? {
        TPM_RC_SUCCESS => Ok(reader),
        code => Err(AnswerError::Refused(code)),
    }
}

/// The rest of an answer.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], AnswerError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(AnswerError::Length)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn u16(&mut self) -> Result<u16, AnswerError> {
        self.take().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32, AnswerError> {
        self.take().map(u32::from_be_bytes)
    }
}
