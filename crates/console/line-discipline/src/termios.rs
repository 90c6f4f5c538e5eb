//! The attributes of a terminal.

use crate::control_character::{CONTROL_CHARACTERS, ControlCharacter};
use crate::flags::{ControlFlags, InputFlags, LocalFlags, OutputFlags};

/// The size of the kernel's `struct termios` (TCGETS, TCSETS).
pub const TERMIOS_BYTES: usize = 36;

/// The size of the kernel's `struct termios2` (TCGETS2, TCSETS2).
pub const TERMIOS2_BYTES: usize = 44;

/// The speeds that have a code, in bits a second: the codes 0 to 15, then those from 0x1001
/// on. Source: Linux UAPI, asm-generic/termbits.h.
const SPEEDS: [u32; 16] =
    [0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400];
const HIGH_SPEEDS: [u32; 15] = [
    57_600, 115_200, 230_400, 460_800, 500_000, 576_000, 921_600, 1_000_000, 1_152_000, 1_500_000,
    2_000_000, 2_500_000, 3_000_000, 3_500_000, 4_000_000,
];

/// The attributes of a terminal, as programs get and set them.
///
/// Source: termios(3); Linux UAPI, asm-generic/termbits.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Termios {
    /// The processing of input.
    pub input: InputFlags,
    /// The processing of output.
    pub output: OutputFlags,
    /// The settings of the device.
    pub control: ControlFlags,
    /// Editing, echo and signals.
    pub local: LocalFlags,
    /// The number of the line discipline; 0 is N_TTY, the only one.
    pub line: u8,
    /// The control characters, by [`ControlCharacter`].
    pub characters: [u8; CONTROL_CHARACTERS],
    /// The speed of input in bits a second.
    pub input_speed: u32,
    /// The speed of output in bits a second.
    pub output_speed: u32,
}

impl Termios {
    /// Returns the initial attributes of a terminal on Linux.
    pub fn new() -> Self {
        Self {
            input: InputFlags::ICRNL | InputFlags::IXON,
            output: OutputFlags::OPOST | OutputFlags::ONLCR,
            control: ControlFlags::B38400
                | ControlFlags::CS8
                | ControlFlags::CREAD
                | ControlFlags::HUPCL,
            local: LocalFlags::ISIG
                | LocalFlags::ICANON
                | LocalFlags::ECHO
                | LocalFlags::ECHOE
                | LocalFlags::ECHOK
                | LocalFlags::ECHOCTL
                | LocalFlags::ECHOKE
                | LocalFlags::IEXTEN,
            line: 0,
            characters: *b"\x03\x1c\x7f\x15\x04\0\x01\0\x11\x13\x1a\0\x12\x0f\x17\x16\0\0\0",
            input_speed: 38400,
            output_speed: 38400,
        }
    }

    /// Returns a control character, which may be [`DISABLED`](crate::DISABLED).
    pub fn character(&self, which: ControlCharacter) -> u8 {
        self.characters[which as usize]
    }

    /// Sets a control character.
    pub fn set_character(&mut self, which: ControlCharacter, byte: u8) {
        self.characters[which as usize] = byte;
    }

    /// Returns the attributes as the kernel's `struct termios`.
    pub fn to_bytes(&self) -> [u8; TERMIOS_BYTES] {
        let mut bytes = [0; TERMIOS_BYTES];
        let words = [self.input.bits(), self.output.bits(), self.control.bits(), self.local.bits()];
        for (place, word) in bytes.chunks_exact_mut(4).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes[16] = self.line;
        bytes[17..].copy_from_slice(&self.characters);
        bytes
    }

    /// Returns the attributes as the kernel's `struct termios2`.
    pub fn to_bytes2(&self) -> [u8; TERMIOS2_BYTES] {
        let mut bytes = [0; TERMIOS2_BYTES];
        bytes[..TERMIOS_BYTES].copy_from_slice(&self.to_bytes());
        bytes[36..40].copy_from_slice(&self.input_speed.to_le_bytes());
        bytes[40..].copy_from_slice(&self.output_speed.to_le_bytes());
        bytes
    }

    /// Reads attributes from the kernel's `struct termios`. The speeds come from the
    /// flags; with BOTHER they stay those of `self`.
    pub fn with_bytes(&self, bytes: &[u8; TERMIOS_BYTES]) -> Self {
        let word = |at: usize| {
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let mut characters = [0; CONTROL_CHARACTERS];
        characters.copy_from_slice(&bytes[17..]);
        let control = word(8);
        let output_speed = coded_speed(control).unwrap_or(self.output_speed);
        // A code of 0 for the input means the output's speed.
        let input_code = control >> 16 & ControlFlags::CBAUD.bits();
        let input_speed = match input_code {
            0 => output_speed,
            code => coded_speed(code).unwrap_or(self.input_speed),
        };
        Self {
            input: InputFlags::from_bits_retain(word(0)),
            output: OutputFlags::from_bits_retain(word(4)),
            control: ControlFlags::from_bits_retain(control),
            local: LocalFlags::from_bits_retain(word(12)),
            line: bytes[16],
            characters,
            input_speed,
            output_speed,
        }
    }

    /// Reads attributes from the kernel's `struct termios2`. With BOTHER the speeds are the
    /// numbers in the structure, otherwise those of the flags.
    pub fn with_bytes2(&self, bytes: &[u8; TERMIOS2_BYTES]) -> Self {
        let mut words = [0; TERMIOS_BYTES];
        words.copy_from_slice(&bytes[..TERMIOS_BYTES]);
        let speed = |at: usize| {
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        Self { input_speed: speed(36), output_speed: speed(40), ..*self }.with_bytes(&words)
    }
}

impl Default for Termios {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns the speed of the code in `control`, in bits a second; `None` for BOTHER and for
/// unknown codes.
fn coded_speed(control: u32) -> Option<u32> {
    let code = (control & ControlFlags::CBAUD.bits()) as usize;
    match code.checked_sub(0x1001) {
        Some(high) => HIGH_SPEEDS.get(high).copied(),
        None => SPEEDS.get(code).copied(),
    }
}
