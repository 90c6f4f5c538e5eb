//! Commands that show a CPU and its code.

pub(in crate::monitor) mod backtrace;
pub(in crate::monitor) mod cpuid;
pub(in crate::monitor) mod cpuid_features;
pub(in crate::monitor) mod cr;
pub(in crate::monitor) mod disasm;
pub(in crate::monitor) mod gdt;
pub(in crate::monitor) mod idt;
pub(in crate::monitor) mod msr;
pub(in crate::monitor) mod stack;
pub(in crate::monitor) mod sym;
pub(in crate::monitor) mod tss;
