//! The commands of a TPM 2.0 that extend and read platform configuration registers (PCRs), and its
//! answers.
//!
//! A PCR begins as zeros, and can only be extended: its new value is the SHA-256 hash of its old value
//! and a digest. So its value stands for all digests, in their order.
//!
//! | module | what |
//! | --- | --- |
//! | [`command`] | bytes for the TPM |
//! | [`answer`] | bytes from it, which aren't trusted |
//!
//! Numbers are big-endian. Only the bank of SHA-256 is used: each TPM 2.0 has one.
//!
//! Source: TCG Trusted Platform Module Library 2.0, part 2 (structures) and part 3 (commands).

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[cfg(test)]
extern crate std;

pub mod answer;
pub mod command;
#[cfg(test)]
mod tests;

pub use answer::AnswerError;

/// The number of PCRs of a PC's TPM.
///
/// Source: TCG PC Client Platform TPM Profile 1.05, "PCR Requirements".
pub const PCRS: u8 = 24;

/// The largest number of PCRs that one command reads.
///
/// Source: part 2, `TPML_DIGEST`.
pub const PCRS_PER_READ: u8 = 8;

/// The number of SHA-256.
///
/// Source: part 2, `TPM_ALG_ID`.
pub const TPM_ALG_SHA256: u16 = 0x000B;

// Names and values of part 2.
const TPM_ST_NO_SESSIONS: u16 = 0x8001;
const TPM_ST_SESSIONS: u16 = 0x8002;
const TPM_RC_SUCCESS: u32 = 0;
/// The length of a selection of 24 PCRs.
const SELECTION_BYTES: u8 = 3;
