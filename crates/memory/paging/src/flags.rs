//! The access that a mapping allows, and its caching.

use bitflags::bitflags;

bitflags! {
    /// The access that a mapping allows, and its caching, independent of a CPU's format.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct MappingFlags: u16 {
        /// It can be read. On x86_64 every mapping can.
        const READ = 1 << 0;
        /// It can be written.
        const WRITE = 1 << 1;
        /// It can be executed.
        const EXECUTE = 1 << 2;
        /// Programs can access it.
        const USER = 1 << 3;
        /// It isn't cached, unless the firmware's MTRRs specify another type (UC-).
        const UNCACHED = 1 << 4;
        /// It is a device: never cached, and accesses are neither combined nor reordered
        /// (UC).
        const DEVICE = 1 << 5;
        /// It is the same in all address spaces, and stays in the TLB when they are
        /// switched.
        const GLOBAL = 1 << 6;
        /// It is to be copied before it is written. Only software reads this flag.
        const COPY_ON_WRITE = 1 << 7;
        /// It isn't cached, and writes may be combined: for framebuffers.
        const WRITE_COMBINING = 1 << 8;
        /// It can't be accessed at present. The mapping keeps its frame and its other
        /// flags.
        const NO_ACCESS = 1 << 9;
    }
}

impl MappingFlags {
    /// Returns the flags that an entry can hold: any flag implies READ, and of DEVICE,
    /// UNCACHED and WRITE_COMBINING only the first one that is set is kept.
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
