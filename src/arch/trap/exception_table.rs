//! Instructions that may fault on purpose, and where to go on when they do.
//!
//! Assembly adds three words (the instruction, the place to go on, whether that
//! goes without a report) to the section `.fixups`, which the linker script
//! gathers.

/// An instruction that may fault.
#[repr(C)]
pub(in crate::arch) struct Fixup {
    instruction: u64,
    /// Where to go on.
    pub(in crate::arch) landing: u64,
    /// 1 for a probe, to which a fault is an answer as any other; 0 for an
    /// exception on purpose.
    is_probe: u64,
}

impl Fixup {
    /// Returns the address of the instruction.
    #[cfg(test)]
    pub(in crate::arch) fn instruction(&self) -> u64 {
        self.instruction
    }

    /// Tells whether a fault is no more than the answer to a question.
    pub(in crate::arch) fn is_probe(&self) -> bool {
        self.is_probe == 1
    }
}

unsafe extern "C" {
    static __fixups_start: [Fixup; 0];
    static __fixups_end: [Fixup; 0];
}

/// Returns how to go on after an exception at `rip`, if it was foreseen.
pub(in crate::arch) fn find(rip: u64) -> Option<&'static Fixup> {
    all().iter().find(|fixup| fixup.instruction == rip)
}

/// Returns some probe.
#[cfg(test)]
pub(in crate::arch) fn first_probe() -> &'static Fixup {
    all().iter().find(|fixup| fixup.is_probe()).expect("the kernel has probes")
}

fn all() -> &'static [Fixup] {
    let start = (&raw const __fixups_start).cast::<Fixup>();
    let len_bytes = (&raw const __fixups_end).addr() - start.addr();
    // SAFETY: the linker script puts the symbols around a read-only array of
    // fixups, aligned to 8 bytes.
    unsafe { core::slice::from_raw_parts(start, len_bytes / size_of::<Fixup>()) }
}
