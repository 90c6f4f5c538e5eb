//! Entry into the kernel by exceptions and interrupts, and the return.

pub mod dispatch;
pub(in crate::arch) mod entry;
pub mod exception;
pub(in crate::arch) mod exception_table;
pub mod fault;
pub mod frame;
pub mod idt;
pub mod page_fault;
