//! The advanced programmable interrupt controllers: one in each processor, which
//! takes interrupts and sends them to other processors, and those of the chipset,
//! which send them the devices' interrupts.
//!
//! Source: Intel SDM volume 3A, "Advanced Programmable Interrupt Controller (APIC)".

pub mod io;
pub mod local;

/// Which of the controllers may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApicChoice {
    /// The best that there are.
    #[default]
    All,
    /// Not those whose registers aren't in memory.
    InMemory,
    /// None: the PICs stay in charge.
    No,
}
