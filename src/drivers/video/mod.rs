//! Screens.

pub mod framebuffer;
pub mod vga_text;
