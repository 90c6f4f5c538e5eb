//! The uses of kernel stacks.

use crate::arch::cpu::gdt::Ist;

/// The use of a kernel stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// The stack that the boot CPU starts on.
    Boot,
    /// A stack of a CPU's interrupt stack table.
    Ist {
        /// The CPU's number.
        cpu: u32,
        /// The entry of the table.
        ist: Ist,
    },
    /// The stack that another CPU starts on, and idles on.
    Idle {
        /// The CPU's number.
        cpu: u32,
    },
    /// A thread's, by the thread's number.
    Thread(u32),
}

/// The number of bits for a CPU's or a thread's number in a slot's word.
const NUMBER_BITS: u32 = 24;

impl Use {
    /// Returns the word that represents it in its slot.
    pub(super) const fn word(self) -> u32 {
        let (kind, number) = match self {
            Self::Boot => (1, 0),
            Self::Ist { cpu, ist } => (2 + ist as u32, cpu),
            Self::Idle { cpu } => (6, cpu),
            Self::Thread(number) => (7, number),
        };
        kind << NUMBER_BITS | number & ((1 << NUMBER_BITS) - 1)
    }

    pub(super) fn of_word(word: u32) -> Option<Self> {
        let number = word & ((1 << NUMBER_BITS) - 1);
        Some(match word >> NUMBER_BITS {
            1 => Self::Boot,
            kind @ 2..=5 => Self::Ist { cpu: number, ist: Ist::ALL[kind as usize - 2] },
            6 => Self::Idle { cpu: number },
            7 => Self::Thread(number),
            _ => return None,
        })
    }

    /// Returns the size in bytes. The first two are the same as in `asm/boot.asm`.
    pub(super) const fn len_bytes(self) -> u64 {
        match self {
            Self::Boot => 60 * 1024,
            Self::Ist { .. } => 24 * 1024,
            Self::Idle { .. } | Self::Thread(_) => 32 * 1024,
        }
    }
}
