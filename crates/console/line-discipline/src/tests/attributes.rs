//! The layout of attributes and of the window's size.

use proptest::prelude::*;

use crate::{
    ControlFlags, Device, LineDiscipline, TERMIOS_BYTES, TERMIOS2_BYTES, Termios, WindowSize,
};

#[test]
fn attributes_have_the_layout_of_linux() {
    let bytes = Termios::new().to_bytes2();
    assert_eq!(bytes[..4], 0x500_u32.to_le_bytes());
    assert_eq!(bytes[4..8], 5_u32.to_le_bytes());
    assert_eq!(bytes[8..12], 0x4bf_u32.to_le_bytes());
    assert_eq!(bytes[12..16], 0x8a3b_u32.to_le_bytes());
    assert_eq!(bytes[16], 0);
    assert_eq!(bytes[17..36], *b"\x03\x1c\x7f\x15\x04\0\x01\0\x11\x13\x1a\0\x12\x0f\x17\x16\0\0\0");
    assert_eq!(bytes[36..40], 38400_u32.to_le_bytes());
    assert_eq!(bytes[40..], 38400_u32.to_le_bytes());
}

#[test]
fn speed_is_that_of_the_flags() {
    let with = |control: u32| {
        let mut bytes = Termios::new().to_bytes2();
        bytes[8..12].copy_from_slice(&control.to_le_bytes());
        bytes[36..40].copy_from_slice(&12345_u32.to_le_bytes());
        bytes[40..].copy_from_slice(&54321_u32.to_le_bytes());
        let termios = Termios::new().with_bytes2(&bytes);
        (termios.input_speed, termios.output_speed)
    };
    assert_eq!(with(0x0d), (9600, 9600));
    assert_eq!(with(0x1002), (115_200, 115_200));
    assert_eq!(with(0x100f), (4_000_000, 4_000_000));
    assert_eq!(with(0x000d_000f), (9600, 38400));
    // BOTHER: the numbers are used.
    assert_eq!(with(0x1000), (54321, 54321));
    assert_eq!(with(0x1000_1000), (12345, 54321));
}

#[test]
fn devices_begin_as_on_linux() {
    let serial = *LineDiscipline::try_new(Device::Serial).unwrap().termios();
    assert_eq!(serial.control.bits(), 0xcbd);
    assert_eq!(serial.output_speed, 9600);
    let screen = *LineDiscipline::try_new(Device::Screen).unwrap().termios();
    assert_eq!((screen.control.bits(), screen.input.bits()), (0x4bf, 0x4500));
    let pseudo = *LineDiscipline::try_new(Device::Pseudo).unwrap().termios();
    assert_eq!(pseudo.control.bits(), 0xbf);
}

#[test]
fn pseudo_terminal_keeps_eight_bits() {
    let mut terminal = LineDiscipline::try_new(Device::Pseudo).unwrap();
    let mut termios = *terminal.termios();
    termios.control = ControlFlags::PARENB;
    terminal.set_termios(termios);
    assert_eq!(terminal.termios().control, ControlFlags::CS8 | ControlFlags::CREAD);
}

#[test]
fn window_size_reports_changes() {
    let mut terminal = LineDiscipline::try_new(Device::Screen).unwrap();
    let size = WindowSize { rows: 25, columns: 80, x_pixels: 640, y_pixels: 400 };
    assert!(terminal.set_window_size(size));
    assert!(!terminal.set_window_size(size));
    assert_eq!(terminal.window_size(), size);
    assert_eq!(size.to_bytes(), [25, 0, 80, 0, 0x80, 2, 0x90, 1]);
    assert_eq!(WindowSize::from_bytes(&size.to_bytes()), size);
}

proptest! {
    #[test]
    fn attributes_survive_their_layout(
        bytes in prop::array::uniform32(any::<u8>()),
        rest in prop::array::uniform4(any::<u8>()),
    ) {
        let mut all = [0; TERMIOS_BYTES];
        all[..32].copy_from_slice(&bytes);
        all[32..].copy_from_slice(&rest);
        prop_assert_eq!(Termios::new().with_bytes(&all).to_bytes(), all);
        let mut wide = [0; TERMIOS2_BYTES];
        wide[..36].copy_from_slice(&all);
        prop_assert_eq!(&Termios::new().with_bytes2(&wide).to_bytes2()[..36], &all);
    }
}
