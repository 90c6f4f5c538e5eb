//! Unpacking of gzip data (RFC 1952).

use alloc::vec::Vec;

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

use crate::error::{InitramfsError, Problem};

const MAGIC: [u8; 2] = [0x1F, 0x8B];
const DEFLATE: u8 = 8;

/// The fixed part of the header.
const HEADER_BYTES: usize = 10;

/// CRC-32 and length after the data.
const TRAILER_BYTES: usize = 8;

const HAS_HEADER_CHECKSUM: u8 = 1 << 1;
const HAS_EXTRA_FIELD: u8 = 1 << 2;
const HAS_NAME: u8 = 1 << 3;
const HAS_COMMENT: u8 = 1 << 4;
const RESERVED_FLAGS: u8 = 0b1110_0000;

/// The largest compression factor of deflate. Source: zlib, "Maximum Compression Factor".
const FACTOR_MAX: usize = 1032;

/// The compression factor that is assumed first if the length of the unpacked data isn't
/// known.
const FACTOR_GUESS: usize = 3;

/// Data that was unpacked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpacked {
    /// The data.
    pub bytes: Vec<u8>,
    /// The number of bytes of the input that were unpacked. Others may follow.
    pub input_bytes: usize,
}

/// Returns whether gzip data starts here.
pub fn is_gzip(input: &[u8]) -> bool {
    input.starts_with(&MAGIC)
}

/// Unpacks the gzip member at the start of `input` to at most `limit` bytes.
///
/// # Errors
///
/// The defect of the input, with its offset in `input`, or [`Problem::OutOfMemory`].
pub fn gunzip(input: &[u8], limit: usize) -> Result<Unpacked, InitramfsError> {
    let data = read_header(input)?;
    let (bytes, data_bytes) = inflate(&input[data..], limit)
        .map_err(|(at, problem)| InitramfsError { offset: data + at, problem })?;
    let end = data + data_bytes;
    let fail = |offset, problem| Err(InitramfsError { offset, problem });
    let Some(trailer) = input[end..].first_chunk::<TRAILER_BYTES>() else {
        let missing = end + TRAILER_BYTES - input.len();
        return fail(input.len(), Problem::Truncated(missing));
    };
    let [c0, c1, c2, c3, l0, l1, l2, l3] = *trailer;
    let expected = u32::from_le_bytes([c0, c1, c2, c3]);
    let found = crc32fast::hash(&bytes);
    if found != expected {
        return fail(end, Problem::BadChecksum { expected, found });
    }
    let expected = u32::from_le_bytes([l0, l1, l2, l3]);
    let found = bytes.len() as u32;
    if found != expected {
        return fail(end + 4, Problem::BadLength { expected, found });
    }
    Ok(Unpacked { bytes, input_bytes: end + TRAILER_BYTES })
}

/// Reads the header. Returns where the compressed data starts.
fn read_header(input: &[u8]) -> Result<usize, InitramfsError> {
    let fail = |offset, problem| Err(InitramfsError { offset, problem });
    if !is_gzip(input) {
        let found = core::array::from_fn(|index| input.get(index).copied().unwrap_or(0));
        return fail(0, Problem::NoMagic(found));
    }
    let truncated = |needed: usize| InitramfsError {
        offset: input.len(),
        problem: Problem::Truncated(needed.saturating_sub(input.len())),
    };
    if input.len() < HEADER_BYTES {
        return Err(truncated(HEADER_BYTES));
    }
    let (method, flags) = (input[2], input[3]);
    if method != DEFLATE {
        return fail(2, Problem::UnknownMethod(method));
    }
    if flags & RESERVED_FLAGS != 0 {
        return fail(3, Problem::UnknownFlags(flags & RESERVED_FLAGS));
    }
    let mut position = HEADER_BYTES;
    let number_at = |position: usize| match input.get(position..position + 2) {
        Some(bytes) => Ok(u16::from_le_bytes([bytes[0], bytes[1]])),
        None => Err(truncated(position + 2)),
    };
    if flags & HAS_EXTRA_FIELD != 0 {
        position += 2 + usize::from(number_at(position)?);
    }
    for flag in [HAS_NAME, HAS_COMMENT] {
        if flags & flag != 0 {
            let text = input.get(position..).ok_or_else(|| truncated(position + 1))?;
            let nul = text.iter().position(|byte| *byte == 0);
            position += nul.ok_or_else(|| truncated(input.len() + 1))? + 1;
        }
    }
    if position > input.len() {
        return Err(truncated(position));
    }
    if flags & HAS_HEADER_CHECKSUM != 0 {
        let expected = number_at(position)?;
        // The lower half of the CRC-32.
        let found = crc32fast::hash(&input[..position]) as u16;
        if found != expected {
            return fail(position, Problem::BadHeaderChecksum { expected, found });
        }
        position += 2;
    }
    Ok(position)
}

/// Unpacks deflate data. Returns the unpacked bytes, and the size of the deflate data; or the
/// offset of a defect in the input, and its kind.
fn inflate(input: &[u8], limit: usize) -> Result<(Vec<u8>, usize), (usize, Problem)> {
    // 11 KiB, so not on the stack.
    let mut decompressor = Vec::new();
    decompressor.try_reserve_exact(1).map_err(|_| (0, Problem::OutOfMemory))?;
    decompressor.push(DecompressorOxide::new());
    let mut output = Vec::new();
    grow(&mut output, first_len(input).min(limit)).map_err(|problem| (0, problem))?;
    let (mut consumed, mut written) = (0, 0);
    loop {
        let (status, more_consumed, more_written) = decompress(
            &mut decompressor[0],
            &input[consumed..],
            &mut output,
            written,
            TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
        );
        consumed += more_consumed;
        written += more_written;
        match status {
            TINFLStatus::Done => {
                output.truncate(written);
                return Ok((output, consumed));
            }
            TINFLStatus::HasMoreOutput if output.len() == limit => {
                return Err((consumed, Problem::TooLarge(limit)));
            }
            TINFLStatus::HasMoreOutput => {
                let len_bytes = output.len().saturating_mul(2).max(4096).min(limit);
                grow(&mut output, len_bytes).map_err(|problem| (consumed, problem))?;
            }
            TINFLStatus::FailedCannotMakeProgress | TINFLStatus::NeedsMoreInput => {
                return Err((input.len(), Problem::Truncated(1)));
            }
            _ => return Err((consumed, Problem::BadData)),
        }
    }
}

/// Returns the initial size of the output: the length in the input's last bytes, which is right
/// if nothing follows the member, or a guess.
fn first_len(input: &[u8]) -> usize {
    let last = input.last_chunk::<4>().copied().map_or(0, u32::from_le_bytes) as usize;
    if last > input.len() / 2 && last <= input.len().saturating_mul(FACTOR_MAX) {
        last
    } else {
        input.len().saturating_mul(FACTOR_GUESS)
    }
}

fn grow(output: &mut Vec<u8>, len_bytes: usize) -> Result<(), Problem> {
    let additional = len_bytes.saturating_sub(output.len());
    output.try_reserve_exact(additional).map_err(|_| Problem::OutOfMemory)?;
    output.resize(len_bytes, 0);
    Ok(())
}
