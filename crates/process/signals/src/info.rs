//! The information about a signal: `siginfo_t`.

use crate::bytes::{Writer, array, i32_at};
use crate::code::Code;
use crate::signal::Signal;

/// The size of a `siginfo_t`.
pub const SIGINFO_BYTES: usize = 128;

/// The offset of the fields that depend on the code, and the number of their bytes that Linux uses.
const FIELDS_OFFSET: usize = 16;
const FIELDS_BYTES: usize = 32;

/// The information about a signal.
///
/// Source: sigaction(2), "The siginfo_t argument"; Linux UAPI, asm-generic/siginfo.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SigInfo {
    /// The signal.
    pub signal: Signal,
    /// Why it was sent.
    pub code: Code,
    /// An error number; 0 almost always.
    pub errno: i32,
    /// The fields that depend on the code.
    pub content: Content,
}

/// The fields that depend on the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Nothing.
    None,
    /// A process sent the signal.
    Sender {
        /// The sender's process.
        pid: i32,
        /// The sender's real user.
        uid: u32,
    },
    /// A process sent the signal with a value.
    Value {
        /// The sender's process.
        pid: i32,
        /// The sender's real user.
        uid: u32,
        /// The value, a number or a pointer.
        value: u64,
    },
    /// A timer expired.
    Timer {
        /// The timer.
        id: i32,
        /// The number of times that the timer has expired since the signal was sent.
        overruns: i32,
        /// The timer's value.
        value: u64,
    },
    /// A fault.
    Fault {
        /// The address that was accessed, or the address of the instruction.
        address: u64,
    },
    /// A child's state changed.
    Child {
        /// The child.
        pid: i32,
        /// The child's real user.
        uid: u32,
        /// The child's exit status, or the signal that changed its state.
        status: i32,
        /// Its time in user mode, in ticks of 1/100 s.
        user_ticks: u64,
        /// Its time in the kernel, in ticks of 1/100 s.
        system_ticks: u64,
    },
    /// A file has new events.
    File {
        /// The events, as in poll(2).
        events: i64,
        /// The file descriptor.
        descriptor: i32,
    },
    /// The bytes that rt_sigqueueinfo(2) passed.
    Bytes([u8; FIELDS_BYTES]),
}

/// The change of a child's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildStatus {
    /// The child ended with this status.
    Exited(u8),
    /// A signal ended the child.
    Killed {
        /// The signal.
        signal: Signal,
        /// Whether there was a core dump.
        core: bool,
    },
    /// A signal stopped the child.
    Stopped(Signal),
    /// SIGCONT continued the child.
    Continued,
}

impl ChildStatus {
    /// Returns the code and the number that SIGCHLD and waitid(2) report.
    pub fn code_and_status(self) -> (Code, i32) {
        match self {
            Self::Exited(status) => (Code::CHILD_EXITED, i32::from(status)),
            Self::Killed { signal, core: false } => (Code::CHILD_KILLED, signal.number().into()),
            Self::Killed { signal, core: true } => (Code::CHILD_DUMPED, signal.number().into()),
            Self::Stopped(signal) => (Code::CHILD_STOPPED, signal.number().into()),
            Self::Continued => (Code::CHILD_CONTINUED, Signal::CONT.number().into()),
        }
    }

    /// Returns the word that wait4(2) reports.
    pub fn wait_status(self) -> u32 {
        match self {
            Self::Exited(status) => u32::from(status) << 8,
            Self::Killed { signal, core } => {
                u32::from(signal.number()) | if core { 0x80 } else { 0 }
            }
            Self::Stopped(signal) => u32::from(signal.number()) << 8 | 0x7f,
            Self::Continued => 0xffff,
        }
    }
}

impl SigInfo {
    /// Returns the information of a signal that the kernel sends without a more specific
    /// code.
    pub const fn from_kernel(signal: Signal) -> Self {
        Self::new(signal, Code::KERNEL, Content::None)
    }

    /// Returns the information of a signal of kill(2).
    pub const fn from_user(signal: Signal, pid: i32, uid: u32) -> Self {
        Self::new(signal, Code::USER, Content::Sender { pid, uid })
    }

    /// Returns the information of a signal of tgkill(2) and tkill(2).
    pub const fn to_thread(signal: Signal, pid: i32, uid: u32) -> Self {
        Self::new(signal, Code::THREAD, Content::Sender { pid, uid })
    }

    /// Returns the information of a signal of sigqueue(3).
    pub const fn queued(signal: Signal, pid: i32, uid: u32, value: u64) -> Self {
        Self::new(signal, Code::QUEUE, Content::Value { pid, uid, value })
    }

    /// Returns the information of a fault.
    pub const fn fault(signal: Signal, code: Code, address: u64) -> Self {
        Self::new(signal, code, Content::Fault { address })
    }

    /// Returns the information of SIGCHLD. The times are in ticks of 1/100 s.
    pub fn child(pid: i32, uid: u32, status: ChildStatus, ticks: (u64, u64)) -> Self {
        let (code, status) = status.code_and_status();
        let (user_ticks, system_ticks) = ticks;
        let content = Content::Child { pid, uid, status, user_ticks, system_ticks };
        Self::new(Signal::CHLD, code, content)
    }

    const fn new(signal: Signal, code: Code, content: Content) -> Self {
        Self { signal, code, errno: 0, content }
    }

    /// Reads the information that rt_sigqueueinfo(2) passes for `signal`. The caller refuses codes
    /// that [`Code::may_be_queued`] refuses, unless the process sends the signal to itself.
    pub fn from_bytes(signal: Signal, bytes: &[u8; SIGINFO_BYTES]) -> Self {
        Self {
            signal,
            errno: i32_at(bytes, 4),
            code: Code(i32_at(bytes, 8)),
            content: Content::Bytes(array(bytes, FIELDS_OFFSET)),
        }
    }

    /// Returns the `siginfo_t`. Unused bytes are zero.
    pub fn to_bytes(&self) -> [u8; SIGINFO_BYTES] {
        let mut bytes = [0; SIGINFO_BYTES];
        self.write(&mut bytes);
        bytes
    }

    /// Writes the `siginfo_t` to `bytes`, which are 0.
    #[inline]
    pub(crate) fn write(&self, bytes: &mut [u8; SIGINFO_BYTES]) {
        let mut writer = Writer(bytes);
        writer.i32(0, self.signal.number().into());
        writer.i32(4, self.errno);
        writer.i32(8, self.code.0);
        match self.content {
            Content::None => {}
            Content::Sender { pid, uid } => {
                writer.i32(16, pid);
                writer.u32(20, uid);
            }
            Content::Value { pid, uid, value } => {
                writer.i32(16, pid);
                writer.u32(20, uid);
                writer.u64(24, value);
            }
            Content::Timer { id, overruns, value } => {
                writer.i32(16, id);
                writer.i32(20, overruns);
                writer.u64(24, value);
            }
            Content::Fault { address } => writer.u64(16, address),
            Content::Child { pid, uid, status, user_ticks, system_ticks } => {
                writer.i32(16, pid);
                writer.u32(20, uid);
                writer.i32(24, status);
                writer.u64(32, user_ticks);
                writer.u64(40, system_ticks);
            }
            Content::File { events, descriptor } => {
                writer.put(16, &events.to_le_bytes());
                writer.i32(24, descriptor);
            }
            Content::Bytes(fields) => writer.put(FIELDS_OFFSET, &fields),
        }
    }
}
