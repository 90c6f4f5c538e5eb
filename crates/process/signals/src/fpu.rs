//! The FPU state in a signal's frame, and the part of it that XRSTOR may load.
//!
//! The state is in the standard format of XSAVE: 512 bytes of FXSAVE, a header of 64 bytes,
//! the other components. The kernel writes the size of the state into bytes of the first part
//! that the CPU ignores, and a magic number after its end. A frame of which a program copied
//! only 512 bytes lacks that number.
//!
//! Source: Linux UAPI, asm/sigcontext.h of x86 (`_fpx_sw_bytes`); Intel SDM volume 1,
//! "Managing State Using the XSAVE Feature Set", "XSAVE Area", "Operation of XRSTOR".

use crate::bytes::{Writer, array, u32_at, u64_at};

/// The size of the area of FXSAVE.
pub const LEGACY_BYTES: usize = 512;

/// The number of bytes after the state.
pub const MAGIC2_BYTES: usize = 4;

const MAGIC1: u32 = 0x4650_5853;
const MAGIC2: u32 = 0x4650_5845;

/// The offset of MXCSR.
const MXCSR: usize = 24;
/// The offset of the fields for software, such as the size of the state.
const SOFTWARE: usize = 464;
/// The offset of the header: a bitmap of the components that are not in their initial state,
/// then the format and reserved bytes, which have to be 0.
const HEADER: usize = LEGACY_BYTES;
const HEADER_BYTES: usize = 64;
const MUST_BE_ZERO: core::ops::Range<usize> = HEADER + 8..HEADER + 24;

/// The components x87 and SSE, which FXSAVE writes.
const LEGACY_FEATURES: u64 = 0b11;

/// The part of the FPU state that the kernel saves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The components that XCR0 enables for the program, x87 and SSE among them.
    pub features: u64,
    /// The size of their state in bytes; 512 without XSAVE.
    pub size_bytes: usize,
    /// The bits of MXCSR that the CPU supports.
    pub mxcsr_mask: u32,
}

/// Why a state is not loaded. The thread gets a SIGSEGV.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FpuError {
    /// The buffer doesn't have the size of the layout.
    WrongSize,
    /// MXCSR has bits that the CPU doesn't support.
    BadMxcsr,
    /// The header names components that are not enabled.
    UnknownFeatures,
    /// The header's format is not the standard one, or its reserved bytes are not 0.
    BadHeader,
}

/// The size of a frame's state, as its first 512 bytes declare it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Announced {
    /// These 512 bytes alone.
    Legacy,
    /// The extended state, with the magic number after it.
    Extended {
        /// The size of the state in bytes.
        size_bytes: usize,
    },
}

/// Writes the size and the magic number to a state that XSAVE has written, for a frame.
/// `area` has the layout's size and [`MAGIC2_BYTES`].
///
/// # Errors
///
/// [`FpuError::WrongSize`]
pub fn seal(layout: &Layout, area: &mut [u8]) -> Result<(), FpuError> {
    if area.len() != layout.size_bytes + MAGIC2_BYTES || layout.size_bytes < LEGACY_BYTES {
        return Err(FpuError::WrongSize);
    }
    let mut writer = Writer(area);
    writer.put(SOFTWARE, &[0; LEGACY_BYTES - SOFTWARE]);
    writer.u32(layout.size_bytes, 0);
    if layout.is_extended() {
        writer.u32(SOFTWARE, MAGIC1);
        writer.u32(SOFTWARE + 4, (layout.size_bytes + MAGIC2_BYTES) as u32);
        writer.u64(SOFTWARE + 8, layout.features);
        writer.u32(SOFTWARE + 16, layout.size_bytes as u32);
        writer.u32(layout.size_bytes, MAGIC2);
    }
    Ok(())
}

/// Returns the size of the state that a frame declares. As on Linux, a size that doesn't fit the
/// layout counts as the 512 bytes alone.
pub fn announced(layout: &Layout, legacy: &[u8; LEGACY_BYTES]) -> Announced {
    let extended_size = u32_at(legacy, SOFTWARE + 4) as usize;
    let size_bytes = u32_at(legacy, SOFTWARE + 16) as usize;
    let fits = (LEGACY_BYTES + HEADER_BYTES..=layout.size_bytes).contains(&size_bytes)
        && size_bytes <= extended_size;
    if layout.is_extended() && u32_at(legacy, SOFTWARE) == MAGIC1 && fits {
        Announced::Extended { size_bytes }
    } else {
        Announced::Legacy
    }
}

/// Prepares a state that was read from a frame for XRSTOR of all of the layout's components:
/// XRSTOR then raises no exception, and loads the initial state of components that the frame
/// doesn't have.
///
/// `area` is the kernel's own, with the layout's size and [`MAGIC2_BYTES`]. Its first
/// `copied_bytes` were read from the frame: 512, or the size that [`announced`] returns and
/// [`MAGIC2_BYTES`]. The rest is cleared, because the program must not see it.
///
/// # Errors
///
/// See [`FpuError`]. `area` must not be loaded then.
pub fn validate(layout: &Layout, area: &mut [u8], copied_bytes: usize) -> Result<(), FpuError> {
    if area.len() != layout.size_bytes + MAGIC2_BYTES || layout.size_bytes < LEGACY_BYTES {
        return Err(FpuError::WrongSize);
    }
    let rest = area.get_mut(copied_bytes..).ok_or(FpuError::WrongSize)?;
    rest.fill(0);
    if u32_at(area, MXCSR) & !layout.mxcsr_mask != 0 {
        return Err(FpuError::BadMxcsr);
    }
    if !layout.is_extended() {
        return Ok(());
    }
    let (features, end) = match announced(layout, &array(area, 0)) {
        // Without MAGIC2, a program has copied the first part alone.
        Announced::Extended { size_bytes } if u32_at(area, size_bytes) == MAGIC2 => {
            let present = u64_at(area, HEADER);
            if present & !layout.features != 0 {
                return Err(FpuError::UnknownFeatures);
            }
            if area[MUST_BE_ZERO].iter().any(|byte| *byte != 0) {
                return Err(FpuError::BadHeader);
            }
            (present & u64_at(area, SOFTWARE + 8), size_bytes)
        }
        Announced::Extended { .. } | Announced::Legacy => (LEGACY_FEATURES, LEGACY_BYTES),
    };
    area[end..].fill(0);
    area[HEADER..HEADER + HEADER_BYTES].fill(0);
    Writer(area).u64(HEADER, features);
    Ok(())
}

impl Layout {
    /// Returns whether the state has more than FXSAVE writes.
    fn is_extended(&self) -> bool {
        self.size_bytes >= LEGACY_BYTES + HEADER_BYTES
    }
}
