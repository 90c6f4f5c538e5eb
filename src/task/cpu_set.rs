//! Sets of CPUs.

use crate::arch::smp::cpu_bits::SET_WORDS;

/// A set of CPUs, by their numbers.
pub type CpuSet = run_queue::CpuSet<SET_WORDS>;
