//! An operation that can be measured.

use core::fmt;

use sample_histogram::NoMemory;

use super::sampler::Sampler;
use crate::arch::cpu::id::CpuId;
use crate::arch::cpu::percpu;
use crate::arch::init_order::Controllers;
use crate::arch::irq::device_vectors::VectorError;
use crate::mm::kernel::scratch;
use crate::task::SpawnError;

/// An operation that can be measured.
pub(super) struct Benchmark {
    /// The word to type.
    pub name: &'static str,
    /// The operation in up to 21 characters, for the table.
    pub what: &'static str,
    /// The operation in a sentence: where a sample begins and ends.
    pub sample: &'static str,
    /// Takes the samples, in a thread on the CPU of the place.
    pub run: fn(Sampler, &Place) -> Result<Sampler, Unmeasured>,
}

/// Where benchmarks run.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// The CPU.
    pub cpu: CpuId,
    /// Proof that the interrupt controllers are set up.
    pub controllers: Controllers,
}

impl Place {
    /// Returns the CPU that this runs on.
    pub(super) fn here(controllers: Controllers) -> Self {
        Self { cpu: percpu::current().id(), controllers }
    }
}

/// The reason why an operation can't be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unmeasured {
    /// No memory is left.
    OutOfMemory,
    /// There is no screen.
    NoScreen,
    /// There is no further thread.
    Thread(SpawnError),
    /// There is no interrupt.
    Interrupt(VectorError),
    /// There is no page.
    Page(scratch::Error),
}

impl fmt::Display for Unmeasured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfMemory => f.write_str("no memory is left"),
            Self::NoScreen => f.write_str("there is no screen"),
            Self::Thread(error) => write!(f, "{error}"),
            Self::Interrupt(error) => write!(f, "{error}"),
            Self::Page(error) => write!(f, "{error}"),
        }
    }
}

impl From<NoMemory> for Unmeasured {
    fn from(_: NoMemory) -> Self {
        Self::OutOfMemory
    }
}

impl From<SpawnError> for Unmeasured {
    fn from(error: SpawnError) -> Self {
        Self::Thread(error)
    }
}

impl From<VectorError> for Unmeasured {
    fn from(error: VectorError) -> Self {
        Self::Interrupt(error)
    }
}

impl From<scratch::Error> for Unmeasured {
    fn from(error: scratch::Error) -> Self {
        Self::Page(error)
    }
}
