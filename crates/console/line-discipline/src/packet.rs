//! The events that the master of a pseudo-terminal reads in packet mode.

use bitflags::bitflags;

bitflags! {
    /// The events at the terminal since the master's last read, in packet mode.
    ///
    /// Source: ioctl_tty(2), TIOCPKT.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct PacketStatus: u8 {
        /// The input queue was flushed.
        const FLUSHREAD = 0x01;
        /// The output queue was flushed.
        const FLUSHWRITE = 0x02;
        /// The output stopped.
        const STOP = 0x04;
        /// The output restarted.
        const START = 0x08;
        /// `^S` and `^Q` no longer stop and restart the output.
        const NOSTOP = 0x10;
        /// `^S` and `^Q` stop and restart the output.
        const DOSTOP = 0x20;
        /// The attributes changed, with EXTPROC.
        const IOCTL = 0x40;
    }
}
