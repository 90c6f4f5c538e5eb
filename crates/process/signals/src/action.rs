//! The action of a process for a signal.

use bitflags::bitflags;

use crate::bytes::{Writer, u64_at};
use crate::set::SignalSet;

/// The size of the `struct sigaction` of rt_sigaction(2).
pub const SIGACTION_BYTES: usize = 32;

bitflags! {
    /// Flags of an action.
    ///
    /// Source: sigaction(2); Linux UAPI, asm/signal.h of x86.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct SaFlags: u64 {
        /// No SIGCHLD is sent when a child stops or continues.
        const NOCLDSTOP = 0x1;
        /// For SIGCHLD: children that end leave no zombies.
        const NOCLDWAIT = 0x2;
        /// The handler takes three arguments. The frame is the same without this flag.
        const SIGINFO = 0x4;
        /// Keeps the upper bits of addresses. Without effect on x86.
        const EXPOSE_TAGBITS = 0x800;
        /// There is a restorer. x86_64 requires it.
        const RESTORER = 0x0400_0000;
        /// The handler runs on the alternate stack.
        const ONSTACK = 0x0800_0000;
        /// System calls that the handler interrupts are executed again.
        const RESTART = 0x1000_0000;
        /// The signal is not blocked while its handler runs.
        const NODEFER = 0x4000_0000;
        /// The handler runs once.
        const RESETHAND = 0x8000_0000;
    }
}

/// The handler of a signal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Handler {
    /// The signal's default action (SIG_DFL).
    #[default]
    Default,
    /// None: the signal is ignored (SIG_IGN).
    Ignore,
    /// The function at this address of the program.
    Address(u64),
}

/// The action of a process for a signal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SigAction {
    /// The handler.
    pub handler: Handler,
    /// The flags.
    pub flags: SaFlags,
    /// The address to which the handler returns.
    pub restorer: u64,
    /// The signals that are blocked while the handler runs, besides the signal itself.
    pub mask: SignalSet,
}

impl SigAction {
    /// Reads the structure of rt_sigaction(2). As on Linux, unknown flags are dropped, so
    /// that programs can detect which flags are supported, and the mask never has SIGKILL
    /// and SIGSTOP.
    pub fn from_bytes(bytes: &[u8; SIGACTION_BYTES]) -> Self {
        Self {
            handler: match u64_at(bytes, 0) {
                0 => Handler::Default,
                1 => Handler::Ignore,
                address => Handler::Address(address),
            },
            flags: SaFlags::from_bits_truncate(u64_at(bytes, 8)),
            restorer: u64_at(bytes, 16),
            mask: SignalSet::from_bits(u64_at(bytes, 24)).without(SignalSet::UNSTOPPABLE),
        }
    }

    /// Returns the structure of rt_sigaction(2).
    pub fn to_bytes(&self) -> [u8; SIGACTION_BYTES] {
        let mut bytes = [0; SIGACTION_BYTES];
        let mut writer = Writer(&mut bytes);
        let handler = match self.handler {
            Handler::Default => 0,
            Handler::Ignore => 1,
            Handler::Address(address) => address,
        };
        writer.u64(0, handler);
        writer.u64(8, self.flags.bits());
        writer.u64(16, self.restorer);
        writer.u64(24, self.mask.bits());
        bytes
    }
}
