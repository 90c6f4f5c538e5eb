//! The processor, and the chips of the PC that drive it: interrupt controllers,
//! timers, reset.
//!
//! This is the only room with inline assembly. It sets no policy: what happens
//! at an interrupt or at an exception is registered by higher rooms
//! ([`irq::set_handler`], [`exceptions::set_handler`], [`exceptions::set_fatal`]),
//! and so is what they know of addresses ([`report::set_guide`]).
//!
//! Invariants:
//! 1. GS points at this processor's [`percpu::PerCpu`] from [`percpu::start`] on.
//! 2. The tables that the processor reads (GDT, TSS, IDT) live for ever.
//! 3. Interrupts are off until [`irq::start`].

pub mod apic;
pub mod backtrace;
pub mod clock;
pub mod cmos;
pub mod context;
pub mod control;
pub mod exception;
pub mod exceptions;
mod fixups;
pub mod fpu;
pub mod gdt;
mod handover;
pub mod idt;
pub mod interrupts;
pub mod ipi;
pub mod irq;
pub mod lock_statistics;
pub mod page_fault;
pub mod patterns;
pub mod percpu;
pub mod pic;
mod pit;
pub mod ports;
pub mod preemption;
pub mod preemption_off;
pub mod probe;
pub mod processor;
pub mod processor_bits;
pub mod processor_state;
pub mod progress;
pub mod provoke;
pub mod report;
pub mod reset;
pub mod smp;
pub mod steps;
pub mod stop;
pub mod tables;
pub mod timer;
pub mod tlb;
mod trap;
pub mod trap_frame;
pub mod vectors;
