//! Sets of processors.

use run_queue::CpuSet;

use crate::arch::smp::cpu_bits::SET_WORDS;

/// A set of processors, by their numbers.
pub type ProcessorSet = CpuSet<SET_WORDS>;
