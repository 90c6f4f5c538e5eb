//! Devices that send and receive bytes: the serial line, the keyboard, the hardware
//! clock.

pub mod i8042;
pub mod input_events;
pub mod keyboard;
pub mod rtc;
pub mod serial;
