//! What device and driver agree on.
//!
//! Source: VIRTIO 1.2, "Feature Bits", "Reserved Feature Bits", "Block Device, Feature bits".

use core::ops::{BitAnd, BitOr};

/// A set of features.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features(pub u64);

impl Features {
    /// A request has a limited size of its segments.
    pub const SIZE_MAX: Self = Self(1 << 1);
    /// A request has a limited number of segments.
    pub const SEG_MAX: Self = Self(1 << 2);
    /// The disk is read-only.
    pub const RO: Self = Self(1 << 5);
    /// The disk has a size of its sectors.
    pub const BLK_SIZE: Self = Self(1 << 6);
    /// The disk has a cache for writes, and the command to flush it.
    pub const FLUSH: Self = Self(1 << 9);
    /// The device has several queues.
    pub const MQ: Self = Self(1 << 12);
    /// A descriptor may point to a table of descriptors.
    pub const INDIRECT_DESC: Self = Self(1 << 28);
    /// The device is as this version of the specification describes it.
    pub const VERSION_1: Self = Self(1 << 32);

    /// The features that the driver of block devices uses.
    pub const OF_DRIVER: Self = Self(
        Self::SIZE_MAX.0
            | Self::SEG_MAX.0
            | Self::RO.0
            | Self::BLK_SIZE.0
            | Self::FLUSH.0
            | Self::MQ.0
            | Self::INDIRECT_DESC.0
            | Self::VERSION_1.0,
    );

    /// Returns whether all features of `other` are in the set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitAnd for Features {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitOr for Features {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
