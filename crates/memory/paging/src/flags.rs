//! What a mapping allows.

use bitflags::bitflags;

bitflags! {
    /// What a mapping allows, free of any processor's format.
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
        /// Isn't cached.
        const UNCACHED = 1 << 4;
        /// Is a device: not cached, and writes aren't combined.
        const DEVICE = 1 << 5;
        /// Is the same in all address spaces, and stays in the TLB when they
        /// change.
        const GLOBAL = 1 << 6;
        /// Is to be copied when it is written; only software looks at it.
        const COPY_ON_WRITE = 1 << 7;
    }
}

impl MappingFlags {
    /// Returns what an entry keeps of these flags: READ comes with any other, and
    /// DEVICE makes UNCACHED say nothing more.
    #[inline]
    pub fn normalized(self) -> Self {
        let mut flags = self;
        if !flags.is_empty() {
            flags |= Self::READ;
        }
        if flags.contains(Self::DEVICE) {
            flags -= Self::UNCACHED;
        }
        flags
    }
}
