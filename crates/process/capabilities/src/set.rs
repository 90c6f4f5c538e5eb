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

/// The number of the last capability: CAP_CHECKPOINT_RESTORE.
const LAST: u32 = 40;

/// A set of capabilities, one bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CapabilitySet(u64);

impl CapabilitySet {
    /// No capabilities.
    pub const EMPTY: Self = Self(0);
    /// All capabilities.
    pub const ALL: Self = Self((1 << (LAST + 1)) - 1);
    /// The capabilities that depend on the user for files (setfsuid(2)).
    pub const OF_FILES: Self = Self::EMPTY
        .with(Capability::Chown)
        .with(Capability::DacOverride)
        .with(Capability::DacReadSearch)
        .with(Capability::FileOwner)
        .with(Capability::FileSetId)
        .with(Capability::LinuxImmutable)
        .with(Capability::MakeNode)
        .with(Capability::MacOverride);

    /// Returns the set with these bits; ignores bits without a capability.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// Returns the bits.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Returns the set of the capability with this number, or `None` if there is no such
    /// capability.
    pub const fn of_number(number: u64) -> Option<Self> {
        if number <= LAST as u64 { Some(Self(1 << number)) } else { None }
    }

    /// Returns the set with `capability` added.
    pub const fn with(self, capability: Capability) -> Self {
        Self(self.0 | 1 << capability as u8)
    }

    /// Returns whether the set has `capability`.
    #[inline]
    pub const fn has(self, capability: Capability) -> bool {
        self.0 >> capability as u8 & 1 != 0
    }

    /// Returns whether the set has all of `other`.
    pub const fn contains(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// Returns the capabilities that are in either set.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the capabilities that are in both sets.
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Returns the capabilities that are not in `other`.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}
