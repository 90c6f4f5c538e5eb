//! The `struct sigaction` of the kernel.

use core::fmt;

use signals::SignalSet;

use crate::bytes::Bytes;
use crate::flags::FlagSet;

/// The offsets of the fields.
///
/// Source: Linux, arch/x86/include/asm/signal.h.
const HANDLER: usize = 0;
const FLAGS: usize = 8;
const RESTORER: usize = 16;
const MASK: usize = 24;

const SA_RESTORER: u64 = 0x0400_0000;
const SA_SIGINFO: u64 = 4;

/// Source: sigaction(2); Linux UAPI, asm/signal.h of x86.
const ACTION_FLAGS: FlagSet = FlagSet {
    field: None,
    zero: "0",
    bits: &[
        (SA_RESTORER, "SA_RESTORER"),
        (0x0800_0000, "SA_ONSTACK"),
        (0x1000_0000, "SA_RESTART"),
        (0x4000_0000, "SA_NODEFER"),
        (0x8000_0000, "SA_RESETHAND"),
        (SA_SIGINFO, "SA_SIGINFO"),
        (1, "SA_NOCLDSTOP"),
        (2, "SA_NOCLDWAIT"),
    ],
};

/// The action for a signal.
pub(crate) struct SignalAction<'a>(pub(crate) Bytes<'a>);

impl fmt::Display for SignalAction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = self.0.u64_at(FLAGS);
        let handler_name = if flags & SA_SIGINFO == 0 { "sa_handler" } else { "sa_sigaction" };
        write!(f, "{{{handler_name}=")?;
        match self.0.u64_at(HANDLER) {
            0 => f.write_str("SIG_DFL")?,
            1 => f.write_str("SIG_IGN")?,
            handler => write!(f, "{handler:#x}")?,
        }
        let mask = SignalSet::from_bits(self.0.u64_at(MASK));
        write!(f, ", sa_mask={mask}, sa_flags={}", ACTION_FLAGS.show(flags))?;
        if flags & SA_RESTORER != 0 {
            write!(f, ", sa_restorer={:#x}", self.0.u64_at(RESTORER))?;
        }
        f.write_str("}")
    }
}
