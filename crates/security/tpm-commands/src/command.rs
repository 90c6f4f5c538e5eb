//! Commands.

use hash_tree::Hash;

use crate::{PCRS_PER_READ, SELECTION_BYTES, TPM_ALG_SHA256, TPM_ST_NO_SESSIONS, TPM_ST_SESSIONS};

const TPM_CC_PCR_READ: u32 = 0x017E;
const TPM_CC_PCR_EXTEND: u32 = 0x0182;
/// The session that proves knowledge of an empty password, as PCRs have it.
const TPM_RS_PW: u32 = 0x4000_0009;

/// The length of the command that extends a PCR.
pub const EXTEND_BYTES: usize = 65;
/// The length of the command that reads PCRs.
pub const READ_BYTES: usize = 20;

/// Returns the command that extends a PCR by a digest.
///
/// Source: part 3, `TPM2_PCR_Extend`; part 1, "Password Authorizations".
pub fn extend(pcr: u8, digest: &Hash) -> [u8; EXTEND_BYTES] {
    let mut command = Writer::new(TPM_ST_SESSIONS, TPM_CC_PCR_EXTEND);
    command.u32(pcr.into());
    // The length of the session: its handle, no nonce, no attributes, no password.
    command.u32(9);
    command.u32(TPM_RS_PW);
    command.u16(0);
    command.put(&[0]);
    command.u16(0);
    // One digest, of one algorithm.
    command.u32(1);
    command.u16(TPM_ALG_SHA256);
    command.put(&digest.0);
    command.bytes
}

/// Returns the command that reads [`PCRS_PER_READ`] PCRs, from `first` on, which is a multiple of 8.
///
/// Source: part 3, `TPM2_PCR_Read`.
pub fn read(first: u8) -> [u8; READ_BYTES] {
    let mut command = Writer::new(TPM_ST_NO_SESSIONS, TPM_CC_PCR_READ);
    // One selection, of one bank.
    command.u32(1);
    command.u16(TPM_ALG_SHA256);
    command.put(&[SELECTION_BYTES]);
    let mut selection = [0; SELECTION_BYTES as usize];
    selection[usize::from(first / PCRS_PER_READ)] = 0xFF;
    command.put(&selection);
    command.bytes
}

/// A command that is being written, of a length that is known.
struct Writer<const LEN: usize> {
    bytes: [u8; LEN],
    end: usize,
}

impl<const LEN: usize> Writer<LEN> {
    /// Begins with the header: tag, length, code.
    fn new(tag: u16, code: u32) -> Self {
        let mut writer = Self { bytes: [0; LEN], end: 0 };
        writer.u16(tag);
        writer.u32(LEN as u32);
        writer.u32(code);
        writer
    }

    fn u16(&mut self, value: u16) {
        self.put(&value.to_be_bytes());
    }

    fn u32(&mut self, value: u32) {
        self.put(&value.to_be_bytes());
    }

    fn put(&mut self, bytes: &[u8]) {
        self.bytes[self.end..self.end + bytes.len()].copy_from_slice(bytes);
        self.end += bytes.len();
    }
}
