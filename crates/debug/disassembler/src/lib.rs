//! x86_64 instructions as text, without a heap.
//!
//! It decodes one instruction of 64-bit code at a time. Beside the text it reports the
//! address that the instruction refers to: the target of a call or jump, or data
//! addressed relative to RIP. The decoder is `yaxpeax-x86`.
//!
//! ```
//! use disassembler::Instruction;
//! let call = Instruction::decode(&[0xE8, 0x10, 0, 0, 0, 0x90], 0x1000).unwrap();
//! assert_eq!(call.to_string(), "call 0x1015");
//! assert_eq!((call.len_bytes(), call.target()), (5, Some(0x1015)));
//! ```

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod return_address;
#[cfg(test)]
mod tests;

pub use return_address::is_after_call;

use core::cell::Cell;
use core::fmt;

use yaxpeax_arch::display::DisplaySink;
use yaxpeax_arch::{AddressBase, AddressDiff, LengthedInstruction};
use yaxpeax_x86::long_mode::{DisplayRules, DisplayStyle, InstDecoder, Opcode};

/// The length of the longest instruction, in bytes.
pub const INSTRUCTION_BYTES_MAX: usize = 15;

/// An instruction at an address. `Display` writes it in Intel's syntax.
#[derive(Clone, Debug)]
pub struct Instruction {
    decoded: yaxpeax_x86::long_mode::Instruction,
    address: u64,
}

/// Why bytes can't be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// The bytes end within an instruction.
    Cut,
    /// The decoder has no such instruction.
    Invalid,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cut => "the bytes end within an instruction",
            Self::Invalid => "no instruction",
        })
    }
}

impl core::error::Error for DecodeError {}

impl Instruction {
    /// Decodes the instruction at the start of `bytes`, which are the memory at
    /// `address`.
    ///
    /// # Errors
    /// See [`DecodeError`].
    pub fn decode(bytes: &[u8], address: u64) -> Result<Self, DecodeError> {
        use yaxpeax_x86::long_mode::DecodeError as Error;
        match InstDecoder::default().decode_slice(bytes) {
            Ok(decoded) => Ok(Self { decoded, address }),
            Err(Error::ExhaustedInput) => Err(DecodeError::Cut),
            Err(_) => Err(DecodeError::Invalid),
        }
    }

    /// Returns the length of the instruction in bytes.
    pub fn len_bytes(&self) -> usize {
        self.decoded.len().to_const() as usize
    }

    /// Returns the address that the instruction refers to by a distance: the target of a
    /// call or jump, or data addressed relative to RIP.
    pub fn target(&self) -> Option<u64> {
        use fmt::Write;
        let rules = Rules::new(self.address);
        // Writing to `Nowhere` never fails.
        let _ = write!(Nowhere, "{}", self.decoded.display_rules(&rules));
        rules.target.get()
    }

    /// Returns whether it is `pause`, which the decoder would show as `nop`.
    ///
    /// Source: Intel SDM volume 2, "PAUSE": F3 90.
    fn is_pause(&self) -> bool {
        self.decoded.opcode() == Opcode::NOP
            && self.decoded.prefixes.rep()
            && self.decoded.operand_count() == 0
    }
}

impl fmt::Display for Instruction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_pause() {
            return f.write_str("pause");
        }
        self.decoded.display_rules(&Rules::new(self.address)).fmt(f)
    }
}

/// Rules for the decoder: show addresses instead of distances, and keep the last one.
struct Rules {
    address: u64,
    target: Cell<Option<u64>>,
}

impl Rules {
    fn new(address: u64) -> Self {
        Self { address, target: Cell::new(None) }
    }

    fn emit<S: DisplaySink>(
        &self,
        len: AddressDiff<u64>,
        distance: i32,
        sink: &mut S,
    ) -> Result<bool, fmt::Error> {
        let target = self.address.wrapping_offset(len).wrapping_add_signed(distance.into());
        self.target.set(Some(target));
        write!(sink, "{target:#x}")?;
        Ok(true)
    }
}

impl<S: DisplaySink> DisplayRules<S> for Rules {
    fn display_style(&self) -> DisplayStyle {
        DisplayStyle::Intel
    }

    fn emit_branch_addr(
        &self,
        len: AddressDiff<u64>,
        distance: i32,
        sink: &mut S,
    ) -> Result<bool, fmt::Error> {
        self.emit(len, distance, sink)
    }

    fn emit_relative_address(
        &self,
        len: AddressDiff<u64>,
        distance: i32,
        sink: &mut S,
    ) -> Result<bool, fmt::Error> {
        self.emit(len, distance, sink)
    }
}

/// Discards all text.
struct Nowhere;

impl fmt::Write for Nowhere {
    fn write_str(&mut self, _: &str) -> fmt::Result {
        Ok(())
    }
}
