//! ELF files that tests put together, and a way to read them.

use core::ops::Range;
use std::vec;
use std::vec::Vec;

use elf::abi::{ET_DYN, ET_EXEC, PF_R, PF_W, PF_X, PT_GNU_STACK, PT_INTERP, PT_LOAD, PT_PHDR};
use x86_64::VirtAddr;

use crate::{ElfError, Program, ReadError};

pub const USER_START: u64 = 0x1_0000;
pub const USER_END: u64 = 0x7FFF_FFFF_F000;
pub const PATH: &[u8] = b"/lib64/ld-linux-x86-64.so.2\0";
const PATH_OFFSET: u64 = 0x800;

pub fn user() -> Range<VirtAddr> {
    VirtAddr::new(USER_START)..VirtAddr::new(USER_END)
}

/// A program header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub kind: u32,
    pub flags: u32,
    pub offset: u64,
    pub address: u64,
    pub file_bytes: u64,
    pub memory_bytes: u64,
    pub alignment: u64,
}

pub fn load(flags: u32, offset: u64, address: u64, file_bytes: u64, memory_bytes: u64) -> Header {
    Header { kind: PT_LOAD, flags, offset, address, file_bytes, memory_bytes, alignment: 0x1000 }
}

pub fn stack(flags: u32) -> Header {
    Header { kind: PT_GNU_STACK, alignment: 16, ..load(flags, 0, 0, 0, 0) }
}

/// An ELF file. Its program headers follow its header, unless a test says otherwise.
#[derive(Clone, Debug)]
pub struct Image {
    pub kind: u16,
    pub machine: u16,
    pub entry: u64,
    pub headers_offset: u64,
    pub header_bytes: u16,
    /// The number of program headers, if it isn't that of `headers`.
    pub count: Option<u16>,
    pub headers: Vec<Header>,
    pub len_bytes: usize,
}

impl Image {
    pub fn new(kind: u16, entry: u64, headers: &[Header]) -> Self {
        Self {
            kind,
            machine: 62,
            entry,
            headers_offset: 64,
            header_bytes: 56,
            count: None,
            headers: headers.to_vec(),
            len_bytes: 0x4000,
        }
    }

    /// Returns a static program with fixed addresses, as GNU ld lays it out.
    pub fn fixed() -> Self {
        let headers = [
            load(PF_R, 0, 0x40_0000, 0x5F8, 0x5F8),
            load(PF_R | PF_X, 0x1000, 0x40_1000, 0xF20, 0xF20),
            load(PF_R, 0x2000, 0x40_2000, 0x358, 0x358),
            load(PF_R | PF_W, 0x2EA8, 0x40_3EA8, 0x170, 0x3000),
            stack(PF_R | PF_W),
        ];
        Self::new(ET_EXEC, 0x40_1040, &headers)
    }

    /// Returns a static-PIE, as GNU ld lays it out.
    pub fn position_independent() -> Self {
        let headers = [
            load(PF_R, 0, 0, 0x2B8, 0x2B8),
            load(PF_R | PF_X, 0x1000, 0x1000, 0x800, 0x800),
            load(PF_R | PF_W, 0x1E80, 0x2E80, 0x190, 0x198),
            stack(PF_R | PF_W),
        ];
        Self::new(ET_DYN, 0x1040, &headers)
    }

    /// Returns a dynamically linked program.
    pub fn dynamic() -> Self {
        let mut image = Self::position_independent();
        let headers = Header { kind: PT_PHDR, ..load(PF_R, 64, 64, 0x1F8, 0x1F8) };
        let len = PATH.len() as u64;
        let path = Header { kind: PT_INTERP, ..load(PF_R, PATH_OFFSET, 0x800, len, len) };
        image.headers.splice(0..0, [headers, path]);
        image
    }

    /// Returns a program that was linked without alignment: two segments in one page.
    pub fn packed() -> Self {
        let headers = [
            load(PF_R | PF_X, 0xB0, 0x40_00B0, 0x60, 0x60),
            load(PF_R, 0x110, 0x40_0110, 0x20, 0x20),
            load(PF_R | PF_W, 0x130, 0x40_0130, 0x1000, 0x2800),
        ];
        Self::new(ET_EXEC, 0x40_00B0, &headers)
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![b'.'; self.len_bytes];
        // Values that don't fit into the file are left out.
        let mut put = |at: u128, value: &[u8]| {
            let at = usize::try_from(at).unwrap_or(usize::MAX);
            if let Some(place) = bytes.get_mut(at..at.saturating_add(value.len())) {
                place.copy_from_slice(value);
            }
        };
        put(0, b"\x7FELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
        put(16, &self.kind.to_le_bytes());
        put(18, &self.machine.to_le_bytes());
        put(20, &1_u32.to_le_bytes());
        put(24, &self.entry.to_le_bytes());
        put(32, &self.headers_offset.to_le_bytes());
        put(52, &64_u16.to_le_bytes());
        put(54, &self.header_bytes.to_le_bytes());
        put(56, &self.count.unwrap_or(self.headers.len() as u16).to_le_bytes());
        put(PATH_OFFSET.into(), PATH);
        for (index, header) in self.headers.iter().enumerate() {
            let at = u128::from(self.headers_offset) + index as u128 * 56;
            put(at, &header.kind.to_le_bytes());
            put(at + 4, &header.flags.to_le_bytes());
            let fields = [
                header.offset,
                header.address,
                header.address,
                header.file_bytes,
                header.memory_bytes,
                header.alignment,
            ];
            for (field, value) in fields.iter().enumerate() {
                put(at + 8 + 8 * field as u128, &value.to_le_bytes());
            }
        }
        bytes
    }

    pub fn read(&self) -> Result<Program, ElfError> {
        read(&self.bytes())
    }
}

/// Reads a program from bytes, at most 100 at a time.
pub fn read(bytes: &[u8]) -> Result<Program, ElfError> {
    let result = Program::read::<()>(&user(), |offset, buffer| {
        assert!(offset.checked_add(buffer.len() as u64).is_some_and(|end| end <= 1 << 63));
        let start = usize::try_from(offset).unwrap().min(bytes.len());
        let len_bytes = buffer.len().min(100).min(bytes.len() - start);
        buffer[..len_bytes].copy_from_slice(&bytes[start..start + len_bytes]);
        Ok(len_bytes)
    });
    result.map_err(|error| match error {
        ReadError::Elf(error) => error,
        ReadError::File(()) => unreachable!(),
    })
}
