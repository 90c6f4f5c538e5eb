//! Linux's signals as pure logic, without threads and user memory.
//!
//! - [`Signal`], [`SignalSet`], [`SigInfo`]: signals and their information; the layout of
//!   `siginfo_t`;
//! - [`Dispositions`]: the actions of a process for each signal;
//! - [`Pending`]: signals that were sent and not yet delivered; a process has one
//!   `Pending`, and each of its threads has another, in [`ThreadSignals`];
//! - [`send`]: the effects of a signal when it is sent; [`next_action`]: the action of a thread
//!   before it returns to user mode;
//! - [`Interruption`]: how an interrupted system call continues;
//! - [`AltStack`]: the alternate stack;
//! - [`frame`]: the frame that a handler finds on its stack and that rt_sigreturn reads back,
//!   and [`fpu`], the checks of the FPU state in it.
//!
//! The caller provides the locks: as on Linux, one for the process's [`Dispositions`] and
//! queues. Memory is allocated only to queue a [`SigInfo`]. Without memory, as at a limit,
//! the signal is sent without its information, or the sender gets an error.
//!
//! Source: signal(7), sigaction(2), sigaltstack(2); POSIX.1-2024, "Signal Concepts".
//!
//! ```
//! use signals::{
//!     Action, Dispositions, Limit, Pending, Process, ProcessKind, SigInfo, Signal, ThreadSignals,
//!     next_action, send,
//! };
//! let (mut actions, mut shared) = (Dispositions::new(), Pending::new());
//! let mut thread = ThreadSignals::new();
//!
//! let info = SigInfo::from_user(Signal::TERM, 7, 1000);
//! let sent = send(&info, &thread, &actions, ProcessKind::Ordinary);
//! assert!(sent.discard.is_empty() && !sent.is_ignored);
//! shared.push(info, Limit::Below).unwrap();
//!
//! let process = Process {
//!     shared: &mut shared,
//!     dispositions: &mut actions,
//!     kind: ProcessKind::Ordinary,
//!     has_orphaned_group: false,
//! };
//! let action = next_action(&mut thread, process);
//! assert_eq!(action, Action::Terminate { info, core: false });
//! ```

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod action;
mod alt_stack;
mod bytes;
mod code;
mod deliver;
mod display;
mod dispositions;
pub mod fpu;
pub mod frame;
mod info;
mod pending;
mod restart;
mod send;
mod set;
mod signal;
mod signalfd;
#[cfg(test)]
mod tests;
mod thread;

pub use action::{Handler, SIGACTION_BYTES, SaFlags, SigAction};
pub use alt_stack::{AltStack, AltStackError, MINSIGSTKSZ, STACK_BYTES};
pub use code::Code;
pub use deliver::{Action, Delivery, Process, next_action, wait_for};
pub use dispositions::{ActionError, Dispositions, SetAction};
pub use info::{ChildStatus, Content, SIGINFO_BYTES, SigInfo};
pub use pending::{Limit, Pending, PushError, Pushed, Taken};
pub use restart::{Interruption, RESTART_SYSCALL, Resume};
pub use send::{ProcessKind, Sent, force, send};
pub use set::SignalSet;
pub use signal::{DefaultAction, SIGNALS, Signal};
pub use signalfd::SIGNALFD_BYTES;
pub use thread::ThreadSignals;
