//! The errors of operations on regions.

use core::fmt;

/// Why an operation failed. Nothing was changed, unless the operation's documentation says
/// otherwise.
///
/// Each variant names the error number that Linux returns for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegionError {
    /// A page of the range is in no region: ENOMEM.
    Unmapped,
    /// The address of mremap(2) is in no region, or the range crosses the end of one: EFAULT.
    BadAddress,
    /// Something is mapped there: EEXIST for MAP_FIXED_NOREPLACE. brk(2) returns
    /// the unchanged break.
    Occupied,
    /// No gap is large enough: ENOMEM.
    NoGap,
    /// The address is below the lowest one that a program may map: EPERM.
    TooLow,
    /// The range ends above the last address that a program may map: ENOMEM.
    OutOfBounds,
    /// There would be more regions than allowed: ENOMEM, for madvise(2) EAGAIN.
    TooManyRegions,
    /// There would be more pages than RLIMIT_AS allows: ENOMEM.
    AddressSpaceLimit,
    /// There would be more private writable pages than RLIMIT_DATA allows: ENOMEM.
    DataLimit,
    /// There would be more locked pages than RLIMIT_MEMLOCK allows: EAGAIN, for mlock(2) ENOMEM.
    LockLimit,
    /// The stack would be larger than RLIMIT_STACK allows: SIGSEGV for the access.
    StackLimit,
    /// The stack would come too close to the region below it: SIGSEGV for the access.
    GuardGap,
    /// The system doesn't have the memory to be committed: ENOMEM.
    CommitLimit,
    /// The kernel has no memory for the description of a region: ENOMEM, for madvise(2)
    /// EAGAIN.
    NoMemory,
    /// The region's backing doesn't allow that access: EACCES.
    Forbidden,
    /// The offset in the file would be too large: EOVERFLOW, for mremap(2) EINVAL.
    OffsetOverflow,
    /// The region can't be made longer: EFAULT.
    NotExpandable,
    /// The arguments don't fit each other or the region: EINVAL.
    Invalid,
}

impl fmt::Display for RegionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unmapped => "a page of the range isn't mapped",
            Self::BadAddress => "the range isn't within one region",
            Self::Occupied => "something is mapped there",
            Self::NoGap => "no gap is large enough",
            Self::TooLow => "the address is too low for a program",
            Self::OutOfBounds => "the range ends above a program's addresses",
            Self::TooManyRegions => "the process has too many regions",
            Self::AddressSpaceLimit => "the limit of the address space is reached",
            Self::DataLimit => "the limit of data is reached",
            Self::LockLimit => "the limit of locked memory is reached",
            Self::StackLimit => "the limit of the stack is reached",
            Self::GuardGap => "the stack is too close to the region below it",
            Self::CommitLimit => "too much memory is committed",
            Self::NoMemory => "the kernel has no memory for a region",
            Self::Forbidden => "the region's backing doesn't allow that access",
            Self::OffsetOverflow => "the offset in the file is too large",
            Self::NotExpandable => "the region can't be made longer",
            Self::Invalid => "the arguments don't fit the region",
        })
    }
}

impl core::error::Error for RegionError {}
