//! Structures of a program's memory.

use core::fmt;

use signals::{Code, Content, SIGINFO_BYTES, SigInfo, Signal, SignalSet};

use crate::bytes::Bytes;
use crate::file_status::FileStatus;
use crate::limit::{Infinity, Limit};
use crate::quoted::Quoted;
use crate::signal_action::SignalAction;
use crate::terminal::TerminalMode;
use crate::time::{FileTime, Time};
use crate::wait_status::WaitStatus;

/// A kind of structure that system calls read or fill.
///
/// Source: Linux UAPI for x86-64, the header of each structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Structure {
    /// `struct stat`.
    FileStatus,
    /// `struct timespec`.
    Timespec,
    /// `struct timeval`.
    Timeval,
    /// Two times of a file in nanoseconds: utimensat(2).
    FileTimes,
    /// Two times of a file in microseconds: utimes(2).
    FileTimevals,
    /// `struct itimerval`.
    Itimerval,
    /// `struct itimerspec`.
    Itimerspec,
    /// `struct rlimit`.
    Limit,
    /// `struct rlimit64`.
    Limit64,
    /// The `struct sigaction` of the kernel.
    SignalAction,
    /// A set of signals.
    SignalSet,
    /// `siginfo_t`.
    SignalInfo,
    /// The status that wait4(2) reports.
    WaitStatus,
    /// Two file descriptors.
    DescriptorPair,
    /// An int.
    Int,
    /// `struct winsize`.
    WindowSize,
    /// The `struct termios` of the kernel.
    TerminalMode,
    /// `struct utsname`.
    SystemNames,
}

/// The longest name in a `struct utsname`, in bytes, with the byte that ends it.
const NAME_BYTES: usize = 65;

impl Structure {
    /// The length of the longest structure, in bytes.
    pub const MAX_BYTES: usize = 6 * NAME_BYTES;

    /// Returns how many bytes the structure has.
    pub const fn len_bytes(self) -> usize {
        match self {
            Self::FileStatus => 144,
            Self::Timespec | Self::Timeval | Self::Limit | Self::Limit64 => 16,
            Self::FileTimes
            | Self::FileTimevals
            | Self::Itimerval
            | Self::Itimerspec
            | Self::SignalAction => 32,
            Self::SignalSet | Self::DescriptorPair | Self::WindowSize => 8,
            Self::SignalInfo => SIGINFO_BYTES,
            Self::WaitStatus | Self::Int => 4,
            Self::TerminalMode => 36,
            Self::SystemNames => 6 * NAME_BYTES,
        }
    }

    /// Shows a structure of this kind. Missing bytes are shown as zeros.
    pub const fn show(self, bytes: &[u8]) -> ShownStructure<'_> {
        ShownStructure { structure: self, bytes: Bytes(bytes) }
    }
}

/// A structure as strace(1) writes it; made by [`Structure::show`].
#[derive(Clone, Copy, Debug)]
pub struct ShownStructure<'a> {
    structure: Structure,
    bytes: Bytes<'a>,
}

impl fmt::Display for ShownStructure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.bytes;
        match self.structure {
            Structure::FileStatus => FileStatus(bytes).fmt(f),
            Structure::Timespec => Time::of_timespec(bytes, 0).fmt(f),
            Structure::Timeval => Time::of_timeval(bytes, 0).fmt(f),
            Structure::FileTimes => {
                write!(f, "[{}, {}]", FileTime::at(bytes, 0), FileTime::at(bytes, 16))
            }
            Structure::FileTimevals => {
                let [first, second] = [0, 16].map(|offset| Time::of_timeval(bytes, offset));
                write!(f, "[{first}, {second}]")
            }
            Structure::Itimerval => {
                let [interval, value] = [0, 16].map(|offset| Time::of_timeval(bytes, offset));
                write!(f, "{{it_interval={interval}, it_value={value}}}")
            }
            Structure::Itimerspec => {
                let [interval, value] = [0, 16].map(|offset| Time::of_timespec(bytes, offset));
                write!(f, "{{it_interval={interval}, it_value={value}}}")
            }
            Structure::Limit => write_limits(f, bytes, Infinity::OfLong),
            Structure::Limit64 => write_limits(f, bytes, Infinity::Of64Bits),
            Structure::SignalAction => SignalAction(bytes).fmt(f),
            Structure::SignalSet => SignalSet::from_bits(bytes.u64_at(0)).fmt(f),
            Structure::SignalInfo => match signal_info(bytes) {
                Some(info) => info.fmt(f),
                // No signal: waitid(2) has found no child.
                None => f.write_str("{}"),
            },
            Structure::WaitStatus => write!(f, "[{{{}}}]", WaitStatus(bytes.u32_at(0))),
            Structure::DescriptorPair => write!(f, "[{}, {}]", bytes.i32_at(0), bytes.i32_at(4)),
            Structure::Int => write!(f, "[{}]", bytes.i32_at(0)),
            Structure::WindowSize => {
                let [rows, columns, x, y] = [0, 2, 4, 6].map(|offset| bytes.u16_at(offset));
                write!(f, "{{ws_row={rows}, ws_col={columns}, ws_xpixel={x}, ws_ypixel={y}}}")
            }
            Structure::TerminalMode => TerminalMode(bytes).fmt(f),
            Structure::SystemNames => {
                let names = [0, NAME_BYTES].map(|offset| bytes.array_at::<NAME_BYTES>(offset));
                let [system, node] = names.each_ref().map(|name| {
                    let len = name.iter().position(|byte| *byte == 0).unwrap_or(NAME_BYTES);
                    Quoted::new(&name[..len], NAME_BYTES)
                });
                write!(f, "{{sysname={system}, nodename={node}, ...}}")
            }
        }
    }
}

/// Reads a `siginfo_t`.
fn signal_info(bytes: Bytes<'_>) -> Option<SigInfo> {
    let signal = Signal::from_number(bytes.u32_at(0).into())?;
    let info = SigInfo::from_bytes(signal, &bytes.array_at(0));
    // Source: Linux UAPI, asm-generic/siginfo.h.
    let (pid, uid) = (bytes.i32_at(16), bytes.u32_at(20));
    let content = match info.code {
        Code::USER | Code::THREAD => Content::Sender { pid, uid },
        code if signal == Signal::CHLD && code.is_of_kernel() => Content::Child {
            pid,
            uid,
            status: bytes.i32_at(24),
            user_ticks: bytes.u64_at(32),
            system_ticks: bytes.u64_at(40),
        },
        _ => info.content,
    };
    Some(SigInfo { content, ..info })
}

fn write_limits(f: &mut fmt::Formatter<'_>, bytes: Bytes<'_>, infinity: Infinity) -> fmt::Result {
    let [soft, hard] = [0, 8].map(|offset| Limit { value: bytes.u64_at(offset), infinity });
    write!(f, "{{rlim_cur={soft}, rlim_max={hard}}}")
}
