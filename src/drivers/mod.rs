//! Devices. Each driver owns its ports or its memory, and nothing else does.

pub mod acpi;
pub mod framebuffer;
pub mod i8042;
pub mod interrupt_controllers;
pub mod keyboard;
pub mod pci;
pub mod processors;
pub mod rtc;
pub mod serial;
pub mod typed;
pub mod vga_text;
