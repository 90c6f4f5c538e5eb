//! The layout of the stack.

use alloc::vec::Vec;
use core::ops::Range;

use x86_64::VirtAddr;

use crate::auxiliary::{AuxiliaryValues, PLATFORM, Places, RANDOM_BYTES};
use crate::error::StackError;
use crate::strings::{POINTER_BYTES, Strings};

/// Zeroes at the top, as on Linux.
const ZEROES_AT_TOP: usize = 8;

/// The alignment of RSP at the start of a program, in bytes.
const STACK_ALIGNMENT: u64 = 16;

/// The stack that a program starts with, to be copied into its memory.
#[derive(Debug)]
pub struct InitialStack {
    rsp: u64,
    /// The part of the stack below the strings.
    tables: Vec<u8>,
    /// The range of the auxiliary vector in `tables`.
    auxiliary: Range<usize>,
    strings_start: u64,
    /// The strings, up to the stack's top.
    strings: Vec<u8>,
    argument_bytes: usize,
    environment_bytes: usize,
}

impl InitialStack {
    /// Builds a stack of strings: first `counts[0]` arguments of `argument_bytes`, then
    /// `counts[1]` of the environment.
    pub(crate) fn build(
        strings: Strings,
        counts: [usize; 2],
        argument_bytes: usize,
        top: VirtAddr,
        path: &[u8],
        random: [u8; RANDOM_BYTES],
        values: &AuxiliaryValues,
    ) -> Result<Self, StackError> {
        let environment_bytes = strings.len_bytes() - argument_bytes;
        let strings_bytes = strings.len_bytes();
        let strings = strings.finish(path, ZEROES_AT_TOP)?;

        let down = |address: u64, len_bytes: usize| {
            address.checked_sub(len_bytes as u64).ok_or(StackError::NoRoom)
        };
        let strings_start = down(top.as_u64(), strings.len())?;
        let path = strings_start + strings_bytes as u64;
        let platform = down(strings_start & !(STACK_ALIGNMENT - 1), PLATFORM.len() + 1)?;
        let random_at = down(platform, RANDOM_BYTES)?;
        let places = Places { path, platform, random: random_at };
        // The number of arguments, and both lists of pointers with a 0 at their ends.
        let pointers = 1 + (counts[0] + 1) + (counts[1] + 1);
        let entries = values.entries(places).count();
        let words = pointers + 2 * entries;
        let rsp = down(random_at, POINTER_BYTES * words)? & !(STACK_ALIGNMENT - 1);
        VirtAddr::try_new(rsp).map_err(|_| StackError::NoRoom)?;

        let tables_bytes = (strings_start - rsp) as usize;
        let mut tables = Vec::new();
        tables.try_reserve_exact(tables_bytes).map_err(|_| StackError::OutOfMemory)?;
        let mut push = |word: u64| tables.extend_from_slice(&word.to_le_bytes());
        push(counts[0] as u64);
        let mut address = strings_start;
        let mut each = strings[..strings_bytes].split_inclusive(|byte| *byte == 0);
        for count in counts {
            for string in each.by_ref().take(count) {
                push(address);
                address += string.len() as u64;
            }
            push(0);
        }
        for (kind, value) in values.entries(places) {
            push(kind as u64);
            push(value);
        }
        let auxiliary = POINTER_BYTES * pointers..POINTER_BYTES * words;
        tables.resize((random_at - rsp) as usize, 0);
        tables.extend_from_slice(&random);
        tables.extend_from_slice(PLATFORM);
        tables.resize(tables_bytes, 0);
        Ok(Self {
            rsp,
            tables,
            auxiliary,
            strings_start,
            strings,
            argument_bytes,
            environment_bytes,
        })
    }

    /// Returns the stack pointer at the program's start, a multiple of 16.
    pub fn rsp(&self) -> VirtAddr {
        VirtAddr::new_truncate(self.rsp)
    }

    /// Returns the pieces to copy, with their addresses. The second piece follows the first one,
    /// and ends at the stack's top.
    pub fn pieces(&self) -> [(VirtAddr, &[u8]); 2] {
        [(self.rsp(), &self.tables), (VirtAddr::new_truncate(self.strings_start), &self.strings)]
    }

    /// Returns where the strings of the arguments are, for /proc/PID/cmdline.
    pub fn arguments(&self) -> Range<VirtAddr> {
        self.range(0, self.argument_bytes)
    }

    /// Returns the addresses of the strings of the environment, for /proc/PID/environ.
    pub fn environment(&self) -> Range<VirtAddr> {
        self.range(self.argument_bytes, self.environment_bytes)
    }

    /// Returns the bytes of the auxiliary vector with its end, for /proc/PID/auxv.
    pub fn auxiliary_vector(&self) -> &[u8] {
        &self.tables[self.auxiliary.clone()]
    }

    fn range(&self, start: usize, len_bytes: usize) -> Range<VirtAddr> {
        let start = self.strings_start + start as u64;
        VirtAddr::new_truncate(start)..VirtAddr::new_truncate(start + len_bytes as u64)
    }
}
