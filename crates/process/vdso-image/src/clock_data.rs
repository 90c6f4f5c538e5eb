//! The data from which the code of the vDSO computes the time.

/// The size of the data.
pub const CLOCK_DATA_BYTES: usize = 48;

/// The offsets of the parts of the data from the start of its page.
pub mod offset {
    /// A sequence number of 32 bits: odd while the other data is being changed, and increased by
    /// each change.
    pub const SEQUENCE: usize = 0;
    /// A flag of 32 bits: whether the time can be computed from the counter.
    pub const IS_USABLE: usize = 4;
    /// The value of the counter at the base.
    pub const BASE_TSC: usize = 8;
    /// The time at the base, in nanoseconds.
    pub const BASE_NS: usize = 16;
    /// The mantissa of the nanoseconds for each tick.
    pub const MANTISSA: usize = 24;
    /// The exponent, a number of 32 bits: the product is shifted right by this many bits.
    pub const SHIFT: usize = 32;
    /// The time of day when the kernel's clock was 0, in nanoseconds since 1970.
    pub const REAL_TIME_START_NS: usize = 40;
}

/// The kernel's clock as a function of the time stamp counter:
/// `base_ns + ((counter - base_tsc) * mantissa >> shift)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockData {
    /// Whether the time can be computed from the counter; otherwise the code makes the system
    /// call.
    pub is_usable: bool,
    /// The value of the counter at the base.
    pub base_tsc: u64,
    /// The time at the base, in nanoseconds.
    pub base_ns: u64,
    /// The mantissa of the nanoseconds for each tick.
    pub mantissa: u64,
    /// The exponent, below 128.
    pub shift: u32,
    /// The time of day when the kernel's clock was 0, in nanoseconds since 1970.
    pub real_time_start_ns: i64,
}

impl ClockData {
    /// Returns the data with `sequence`.
    pub fn to_bytes(&self, sequence: u32) -> [u8; CLOCK_DATA_BYTES] {
        let mut bytes = [0; CLOCK_DATA_BYTES];
        let mut put = |at: usize, part: &[u8]| bytes[at..at + part.len()].copy_from_slice(part);
        put(offset::SEQUENCE, &sequence.to_le_bytes());
        put(offset::IS_USABLE, &u32::from(self.is_usable).to_le_bytes());
        put(offset::BASE_TSC, &self.base_tsc.to_le_bytes());
        put(offset::BASE_NS, &self.base_ns.to_le_bytes());
        put(offset::MANTISSA, &self.mantissa.to_le_bytes());
        put(offset::SHIFT, &self.shift.to_le_bytes());
        put(offset::REAL_TIME_START_NS, &self.real_time_start_ns.to_le_bytes());
        bytes
    }
}
