//! Tokens that prove that a step of the bring-up is done. A function that needs a step takes its
//! token as an argument, so that a wrong order does not compile.

/// GDT and TSS are loaded.
#[derive(Clone, Copy, Debug)]
pub struct Gdt(pub(in crate::arch) ());

/// The IDT is loaded.
#[derive(Clone, Copy, Debug)]
pub struct Idt(pub(in crate::arch) ());

/// The PICs are set up, with all lines masked.
#[derive(Clone, Copy, Debug)]
pub struct Pic(pub(in crate::arch) ());

/// The interrupt controllers that deliver the devices' interrupts are chosen and set up.
#[derive(Clone, Copy, Debug)]
pub struct Controllers(pub(in crate::arch) ());

/// Interrupts have been turned on.
#[derive(Clone, Copy, Debug)]
pub struct Interrupts(pub(in crate::arch) ());
