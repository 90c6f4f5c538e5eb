//! Sets of processors.

use run_queue::CpuSet;

use crate::arch::percpu::CPUS_MAX;

/// The words of a set.
pub(super) const SET_WORDS: usize = CPUS_MAX / u64::BITS as usize;

/// A set of processors, by their numbers.
pub type ProcessorSet = CpuSet<SET_WORDS>;
