//! Terminals: ioctl(2), as ioctl_tty(2) has it.

use alloc::sync::Arc;

use line_discipline::{Queues, TERMIOS_BYTES, WINDOW_SIZE_BYTES, WindowSize};

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use crate::fs::file::file_ops::downcast;
use crate::fs::file::open_file::OpenFile;
use crate::fs::file::open_flags::OpenFlags;
use crate::process::pid::Pid;
use crate::process::signal_sending;
use crate::process::table;
use crate::tty::console_terminal::TerminalFile;
use crate::tty::terminal::Terminal;
use ::signals::Signal;

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
const TIOCGWINSZ: u32 = 0x5413;
const TIOCSWINSZ: u32 = 0x5414;
const FIONREAD: u32 = 0x541B;
const FIONBIO: u32 = 0x5421;
const TIOCNOTTY: u32 = 0x5422;
const TIOCGSID: u32 = 0x5429;

/// Returns the terminal of an open file.
fn terminal_of(file: &OpenFile) -> Option<Arc<Terminal>> {
    let special = file.special()?;
    downcast::<TerminalFile>(&**special).map(|it| it.terminal().clone())
}

pub(super) fn ioctl(call: &mut Call<'_>) -> CallResult {
    let file = call.file(0)?;
    let command = call.argument_u32(1);
    if command == FIONBIO {
        let is_on = call.pointer::<u32>(2).read()? != 0;
        let mut flags = file.flags();
        flags.set(OpenFlags::NONBLOCK, is_on);
        file.set_flags(flags);
        return Ok(0);
    }
    let terminal = terminal_of(&file).ok_or(Errno::ENOTTY)?;
    match command {
        TCGETS => call.pointer::<[u8; TERMIOS_BYTES]>(2).write(&terminal.termios().to_bytes())?,
        TCSETS | TCSETSW | TCSETSF => {
            let bytes = call.pointer::<[u8; TERMIOS_BYTES]>(2).read()?;
            let termios = terminal.termios().with_bytes(&bytes);
            terminal.set_termios(termios, command == TCSETSF);
        }
        TIOCGWINSZ => {
            let size = terminal.window_size().to_bytes();
            call.pointer::<[u8; WINDOW_SIZE_BYTES]>(2).write(&size)?;
        }
        TIOCSWINSZ => {
            let bytes = call.pointer::<[u8; WINDOW_SIZE_BYTES]>(2).read()?;
            let has_changed = terminal.set_window_size(WindowSize::from_bytes(&bytes));
            let group = terminal.foreground_group().and_then(Pid::try_new);
            if let Some(group) = group.filter(|_| has_changed) {
                signal_sending::send_to_group(group, Signal::WINCH);
            }
        }
        TIOCGPGRP => {
            is_controlling(call, &terminal)?;
            let group = terminal.foreground_group().unwrap_or(0);
            call.pointer::<u32>(2).write(&group)?;
        }
        TIOCSPGRP => set_foreground(call, &terminal)?,
        TIOCGSID => {
            is_controlling(call, &terminal)?;
            call.pointer::<u32>(2).write(&terminal.session().unwrap_or(0))?;
        }
        TIOCSCTTY => take_control(call, &terminal)?,
        TIOCNOTTY => {
            is_controlling(call, &terminal)?;
            terminal.set_session(None);
        }
        FIONREAD => call.pointer::<u32>(2).write(&(terminal.input_len() as u32))?,
        // What was written has left for the device when the write returns.
        TIOCOUTQ => call.pointer::<u32>(2).write(&0)?,
        TCSBRK => {}
        TCFLSH => terminal.flush(match call.argument(2) {
            0 => Queues::Input,
            1 => Queues::Output,
            2 => Queues::Both,
            _ => return Err(Errno::EINVAL.into()),
        }),
        TCXONC => return Err(Errno::EINVAL.into()),
        _ => return Err(Errno::ENOTTY.into()),
    }
    Ok(0)
}

/// Checks that a terminal is the controlling one of the process.
fn is_controlling(call: &Call<'_>, terminal: &Terminal) -> Result<(), Failure> {
    let own = table::relations(call.process().pid()).ok_or(Errno::ESRCH)?;
    match terminal.session() == Some(own.session.number()) {
        true => Ok(()),
        false => Err(Errno::ENOTTY.into()),
    }
}

fn set_foreground(call: &Call<'_>, terminal: &Terminal) -> Result<(), Failure> {
    is_controlling(call, terminal)?;
    let group = call.pointer::<u32>(2).read()?;
    let group = Pid::try_new(group).ok_or(Errno::EINVAL)?;
    let own = table::relations(call.process().pid()).ok_or(Errno::ESRCH)?;
    if !table::is_group_of_session(group, own.session) {
        return Err(Errno::EPERM.into());
    }
    terminal.set_foreground_group(group.number());
    Ok(())
}

/// Makes a terminal the controlling one of the session that the process leads.
fn take_control(call: &Call<'_>, terminal: &Terminal) -> Result<(), Failure> {
    let own = table::relations(call.process().pid()).ok_or(Errno::ESRCH)?;
    let session = own.session.number();
    if own.session != call.process().pid() {
        return Err(Errno::EPERM.into());
    }
    match terminal.session() {
        Some(other) if other != session => return Err(Errno::EPERM.into()),
        _ => {}
    }
    terminal.set_session(Some(session));
    terminal.set_foreground_group(own.group.number());
    Ok(())
}
