//! What a mapping allows.

use bitflags::bitflags;

bitflags! {
    /// What a mapping allows, independent of a CPU's format.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct MappingFlags: u16 {
        /// Can be read. On x86_64 every mapping can.
        const READ = 1 << 0;
        /// Can be written.
        const WRITE = 1 << 1;
        /// Can be executed.
        const EXECUTE = 1 << 2;
        /// Can be reached by programs.
        const USER = 1 << 3;
        /// Isn't cached, unless the firmware's MTRRs say how that memory is to be cached
        /// (UC-).
        const UNCACHED = 1 << 4;
        /// Is a device: never cached, and accesses are neither combined nor reordered (UC).
        const DEVICE = 1 << 5;
        /// Is the same in all address spaces, and stays in the TLB when they
        /// change.
        const GLOBAL = 1 << 6;
        /// Is to be copied when it is written; only software reads this flag.
        const COPY_ON_WRITE = 1 << 7;
        /// Isn't cached, and writes may be combined: for framebuffers.
        const WRITE_COMBINING = 1 << 8;
        /// Can't be accessed for now. The mapping keeps its frame and its other flags.
        const NO_ACCESS = 1 << 9;
    }
}

impl MappingFlags {
    /// Returns the flags as an entry keeps them: READ comes with any other flag, and of
    /// DEVICE, UNCACHED and WRITE_COMBINING only the first is kept.
    #[inline]
    pub fn normalized(self) -> Self {
        let mut flags = self;
        if !flags.is_empty() {
            flags |= Self::READ;
        }
        if flags.contains(Self::DEVICE) {
            flags -= Self::UNCACHED;
        }
        if flags.intersects(Self::DEVICE | Self::UNCACHED) {
            flags -= Self::WRITE_COMBINING;
        }
        flags
    }
}
