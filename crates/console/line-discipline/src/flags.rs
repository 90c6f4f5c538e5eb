//! The four words of flags of a terminal, with the values of Linux for x86_64.
//!
//! Bits that have no name here are kept: programs read back the values that they set.
//! Source: Linux UAPI, asm-generic/termbits.h and termbits-common.h.

use bitflags::bitflags;

bitflags! {
    /// The processing of input before it is queued (`c_iflag`).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct InputFlags: u32 {
        /// Ignores a break.
        const IGNBRK = 0x0001;
        /// Sends SIGINT at a break, and flushes both queues.
        const BRKINT = 0x0002;
        /// Ignores bytes with a parity or framing error; only with INPCK.
        const IGNPAR = 0x0004;
        /// Marks bad bytes as `\xff \0 BYTE`, a break as `\xff \0 \0`, and doubles `\xff`.
        const PARMRK = 0x0008;
        /// Checks parity: bad bytes are ignored, marked, or read as `\0`.
        const INPCK = 0x0010;
        /// Clears the eighth bit.
        const ISTRIP = 0x0020;
        /// Turns NL into CR.
        const INLCR = 0x0040;
        /// Drops CR.
        const IGNCR = 0x0080;
        /// Turns CR into NL.
        const ICRNL = 0x0100;
        /// Turns upper case into lower case; only with IEXTEN.
        const IUCLC = 0x0200;
        /// STOP and START control the output.
        const IXON = 0x0400;
        /// Any byte restarts stopped output.
        const IXANY = 0x0800;
        /// Sends STOP to the device when the input queue is nearly full, and START later.
        const IXOFF = 0x1000;
        /// Has no effect, as on Linux: a full queue rings no bell.
        const IMAXBEL = 0x2000;
        /// Input is UTF-8: ERASE erases whole characters.
        const IUTF8 = 0x4000;
    }

    /// The processing of output (`c_oflag`).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct OutputFlags: u32 {
        /// Output is processed.
        const OPOST = 0x0001;
        /// Turns lower case into upper case.
        const OLCUC = 0x0002;
        /// Sends NL as CR NL.
        const ONLCR = 0x0004;
        /// Sends CR as NL.
        const OCRNL = 0x0008;
        /// Sends no CR at column 0.
        const ONOCR = 0x0010;
        /// NL moves to column 0, so no CR is needed.
        const ONLRET = 0x0020;
        /// Sends fill characters instead of delays. Has no effect, as on Linux.
        const OFILL = 0x0040;
        /// The fill character is DEL. Has no effect, as on Linux.
        const OFDEL = 0x0080;
        /// Both bits of the processing of tabs; 3 is XTABS.
        const TABDLY = 0x1800;
        /// Sends tabs as spaces.
        const XTABS = 0x1800;
    }

    /// The settings of the device (`c_cflag`). The caller passes them to the hardware.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct ControlFlags: u32 {
        /// 9,600 bits a second.
        const B9600 = 0x000d;
        /// 38,400 bits a second.
        const B38400 = 0x000f;
        /// All bits of a byte's size.
        const CSIZE = 0x0030;
        /// Bytes of 8 bits.
        const CS8 = 0x0030;
        /// Two stop bits.
        const CSTOPB = 0x0040;
        /// The receiver is on.
        const CREAD = 0x0080;
        /// Makes and expects parity.
        const PARENB = 0x0100;
        /// Odd parity.
        const PARODD = 0x0200;
        /// The last close hangs up.
        const HUPCL = 0x0400;
        /// Ignores the modem's lines.
        const CLOCAL = 0x0800;
        /// All bits of the speed.
        const CBAUD = 0x100f;
        /// The speed is the number beside the flags (termios2).
        const BOTHER = 0x1000;
        /// RTS and CTS control the flow.
        const CRTSCTS = 0x8000_0000;
    }

    /// Editing, echo and signals (`c_lflag`).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct LocalFlags: u32 {
        /// INTR, QUIT and SUSP send signals.
        const ISIG = 0x0001;
        /// Input is lines, which can be edited.
        const ICANON = 0x0002;
        /// Has no effect, as on Linux.
        const XCASE = 0x0004;
        /// Echoes input.
        const ECHO = 0x0008;
        /// ERASE removes the character from the screen.
        const ECHOE = 0x0010;
        /// KILL echoes NL, unless it removes the line from the screen.
        const ECHOK = 0x0020;
        /// Echoes NL, even without ECHO.
        const ECHONL = 0x0040;
        /// Signals flush nothing.
        const NOFLSH = 0x0080;
        /// The caller stops background processes that write.
        const TOSTOP = 0x0100;
        /// Echoes control characters as `^X`.
        const ECHOCTL = 0x0200;
        /// Echoes erased characters between `\` and `/`, for printing terminals.
        const ECHOPRT = 0x0400;
        /// KILL removes the line from the screen; with ECHOE and ECHOK.
        const ECHOKE = 0x0800;
        /// Output is flushed. Has no effect, as on Linux.
        const FLUSHO = 0x1000;
        /// Queued input is typed again. Has no effect, as on Linux.
        const PENDIN = 0x4000;
        /// EOL2, LNEXT, REPRINT, WERASE and IUCLC work.
        const IEXTEN = 0x8000;
        /// Lines are edited at the other end; nothing is processed here.
        const EXTPROC = 0x1_0000;
    }
}
