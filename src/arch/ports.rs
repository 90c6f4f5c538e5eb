//! Every I/O port that the kernel itself uses, as one table.
//!
//! Only this file can make a [`Port8`] or [`Port16`], so that whoever reads the
//! table has seen all of them: none belongs to a device that could reach memory
//! by itself, so reading and writing them is safe.
//!
//! Source: PC/AT Technical Reference, "I/O address map", where no other is told.

use x86_64::instructions::port::Port;

/// A port of eight bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port8(u16);

impl Port8 {
    /// Reads the port.
    pub fn read(self) -> u8 {
        // SAFETY: the table has no port that reaches memory.
        unsafe { Port::new(self.0).read() }
    }

    /// Writes `value` to the port.
    pub fn write(self, value: u8) {
        // SAFETY: the table has no port that reaches memory.
        unsafe { Port::new(self.0).write(value) }
    }
}

/// A port of sixteen bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port16(u16);

impl Port16 {
    /// Writes `value` to the port.
    pub fn write(self, value: u16) {
        // SAFETY: the table has no port that reaches memory.
        unsafe { Port::new(self.0).write(value) }
    }
}

/// First interrupt controller, command.
pub const PIC_MASTER_COMMAND: Port8 = Port8(0x20);
/// First interrupt controller, data.
pub const PIC_MASTER_DATA: Port8 = Port8(0x21);
/// Interval timer, channel 0.
pub const PIT_CHANNEL_0: Port8 = Port8(0x40);
/// Interval timer, channel 2.
pub const PIT_CHANNEL_2: Port8 = Port8(0x42);
/// Interval timer, command.
pub const PIT_COMMAND: Port8 = Port8(0x43);
/// Keyboard controller, data.
pub const KEYBOARD_DATA: Port8 = Port8(0x60);
/// System control port B: timer 2's gate and output, speaker, NMI reasons.
pub const SYSTEM_CONTROL: Port8 = Port8(0x61);
/// Keyboard controller, status when read.
pub const KEYBOARD_STATUS: Port8 = Port8(0x64);
/// Keyboard controller, command when written.
pub const KEYBOARD_COMMAND: Port8 = Port8(0x64);
/// Selects a byte of the CMOS; bit 7 masks the NMI.
pub const CMOS_INDEX: Port8 = Port8(0x70);
/// The selected byte of the CMOS.
pub const CMOS_DATA: Port8 = Port8(0x71);
/// Power-on self-test code; a write takes about a microsecond on hardware.
pub const POST: Port8 = Port8(0x80);
/// Second interrupt controller, command.
pub const PIC_SLAVE_COMMAND: Port8 = Port8(0xA0);
/// Second interrupt controller, data.
pub const PIC_SLAVE_DATA: Port8 = Port8(0xA1);
/// QEMU's isa-debug-exit, where the test runner puts it.
pub const QEMU_EXIT: Port8 = Port8(0xF4);
/// CRT controller, register number.
pub const CRTC_INDEX: Port8 = Port8(0x3D4);
/// CRT controller, the selected register.
pub const CRTC_DATA: Port8 = Port8(0x3D5);
/// ACPI PM1a control, where SeaBIOS and OVMF put it on QEMU's machines.
pub const QEMU_PM1A_CONTROL: Port16 = Port16(0x604);
/// The chipset's reset control (Intel 500 series PCH datasheet).
pub const RESET_CONTROL: Port8 = Port8(0xCF9);
/// Bochs' shutdown port (Bochs user manual, "unmapped device").
pub const BOCHS_SHUTDOWN: Port8 = Port8(0x8900);
/// ACPI PM1a control, where Bochs and old QEMUs put it.
pub const BOCHS_PM1A_CONTROL: Port16 = Port16(0xB004);
