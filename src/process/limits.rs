//! Resource limits.

use ::address_space::{Limits, REGIONS_MAX};

/// A resource that is limited.
///
/// Source: getrlimit(2); Linux, include/uapi/asm-generic/resource.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
#[expect(missing_docs, reason = "they are the names of getrlimit(2)")]
pub enum Resource {
    Cpu,
    FileSize,
    Data,
    Stack,
    Core,
    ResidentSet,
    Processes,
    Files,
    LockedMemory,
    AddressSpace,
    Locks,
    PendingSignals,
    MessageQueues,
    Nice,
    RealTimePriority,
    RealTimeTime,
}

/// The number of limited resources.
pub const RESOURCES: usize = 16;

/// No limit: RLIM_INFINITY.
pub const UNLIMITED: u64 = u64::MAX;

/// The limit of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceLimit {
    /// The limit that is enforced.
    pub soft: u64,
    /// The largest soft limit.
    pub hard: u64,
}

/// The limits of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceLimits([ResourceLimit; RESOURCES]);

impl ResourceLimits {
    /// Returns the limits of the first process, as on Linux, except that the limits of processes
    /// and of pending signals don't depend on the size of the memory.
    pub fn new() -> Self {
        const UNLIMITED_BOTH: ResourceLimit = ResourceLimit { soft: UNLIMITED, hard: UNLIMITED };
        let mut limits = Self([UNLIMITED_BOTH; RESOURCES]);
        for (resource, soft, hard) in [
            (Resource::Stack, 8 << 20, UNLIMITED),
            (Resource::Core, 0, UNLIMITED),
            (Resource::Processes, 4096, 4096),
            (Resource::Files, 1024, 4096),
            (Resource::LockedMemory, 8 << 20, 8 << 20),
            (Resource::PendingSignals, 4096, 4096),
            (Resource::MessageQueues, 819_200, 819_200),
            (Resource::Nice, 0, 0),
            (Resource::RealTimePriority, 0, 0),
        ] {
            limits.set(resource, ResourceLimit { soft, hard });
        }
        limits
    }

    /// Returns the limit of a resource.
    pub fn get(&self, resource: Resource) -> ResourceLimit {
        self.0[resource as usize]
    }

    /// Sets the limit of a resource.
    pub fn set(&mut self, resource: Resource, limit: ResourceLimit) {
        self.0[resource as usize] = limit;
    }

    /// Returns the limits of an address space. `is_privileged` is whether any number of its pages
    /// may be locked: CAP_IPC_LOCK.
    pub fn of_address_space(&self, is_privileged: bool) -> Limits {
        Limits {
            locked_bytes: match is_privileged {
                true => UNLIMITED,
                false => self.get(Resource::LockedMemory).soft,
            },
            address_space_bytes: self.get(Resource::AddressSpace).soft,
            data_bytes: self.get(Resource::Data).soft,
            regions: REGIONS_MAX,
        }
    }
}

impl Default for ResourceLimits {
    fn default() -> Self {
        Self::new()
    }
}
