//! Terminals: the requests of ioctl_tty(2); vhangup(2).

use alloc::sync::Arc;

use ::signals::Signal;
use line_discipline::{
    FlowAction, Queues, TERMIOS_BYTES, TERMIOS2_BYTES, Termios, WINDOW_SIZE_BYTES, WindowSize,
};

use capabilities::Capability;

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use crate::fs::error::FsError;
use crate::fs::file::file_ops::{FileOps, downcast};
use crate::fs::file::open_file::OpenFile;
use crate::fs::file::open_flags::OpenFlags;
use crate::process::descriptors::{Descriptor, OnExec};
use crate::process::groups;
use crate::process::pid::Pid;
use crate::process::signal_sending;
use crate::process::table;
use crate::tty::control::{self, NotPermitted, OfOther};
use crate::tty::devpts;
use crate::tty::master::MasterFile;
use crate::tty::terminal::Terminal;
use crate::tty::terminal_file::TerminalFile;

// Source: Linux, include/uapi/asm-generic/ioctls.h.
const TCGETS: u32 = 0x5401;
const TCSETS: u32 = 0x5402;
const TCSETSW: u32 = 0x5403;
const TCSETSF: u32 = 0x5404;
const TCSBRK: u32 = 0x5409;
const TCXONC: u32 = 0x540A;
const TCFLSH: u32 = 0x540B;
const TIOCSCTTY: u32 = 0x540E;
const TIOCGPGRP: u32 = 0x540F;
const TIOCSPGRP: u32 = 0x5410;
const TIOCOUTQ: u32 = 0x5411;
const TIOCSTI: u32 = 0x5412;
const TIOCGWINSZ: u32 = 0x5413;
const TIOCSWINSZ: u32 = 0x5414;
pub(super) const FIONREAD: u32 = 0x541B;
const TIOCPKT: u32 = 0x5420;
const TIOCNOTTY: u32 = 0x5422;
const TIOCGETD: u32 = 0x5424;
const TCSBRKP: u32 = 0x5425;
const TIOCGSID: u32 = 0x5429;
const TCGETS2: u32 = 0x802C_542A;
const TCSETS2: u32 = 0x402C_542B;
const TCSETSW2: u32 = 0x402C_542C;
const TCSETSF2: u32 = 0x402C_542D;
const TIOCGPTN: u32 = 0x8004_5430;
const TIOCSPTLCK: u32 = 0x4004_5431;
const TIOCSIG: u32 = 0x4004_5436;
const TIOCGPKT: u32 = 0x8004_5438;
const TIOCGPTLCK: u32 = 0x8004_5439;
const TIOCGPTPEER: u32 = 0x5441;

impl From<NotPermitted> for Errno {
    fn from(_: NotPermitted) -> Self {
        Self::EPERM
    }
}

/// One of the ends of a terminal, as an open file.
enum End<'a> {
    /// A terminal, or the slave of a pseudo-terminal.
    Slave(&'a TerminalFile),
    /// The master of a pseudo-terminal. As on Linux, most requests are applied to the terminal.
    Master(&'a MasterFile),
}

impl<'a> End<'a> {
    fn of(special: &'a dyn FileOps) -> Option<Self> {
        let slave = downcast::<TerminalFile>(special).map(Self::Slave);
        slave.or_else(|| downcast::<MasterFile>(special).map(Self::Master))
    }

    fn terminal(&self) -> &'a Arc<Terminal> {
        match self {
            Self::Slave(file) => file.terminal(),
            Self::Master(file) => file.terminal(),
        }
    }

    /// Checks that the process isn't in the background of the terminal; SIGTTOU stops it otherwise.
    fn check_foreground(&self) -> Result<(), Failure> {
        match self {
            Self::Master(_) => Ok(()),
            Self::Slave(file) => check_foreground(file.terminal()),
        }
    }

    /// Checks that the terminal controls the process; not needed for a master.
    fn check_controlling(&self) -> Result<(), Failure> {
        match self {
            Self::Slave(file) if !control::is_of_caller(file.terminal()) => {
                Err(Errno::ENOTTY.into())
            }
            _ => Ok(()),
        }
    }
}

fn check_foreground(terminal: &Terminal) -> Result<(), Failure> {
    control::check_foreground(terminal, Signal::TTOU).map_err(|error| match error {
        FsError::Interrupted => Failure::RESTART,
        error => error.into(),
    })
}

/// Handles a request of ioctl(2) for a terminal, whose open file is `file`.
///
/// # Errors
/// ENOTTY for other files; the errors of the request.
pub(super) fn control(call: &mut Call<'_>, file: &OpenFile) -> CallResult {
    let command = call.argument_u32(1);
    let special = file.special().ok_or(Errno::ENOTTY)?;
    let end = End::of(&**special).ok_or(Errno::ENOTTY)?;
    if let End::Slave(file) = &end
        && file.is_hung_up()
    {
        return Err(if command == TIOCSPGRP { Errno::ENOTTY } else { Errno::EIO }.into());
    }
    match command {
        TIOCGPGRP | TIOCSPGRP | TIOCGSID | TIOCSCTTY | TIOCNOTTY => job_control(call, &end),
        TIOCGPTN | TIOCSPTLCK | TIOCGPTLCK | TIOCPKT | TIOCGPKT | TIOCSIG | TIOCGPTPEER => {
            match end {
                End::Master(master) => of_master(call, master),
                End::Slave(_) => Err(Errno::ENOTTY.into()),
            }
        }
        _ => of_terminal(call, &end),
    }
}

/// Handles a request for the terminal itself.
fn of_terminal(call: &mut Call<'_>, end: &End<'_>) -> CallResult {
    let terminal = end.terminal();
    let command = call.argument_u32(1);
    match command {
        TCGETS => call.pointer::<[u8; TERMIOS_BYTES]>(2).write(&terminal.termios().to_bytes())?,
        TCGETS2 => {
            call.pointer::<[u8; TERMIOS2_BYTES]>(2).write(&terminal.termios().to_bytes2())?;
        }
        TCSETS | TCSETSW | TCSETSF | TCSETS2 | TCSETSW2 | TCSETSF2 => {
            end.check_foreground()?;
            let termios = read_termios(call, &terminal.termios())?;
            terminal.set_termios(termios, matches!(command, TCSETSF | TCSETSF2));
        }
        TIOCGWINSZ => {
            let size = terminal.window_size().to_bytes();
            call.pointer::<[u8; WINDOW_SIZE_BYTES]>(2).write(&size)?;
        }
        TIOCSWINSZ => {
            let bytes = call.pointer::<[u8; WINDOW_SIZE_BYTES]>(2).read()?;
            if terminal.set_window_size(WindowSize::from_bytes(&bytes)) {
                send_to_foreground(terminal, Signal::WINCH);
            }
        }
        FIONREAD => {
            let len = match end {
                End::Slave(_) => terminal.input_len(),
                End::Master(master) => master.readable_len(),
            };
            call.pointer::<u32>(2).write(&(len as u32))?;
        }
        // Written bytes have been sent to the device when the write returns. As on Linux, bytes
        // that the master hasn't read yet aren't counted.
        TIOCOUTQ | TIOCGETD => call.pointer::<u32>(2).write(&0)?,
        TIOCSTI => {
            if !control::is_of_caller(terminal) && !call.has(Capability::SysAdmin) {
                return Err(Errno::EPERM.into());
            }
            terminal.receive(&[call.pointer::<u8>(2).read()?]);
        }
        TCSBRK | TCSBRKP => end.check_foreground()?,
        TCFLSH => {
            end.check_foreground()?;
            let queues = match call.argument(2) {
                0 => Queues::Input,
                1 => Queues::Output,
                2 => Queues::Both,
                _ => return Err(Errno::EINVAL.into()),
            };
            match end {
                End::Slave(_) => terminal.flush(queues),
                End::Master(master) => master.flush(queues),
            }
        }
        TCXONC => {
            end.check_foreground()?;
            let action = match (call.argument(2), end) {
                (0, End::Slave(_)) => FlowAction::StopOutput,
                (1, End::Slave(_)) => FlowAction::StartOutput,
                (2, End::Slave(_)) => FlowAction::StopInput,
                (3, End::Slave(_)) => FlowAction::StartInput,
                _ => return Err(Errno::EINVAL.into()),
            };
            terminal.control_flow(action);
        }
        _ => return Err(Errno::ENOTTY.into()),
    }
    Ok(0)
}

/// Reads the attributes to set: a `struct termios`, or a `struct termios2`.
fn read_termios(call: &Call<'_>, old: &Termios) -> Result<Termios, Failure> {
    Ok(match call.argument_u32(1) {
        TCSETS2 | TCSETSW2 | TCSETSF2 => {
            old.with_bytes2(&call.pointer::<[u8; TERMIOS2_BYTES]>(2).read()?)
        }
        _ => old.with_bytes(&call.pointer::<[u8; TERMIOS_BYTES]>(2).read()?),
    })
}

fn send_to_foreground(terminal: &Terminal, signal: Signal) {
    if let Some(group) = terminal.foreground_group().and_then(Pid::try_new) {
        signal_sending::send_to_group(group, signal);
    }
}

/// Handles a request for a controlling terminal.
fn job_control(call: &mut Call<'_>, end: &End<'_>) -> CallResult {
    let terminal = end.terminal();
    match call.argument_u32(1) {
        TIOCGPGRP => {
            end.check_controlling()?;
            let group = terminal.foreground_group().unwrap_or(0);
            call.pointer::<u32>(2).write(&group)?;
        }
        TIOCSPGRP => set_foreground(call, terminal)?,
        TIOCGSID => {
            end.check_controlling()?;
            let session = terminal.session().ok_or(Errno::ENOTTY)?;
            call.pointer::<u32>(2).write(&session)?;
        }
        TIOCSCTTY => {
            let takes = call.argument(2) == 1 && call.has(Capability::SysAdmin);
            control::take(terminal, if takes { OfOther::Take } else { OfOther::Refuse })?;
        }
        _ => match end {
            End::Slave(_) if control::is_of_caller(terminal) => control::leave(terminal),
            _ => return Err(Errno::ENOTTY.into()),
        },
    }
    Ok(0)
}

fn set_foreground(call: &Call<'_>, terminal: &Terminal) -> Result<(), Failure> {
    check_foreground(terminal).map_err(|failure| match failure {
        Failure::Errno(Errno::EIO) => Errno::ENOTTY.into(),
        failure => failure,
    })?;
    if !control::is_of_caller(terminal) {
        return Err(Errno::ENOTTY.into());
    }
    let group = call.pointer::<i32>(2).read()?;
    let group = u32::try_from(group).map_err(|_| Errno::EINVAL)?;
    let group = Pid::try_new(group).ok_or(Errno::ESRCH)?;
    let own = table::relations(call.process().pid()).ok_or(Errno::ESRCH)?;
    let session = groups::session_of_group(group).ok_or(Errno::ESRCH)?;
    if session != own.session {
        return Err(Errno::EPERM.into());
    }
    terminal.set_foreground_group(Some(group.number()));
    Ok(())
}

/// Handles a request for the master of a pseudo-terminal.
fn of_master(call: &mut Call<'_>, master: &MasterFile) -> CallResult {
    match call.argument_u32(1) {
        TIOCGPTN => call.pointer::<u32>(2).write(&master.number())?,
        TIOCSPTLCK => master.set_locked(call.pointer::<u32>(2).read()? != 0),
        TIOCGPTLCK => call.pointer::<u32>(2).write(&master.is_locked().into())?,
        TIOCPKT => master.set_packet_mode(call.pointer::<u32>(2).read()? != 0),
        TIOCGPKT => call.pointer::<u32>(2).write(&master.is_in_packet_mode().into())?,
        TIOCSIG => match Signal::from_number(call.argument(2)) {
            Some(signal @ (Signal::INT | Signal::QUIT | Signal::TSTP)) => {
                send_to_foreground(master.terminal(), signal);
            }
            _ => return Err(Errno::EINVAL.into()),
        },
        _ => return open_slave(call, master),
    }
    Ok(0)
}

fn open_slave(call: &Call<'_>, master: &MasterFile) -> CallResult {
    let bits = call.argument_u32(2);
    let known = OpenFlags::READ_WRITE
        | OpenFlags::WRITE_ONLY
        | OpenFlags::NO_CONTROLLING_TERMINAL
        | OpenFlags::NONBLOCK
        | OpenFlags::CLOSE_ON_EXEC;
    let flags = OpenFlags::from_bits(bits).filter(|flags| known.contains(*flags));
    let flags = flags.ok_or(Errno::EINVAL)?;
    let on_exec = match flags.contains(OpenFlags::CLOSE_ON_EXEC) {
        true => OnExec::Close,
        false => OnExec::Keep,
    };
    let file = devpts::open_slave(master.number(), flags)?;
    let limit = call.descriptor_limit();
    let fd = call.process().descriptors().open(Descriptor { file, on_exec }, 0, limit)?;
    Ok(fd.into())
}

pub(super) fn vhangup(call: &mut Call<'_>) -> CallResult {
    call.check_capability(Capability::SysTtyConfig)?;
    if let Some(terminal) = control::of_caller() {
        control::hang_up(&terminal);
    }
    Ok(0)
}
