//! The CPU, and the PC's chips beside it: interrupt controllers, timers, reset.
//!
//! This is the only room with inline assembly. It has no policy: higher rooms register the handlers
//! of interrupts and exceptions ([`irq::set_handler`], [`trap::dispatch::set_handler`],
//! [`trap::dispatch::set_reporter`]).
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
