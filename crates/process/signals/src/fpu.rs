//! The marks of the FPU state in a signal's frame.
//!
//! The state is in the standard format of XSAVE: 512 bytes of FXSAVE, a header of 64 bytes,
//! the other components. The kernel writes the size of the state into bytes of the first part
//! that the CPU ignores, and a magic number after its end. A frame of which a program copied
//! only 512 bytes lacks that number.
//!
//! Source: Linux UAPI, asm/sigcontext.h of x86 (`_fpx_sw_bytes`); Intel SDM volume 1,
//! "Managing State Using the XSAVE Feature Set", "XSAVE Area".

use crate::bytes::{Writer, u32_at, u64_at};

/// The size of the area of FXSAVE.
pub const LEGACY_BYTES: usize = 512;
/// The size of the header after it: a bitmap of the components that are not in their initial
/// state, then the format and reserved bytes, which have to be 0.
pub const HEADER_BYTES: usize = 64;
/// The offset of the fields for software, such as the size of the state.
pub const SOFTWARE: usize = 464;
/// The size of the fields for software.
pub const SOFTWARE_BYTES: usize = LEGACY_BYTES - SOFTWARE;
/// The number of bytes after the state.
pub const MAGIC2_BYTES: usize = 4;
/// The number after an extended state.
pub const MAGIC2: u32 = 0x4650_5845;

const MAGIC1: u32 = 0x4650_5853;

/// The part of the FPU state that the kernel saves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The components that XCR0 enables for the program, x87 and SSE among them.
    pub features: u64,
    /// The size of their state in bytes; 512 without XSAVE.
    pub size_bytes: usize,
}

/// The state in a frame, as its fields for software declare it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Announced {
    /// The 512 bytes of FXSAVE alone.
    Legacy,
    /// The extended state, if [`MAGIC2`] is after it.
    Extended {
        /// The size of the state in bytes.
        size_bytes: usize,
        /// The components among those of the layout that the frame has.
        features: u64,
    },
}

impl Layout {
    /// Returns whether the state has more than FXSAVE writes.
    #[inline]
    pub fn is_extended(&self) -> bool {
        self.size_bytes >= LEGACY_BYTES + HEADER_BYTES
    }

    /// Returns the fields for software of a frame's state.
    pub fn software_fields(&self) -> [u8; SOFTWARE_BYTES] {
        let mut fields = [0; SOFTWARE_BYTES];
        if self.is_extended() {
            let mut writer = Writer(&mut fields);
            writer.u32(0, MAGIC1);
            writer.u32(4, (self.size_bytes + MAGIC2_BYTES) as u32);
            writer.u64(8, self.features);
            writer.u32(16, self.size_bytes as u32);
        }
        fields
    }

    /// Returns the state that the fields for software of a frame declare. As on Linux, a size that
    /// doesn't fit the layout counts as the 512 bytes alone.
    pub fn announced(&self, fields: &[u8; SOFTWARE_BYTES]) -> Announced {
        let extended_bytes = u32_at(fields, 4) as usize;
        let size_bytes = u32_at(fields, 16) as usize;
        let fits = (LEGACY_BYTES + HEADER_BYTES..=self.size_bytes).contains(&size_bytes)
            && size_bytes <= extended_bytes;
        if self.is_extended() && u32_at(fields, 0) == MAGIC1 && fits {
            Announced::Extended { size_bytes, features: u64_at(fields, 8) & self.features }
        } else {
            Announced::Legacy
        }
    }
}
