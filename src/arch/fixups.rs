//! Instructions that may fault on purpose, and where to go on when they do.
//!
//! Assembly adds a pair (the instruction, the place to go on) to the section
//! `.fixups`, which the linker script gathers.

/// A pair of the section.
#[repr(C)]
struct Fixup {
    instruction: u64,
    landing: u64,
}

unsafe extern "C" {
    static __fixups_start: [Fixup; 0];
    static __fixups_end: [Fixup; 0];
}

/// Returns where to go on after an exception at `rip`, if it was foreseen.
pub(super) fn find(rip: u64) -> Option<u64> {
    let start = (&raw const __fixups_start).cast::<Fixup>();
    let len_bytes = (&raw const __fixups_end).addr() - start.addr();
    // SAFETY: the linker script puts the symbols around a read-only array of
    // pairs, aligned to 8 bytes.
    let fixups = unsafe { core::slice::from_raw_parts(start, len_bytes / size_of::<Fixup>()) };
    fixups.iter().find(|fixup| fixup.instruction == rip).map(|fixup| fixup.landing)
}
