//! Capabilities, and sets of them.

/// A capability: a part of root's power.
///
/// Source: Linux, include/uapi/linux/capability.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[expect(missing_docs, reason = "they are the names of capabilities(7)")]
pub enum Capability {
    Chown = 0,
    DacOverride = 1,
    DacReadSearch = 2,
    FileOwner = 3,
    FileSetId = 4,
    Kill = 5,
    SetGid = 6,
    SetUid = 7,
    SetCapabilities = 8,
    LinuxImmutable = 9,
    IpcLock = 14,
    SysChroot = 18,
    SysPtrace = 19,
    SysAdmin = 21,
    SysBoot = 22,
    SysNice = 23,
    SysResource = 24,
    SysTime = 25,
    SysTtyConfig = 26,
    MakeNode = 27,
    MacOverride = 32,
    Syslog = 34,
}

/// The number of the last capability that there is: CAP_CHECKPOINT_RESTORE.
const LAST: u32 = 40;

/// A set of capabilities, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CapabilitySet(u64);

impl CapabilitySet {
    /// No capabilities.
    pub const EMPTY: Self = Self(0);
    /// All that there are.
    pub const ALL: Self = Self((1 << (LAST + 1)) - 1);
    /// Those that the user for files decides on.
    pub const OF_FILES: Self = Self::EMPTY
        .with(Capability::Chown)
        .with(Capability::DacOverride)
        .with(Capability::DacReadSearch)
        .with(Capability::FileOwner)
        .with(Capability::FileSetId)
        .with(Capability::LinuxImmutable)
        .with(Capability::MakeNode)
        .with(Capability::MacOverride);

    /// Returns the set of some bits; bits without a capability are ignored.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// Returns the bits.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Returns the set of the capability with this number; `None` if there is none.
    pub const fn of_number(number: u64) -> Option<Self> {
        if number <= LAST as u64 { Some(Self(1 << number)) } else { None }
    }

    /// Returns the set with one more.
    pub const fn with(self, capability: Capability) -> Self {
        Self(self.0 | 1 << capability as u8)
    }

    /// Returns whether it has a capability.
    #[inline]
    pub const fn has(self, capability: Capability) -> bool {
        self.0 >> capability as u8 & 1 != 0
    }

    /// Returns whether all of `other` are in it.
    pub const fn contains(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// Returns those that are in one of both.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns those that are in both.
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Returns those that are not in `other`.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}
