//! Every I/O port that the kernel itself uses, as one table.
//!
//! Only this file can make a port, so the table is complete; [`read`] is for the command that reads
//! any port by number. None of the ports belongs to a device that could access memory by itself,
//! except PCI's data port, whose writes are unsafe. Most ports are private to `arch`. Drivers may
//! use the ports at which every written value is harmless. They use the keyboard controller by
//! [`send_command`], which has no commands for the A20 gate and the reset line.
//! [`IoPort::named_by_firmware`] makes the ports whose numbers are in the firmware's tables.
//!
//! Source: PC/AT Technical Reference, "I/O address map", unless another source is named.

use core::marker::PhantomData;

use x86_64::instructions::port::{Port, PortRead, PortWrite};

/// A port whose values are of type `T`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IoPort<T> {
    number: u16,
    _value: PhantomData<T>,
}

/// A port of eight bits.
pub type Port8 = IoPort<u8>;
/// A port of sixteen bits.
pub type Port16 = IoPort<u16>;
/// A port of 32 bits.
pub type Port32 = IoPort<u32>;

impl<T> IoPort<T> {
    const fn new(number: u16) -> Self {
        Self { number, _value: PhantomData }
    }
}

impl<T: PortRead + PortWrite> IoPort<T> {
    /// Reads the port.
    pub fn read(self) -> T {
        // SAFETY: no port of the table accesses memory.
        unsafe { Port::new(self.number).read() }
    }

    /// Writes `value` to the port.
    pub fn write(self, value: T) {
        // SAFETY: no port of the table accesses memory.
        unsafe { Port::new(self.number).write(value) }
    }

    /// Makes a port that isn't in the table.
    ///
    /// # Safety
    /// The firmware's tables name `number` as the port of a device that accesses no
    /// memory by itself, whatever is written there.
    pub unsafe fn named_by_firmware(number: u16) -> Self {
        Self::new(number)
    }
}

/// A port of 32 bits that can't be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadPort32(u16);

impl ReadPort32 {
    /// Reads the port.
    pub fn read(self) -> u32 {
        // SAFETY: reading a port of the table accesses no memory.
        unsafe { Port::new(self.0).read() }
    }

    /// Makes a port that isn't in the table.
    ///
    /// # Safety
    /// The firmware's tables name `number` as the port of a device that accesses no
    /// memory when it is read.
    pub unsafe fn named_by_firmware(number: u16) -> Self {
        Self(number)
    }
}

/// PCI's data port: a write may make a device access memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PciDataPort(u16);

impl PciDataPort {
    /// Reads the selected register.
    pub fn read(self) -> u32 {
        // SAFETY: reading a register of a function makes no device access memory.
        unsafe { Port::new(self.0).read() }
    }

    /// Writes `value` to the selected register.
    ///
    /// # Safety
    /// It makes no device access memory that the device's driver hasn't given to it.
    pub unsafe fn write(self, value: u32) {
        // SAFETY: the caller's promise.
        unsafe { Port::new(self.0).write(value) }
    }
}

/// The number of bits of one read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are numbers of bits")]
pub enum Width {
    Bits8,
    Bits16,
    Bits32,
}

/// Reads any port by its number. The read may change the device's state: it may remove a
/// byte from a queue, or acknowledge an interrupt.
pub fn read(port: u16, width: Width) -> u32 {
    match width {
        // SAFETY: IN only changes the CPU's register. A device writes only to memory
        // that its driver has given to it.
        Width::Bits8 => u32::from(unsafe { Port::<u8>::new(port).read() }),
        // SAFETY: as above.
        Width::Bits16 => u32::from(unsafe { Port::<u16>::new(port).read() }),
        // SAFETY: as above.
        Width::Bits32 => unsafe { Port::<u32>::new(port).read() },
    }
}

/// First interrupt controller, command.
pub(in crate::arch) const PIC_MASTER_COMMAND: Port8 = Port8::new(0x20);
/// First interrupt controller, data.
pub(in crate::arch) const PIC_MASTER_DATA: Port8 = Port8::new(0x21);
/// Interval timer, channel 0.
pub(in crate::arch) const PIT_CHANNEL_0: Port8 = Port8::new(0x40);
/// Interval timer, channel 2.
pub(in crate::arch) const PIT_CHANNEL_2: Port8 = Port8::new(0x42);
/// Interval timer, command.
pub(in crate::arch) const PIT_COMMAND: Port8 = Port8::new(0x43);
/// Keyboard controller, data.
pub const KEYBOARD_DATA: Port8 = Port8::new(0x60);
/// System control port B: timer 2's gate and output, speaker, NMI reasons.
pub(in crate::arch) const SYSTEM_CONTROL: Port8 = Port8::new(0x61);
/// Keyboard controller, status when read.
pub const KEYBOARD_STATUS: Port8 = Port8::new(0x64);
/// Keyboard controller, command when written.
pub(in crate::arch) const KEYBOARD_COMMAND: Port8 = Port8::new(0x64);
/// Selects a byte of the CMOS; bit 7 masks the NMI.
pub(in crate::arch) const CMOS_INDEX: Port8 = Port8::new(0x70);
/// The selected byte of the CMOS.
pub(in crate::arch) const CMOS_DATA: Port8 = Port8::new(0x71);
/// Power-on self-test code.
pub(in crate::arch) const POST: Port8 = Port8::new(0x80);
/// Second interrupt controller, command.
pub(in crate::arch) const PIC_SLAVE_COMMAND: Port8 = Port8::new(0xA0);
/// Second interrupt controller, data.
pub(in crate::arch) const PIC_SLAVE_DATA: Port8 = Port8::new(0xA1);
/// QEMU's isa-debugcon, at the port that `tools/run` uses.
pub(in crate::arch) const QEMU_DEBUG_CONSOLE: Port8 = Port8::new(0xE9);
/// QEMU's isa-debug-exit, at the port that the test runner uses.
pub(in crate::arch) const QEMU_EXIT: Port8 = Port8::new(0xF4);
/// CRT controller, register number.
pub const CRTC_INDEX: Port8 = Port8::new(0x3D4);
/// CRT controller, the selected register.
pub const CRTC_DATA: Port8 = Port8::new(0x3D5);
/// ACPI PM1a control, at SeaBIOS's port on QEMU's machines, and OVMF's on q35.
pub(in crate::arch) const QEMU_PM1A_CONTROL: Port16 = Port16::new(0x604);
/// Selects a register of PCI's configuration space (PCI Local Bus Specification 3.0,
/// "Software Generation of Configuration Transactions").
pub const PCI_ADDRESS: Port32 = Port32::new(0xCF8);
/// The selected register.
pub const PCI_DATA: PciDataPort = PciDataPort(0xCFC);
/// The chipset's reset control (Intel 500 series PCH datasheet).
pub(in crate::arch) const RESET_CONTROL: Port8 = Port8::new(0xCF9);

/// A command of the keyboard controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum KeyboardCommand {
    /// Requests its configuration byte on the data port.
    ReadConfiguration = 0x20,
    /// Makes the next data byte its configuration.
    WriteConfiguration = 0x60,
    /// Disables the second port.
    DisableSecondPort = 0xA7,
    /// Enables the second port.
    EnableSecondPort = 0xA8,
    /// Tests the second port's wires; the result arrives on the data port.
    TestSecondPort = 0xA9,
    /// Tests itself; the result arrives on the data port.
    TestController = 0xAA,
    /// Tests the first port's wires; the result arrives on the data port.
    TestFirstPort = 0xAB,
    /// Disables the first port.
    DisableFirstPort = 0xAD,
    /// Enables the first port.
    EnableFirstPort = 0xAE,
    /// Sends the next data byte back, as if the keyboard had sent it.
    SendBack = 0xD2,
}

/// Waits for about a microsecond on hardware; old devices need this between two accesses.
/// It reads a port without side effects, because writes to port 0x80, the usual way, hang
/// some laptops.
pub(in crate::arch) fn io_delay() {
    SYSTEM_CONTROL.read();
}

/// Sends `command` to the keyboard controller, which has to be ready.
pub fn send_command(command: KeyboardCommand) {
    KEYBOARD_COMMAND.write(command as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn widths_differ() {
        // A port without a device; all its bits read as 1.
        const NOTHING: u16 = 0x9990;
        assert_eq!(read(NOTHING, Width::Bits8), 0xFF);
        assert_eq!(read(NOTHING, Width::Bits16), 0xFFFF);
        assert_eq!(read(NOTHING, Width::Bits32), 0xFFFF_FFFF);
        let mask = PIC_MASTER_DATA.read();
        assert_eq!(read(PIC_MASTER_DATA.number, Width::Bits8), u32::from(mask));
    }
}
