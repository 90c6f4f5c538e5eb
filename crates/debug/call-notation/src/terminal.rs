//! The `struct termios` of the kernel.

use core::fmt;

use crate::bytes::Bytes;
use crate::names::NumberNames;

/// The offsets of the fields.
///
/// Source: Linux UAPI, asm-generic/termbits.h.
const OUTPUT: usize = 4;
const CONTROL: usize = 8;
const LOCAL: usize = 12;

/// The bits of the speed, and some of their values.
const SPEED_MASK: u32 = 0o10_017;
const SPEEDS: NumberNames = NumberNames(&[
    (0, "B0"),
    (0o7, "B300"),
    (0o11, "B1200"),
    (0o13, "B2400"),
    (0o14, "B4800"),
    (0o15, "B9600"),
    (0o16, "B19200"),
    (0o17, "B38400"),
    (0o10_001, "B57600"),
    (0o10_002, "B115200"),
]);

/// The mode of a terminal: shows the speed and a few flags.
pub(crate) struct TerminalMode<'a>(pub(crate) Bytes<'a>);

impl fmt::Display for TerminalMode<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let speed = self.0.u32_at(CONTROL) & SPEED_MASK;
        let (output, local) = (self.0.u32_at(OUTPUT), self.0.u32_at(LOCAL));
        write!(f, "{{{}", SPEEDS.show(speed.into()))?;
        for (flags, bit, name) in
            [(output, 1, "opost"), (local, 1, "isig"), (local, 2, "icanon"), (local, 8, "echo")]
        {
            write!(f, " {}{name}", if flags & bit == 0 { "-" } else { "" })?;
        }
        f.write_str(" ...}")
    }
}
