//! The places of the parts of a new program, random as on Linux.

use crate::STACK_GUARD_BYTES;
use crate::range::{PAGE_BYTES, USER_END};

/// The place of position-independent programs without random numbers: at two thirds of the
/// addresses of programs.
const PROGRAM_BASE: u64 = 0x5555_5555_4000;

/// The largest distance that the stack's top is moved down, in pages.
const STACK_PAGES: u64 = 1 << 22;

/// The largest distance that mappings are moved down, and programs up, in pages: vm.mmap_rnd_bits.
const MAPPING_PAGES: u64 = 1 << 28;

/// The largest gap between the program and the heap, in pages: 32 MiB.
const HEAP_PAGES: u64 = 8192;

/// The smallest and the largest gap for the stack above all mappings, in bytes.
const STACK_GAP_BYTES: core::ops::RangeInclusive<u64> = 128 << 20..=USER_END / 6 * 5;

/// The places of the parts of a new program.
///
/// ```text
///  program_base              heap ──►         ◄── mappings   gap   ◄── stack
///  ├─ random ─┤├ program ┤├ random ┤            ├─ random ─┤      ├─ random ─┤
///                                               mmap_base         stack_top   end
/// ```
///
/// Source: Linux, arch/x86/mm/mmap.c and fs/binfmt_elf.c.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The upper end of the stack, which grows down.
    pub stack_top: u64,
    /// The address below which mappings are placed.
    pub mmap_base: u64,
    /// The start of a position-independent program, before it is aligned.
    pub program_base: u64,
    /// The gap between the program and the heap, in bytes: whole pages.
    pub heap_gap_bytes: u64,
}

impl Layout {
    /// Chooses the places for a program whose stack may have `stack_limit_bytes`. Without
    /// random numbers they are fixed, as on Linux with `norandmaps`.
    pub fn choose(stack_limit_bytes: u64, random: Option<&mut dyn FnMut() -> u64>) -> Self {
        // The last page stays free.
        let highest = USER_END - PAGE_BYTES;
        let is_random = random.is_some();
        let mut fixed = || 0;
        let random = random.unwrap_or(&mut fixed);
        let mut random_bytes = |pages: u64| random() % pages * PAGE_BYTES;
        // The stack may begin lower, and has a guard below it.
        let lower_bytes = if is_random { STACK_PAGES * PAGE_BYTES } else { 0 };
        let gap = stack_limit_bytes.saturating_add(lower_bytes + STACK_GUARD_BYTES);
        let gap = gap.clamp(*STACK_GAP_BYTES.start(), *STACK_GAP_BYTES.end());
        let gap = gap.next_multiple_of(PAGE_BYTES);
        Self {
            stack_top: highest - random_bytes(STACK_PAGES),
            mmap_base: USER_END
                - gap
                - random_bytes(MAPPING_PAGES).min((USER_END - gap) / 2 / PAGE_BYTES * PAGE_BYTES),
            program_base: PROGRAM_BASE + random_bytes(MAPPING_PAGES),
            heap_gap_bytes: random_bytes(HEAP_PAGES),
        }
    }
}
