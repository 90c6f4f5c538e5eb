//! Signals in the notation of strace(1).

use core::fmt::{self, Debug, Display, Formatter};

use crate::code::Code;
use crate::info::{Content, SigInfo};
use crate::set::SignalSet;
use crate::signal::Signal;

/// Writes the name: `SIGINT`, `SIGRTMIN`, `SIGRT_1`.
impl Display for Signal {
    fn fmt(&self, formatter: &mut Formatter) -> fmt::Result {
        formatter.write_str("SIG")?;
        write_short(*self, formatter)
    }
}

impl Debug for Signal {
    fn fmt(&self, formatter: &mut Formatter) -> fmt::Result {
        Display::fmt(self, formatter)
    }
}

/// Writes the name without `SIG`.
fn write_short(signal: Signal, formatter: &mut Formatter) -> fmt::Result {
    match (signal.standard_name(), signal.real_time_number()) {
        (Some(name), _) => formatter.write_str(name),
        (None, 0) => formatter.write_str("RTMIN"),
        (None, number) => write!(formatter, "RT_{number}"),
    }
}

/// Writes `[INT CHLD]`, or `~[KILL STOP]` for a set that lacks only a few signals.
impl Display for SignalSet {
    fn fmt(&self, formatter: &mut Formatter) -> fmt::Result {
        let shown = if self.len() >= crate::SIGNALS * 2 / 3 {
            formatter.write_str("~")?;
            !*self
        } else {
            *self
        };
        formatter.write_str("[")?;
        for (at, signal) in shown.iter().enumerate() {
            if at != 0 {
                formatter.write_str(" ")?;
            }
            write_short(signal, formatter)?;
        }
        formatter.write_str("]")
    }
}

impl Debug for SignalSet {
    fn fmt(&self, formatter: &mut Formatter) -> fmt::Result {
        Display::fmt(self, formatter)
    }
}

impl Debug for Code {
    fn fmt(&self, formatter: &mut Formatter) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

/// Writes `{si_signo=SIGINT, si_code=SI_USER, si_pid=7, si_uid=0}`.
impl Display for SigInfo {
    fn fmt(&self, formatter: &mut Formatter) -> fmt::Result {
        write!(formatter, "{{si_signo={}, si_code=", self.signal)?;
        match self.code.name(self.signal) {
            Some(name) => formatter.write_str(name)?,
            None => write!(formatter, "{}", self.code.0)?,
        }
        if self.errno != 0 {
            write!(formatter, ", si_errno={}", self.errno)?;
        }
        match self.content {
            Content::None | Content::Bytes(_) => {}
            Content::Sender { pid, uid } => write!(formatter, ", si_pid={pid}, si_uid={uid}")?,
            Content::Value { pid, uid, value } => {
                write!(formatter, ", si_pid={pid}, si_uid={uid}, ")?;
                write_value(value, formatter)?;
            }
            Content::Timer { id, overruns, value } => {
                write!(formatter, ", si_timerid={id:#x}, si_overrun={overruns}, ")?;
                write_value(value, formatter)?;
            }
            Content::Fault { address: 0 } => formatter.write_str(", si_addr=NULL")?,
            Content::Fault { address } => write!(formatter, ", si_addr={address:#x}")?,
            Content::Child { pid, uid, status, user_ticks, system_ticks } => {
                write!(formatter, ", si_pid={pid}, si_uid={uid}, si_status=")?;
                let signal = u64::try_from(status).ok().and_then(Signal::from_number);
                match signal.filter(|_| self.code != Code::CHILD_EXITED) {
                    Some(signal) => write!(formatter, "{signal}")?,
                    None => write!(formatter, "{status}")?,
                }
                write!(formatter, ", si_utime={user_ticks}, si_stime={system_ticks}")?;
            }
            Content::File { events, descriptor } => {
                write!(formatter, ", si_fd={descriptor}, si_band={events}")?;
            }
        }
        formatter.write_str("}")
    }
}

fn write_value(value: u64, formatter: &mut Formatter) -> fmt::Result {
    write!(formatter, "si_value={{sival_int={}, sival_ptr={value:#x}}}", value as u32 as i32)
}
