//! The CPU, and the chips of the PC that serve it: interrupt controllers, timers, reset.
//!
//! This is the only room with inline assembly. It sets no policy: what happens at an interrupt or
//! at an exception is registered by higher rooms ([`irq::set_handler`],
//! [`trap::dispatch::set_handler`], [`trap::dispatch::set_reporter`]).
//!
//! Invariants:
//! 1. The GS base points to this CPU's area ([`cpu::percpu`]) from [`cpu::percpu::start`] on.
//! 2. The tables that the CPU reads (GDT, TSS, IDT) live for ever.
//! 3. Interrupts are off until [`irq::start`].

pub mod boot_stage;
pub mod cmos;
pub mod context;
pub mod cpu;
pub mod debug;
pub mod init_order;
pub mod irq;
pub mod ports;
pub mod reset;
pub mod smp;
mod stub_values;
pub mod time;
pub mod trap;
pub mod user;
