//! Ranges of physical memory and their use.

/// The use of a range of physical memory, from least to most reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Free RAM.
    Usable,
    /// The kernel's image, and reserved parts of the first MiB.
    Kernel,
    /// The loader's information and modules, which may be in the first MiB; can be freed later.
    Loader,
    /// ACPI tables; free after they have been read.
    AcpiReclaimable,
    /// Must be preserved during hibernation.
    AcpiNvs,
    /// A device's memory, such as the framebuffer.
    Device,
    /// Not RAM, or used by the firmware.
    Reserved,
    /// Defective RAM.
    Defective,
}

impl Kind {
    /// Returns whether memory of this kind is working RAM.
    pub fn is_ram(self) -> bool {
        match self {
            Self::Usable | Self::Loader | Self::Kernel | Self::AcpiReclaimable | Self::AcpiNvs => {
                true
            }
            Self::Device | Self::Reserved | Self::Defective => false,
        }
    }
}

/// A range of physical memory of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Region {
    /// The first physical address.
    pub start: u64,
    /// The physical address after the last byte.
    pub end: u64,
    /// Its use.
    pub kind: Kind,
}

impl Region {
    /// A region without bytes, for unused storage.
    pub const EMPTY: Self = Self { start: 0, end: 0, kind: Kind::Usable };

    /// Returns the length in bytes; 0 if `end` is not above `start`.
    pub fn len_bytes(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Returns whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len_bytes() == 0
    }

    /// Returns whether the byte at the physical `address` is in it.
    pub fn contains(&self, address: u64) -> bool {
        (self.start..self.end).contains(&address)
    }

    /// Returns whether a range of `kind` that starts or ends at `at` splits this region.
    pub(crate) fn splits(&self, at: u64, kind: Kind) -> bool {
        self.start < at && at < self.end && kind > self.kind
    }
}
