//! Signals: their numbers, names and default actions.

use core::num::NonZeroU8;

/// The number of signals, which are 1 to 64.
pub const SIGNALS: usize = 64;

/// The first real-time signal. The C library reserves this one and the next.
const FIRST_REAL_TIME: u8 = 32;

/// A signal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signal(NonZeroU8);

/// The effect of a signal on a process that has no handler for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultAction {
    /// Ends the process.
    Terminate,
    /// Ends the process, with a core dump.
    Core,
    /// Nothing.
    Ignore,
    /// Stops the process.
    Stop,
    /// Continues the process if it is stopped; that happens when the signal is sent.
    Continue,
}

macro_rules! signals {
    ($($name:ident $number:literal $action:ident $what:literal)*) => {
        impl Signal {
            $(
                #[doc = $what]
                pub const $name: Self = Self(NonZeroU8::new($number).unwrap());
            )*
        }

        /// The names without "SIG", and the default actions, of the standard signals.
        const STANDARD: &[(&str, DefaultAction)] =
            &[$((stringify!($name), DefaultAction::$action)),*];
    };
}

// Source: signal(7), "Standard signals", with the numbers of x86.
signals! {
    HUP 1 Terminate "The terminal hung up."
    INT 2 Terminate "Interrupt from the keyboard."
    QUIT 3 Core "Quit from the keyboard."
    ILL 4 Core "Illegal instruction."
    TRAP 5 Core "Breakpoint or single step."
    ABRT 6 Core "Abort, by abort(3)."
    BUS 7 Core "Bad memory access: no memory there, or not aligned."
    FPE 8 Core "Arithmetic error."
    KILL 9 Terminate "Ends the process, always."
    USR1 10 Terminate "For programs."
    SEGV 11 Core "Bad memory access: not mapped, or not allowed."
    USR2 12 Terminate "For programs."
    PIPE 13 Terminate "A write to a pipe without readers."
    ALRM 14 Terminate "A timer of alarm(2) ended."
    TERM 15 Terminate "Ends the process."
    STKFLT 16 Terminate "Unused."
    CHLD 17 Ignore "A child ended, stopped or continued."
    CONT 18 Continue "Continues the process if it is stopped."
    STOP 19 Stop "Stops the process, always."
    TSTP 20 Stop "Stop from the keyboard."
    TTIN 21 Stop "A background process reads its terminal."
    TTOU 22 Stop "A background process writes its terminal."
    URG 23 Ignore "Urgent data at a socket."
    XCPU 24 Core "The limit of CPU time is reached."
    XFSZ 25 Core "The limit of a file's size is reached."
    VTALRM 26 Terminate "A virtual timer ended."
    PROF 27 Terminate "A profiling timer ended."
    WINCH 28 Ignore "The window's size changed."
    IO 29 Terminate "I/O is possible."
    PWR 30 Terminate "The power fails."
    SYS 31 Core "A bad system call."
}

impl Signal {
    /// Returns the signal with this number, or `None` if there is no such signal.
    pub const fn from_number(number: u64) -> Option<Self> {
        if number > SIGNALS as u64 {
            return None;
        }
        match NonZeroU8::new(number as u8) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// Returns the number, 1 to 64.
    pub const fn number(self) -> u8 {
        self.0.get()
    }

    /// Returns all signals.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=SIGNALS as u8).filter_map(|number| NonZeroU8::new(number).map(Self))
    }

    /// Returns the name of a standard signal, such as `INT`; none for a real-time signal.
    pub fn standard_name(self) -> Option<&'static str> {
        STANDARD.get(self.index()).map(|(name, _)| *name)
    }

    /// Returns the effect of the signal on a process that has no handler for it.
    pub fn default_action(self) -> DefaultAction {
        STANDARD.get(self.index()).map_or(DefaultAction::Terminate, |(_, action)| *action)
    }

    /// Returns whether the signal is queued each time that it is sent.
    pub const fn is_real_time(self) -> bool {
        self.number() >= FIRST_REAL_TIME
    }

    /// Returns whether the signal can't be caught, blocked or ignored: SIGKILL and SIGSTOP.
    pub fn is_unstoppable(self) -> bool {
        self == Self::KILL || self == Self::STOP
    }

    /// Returns the index in a table of all signals.
    pub(crate) fn index(self) -> usize {
        usize::from(self.number()) - 1
    }

    /// Returns how many real-time signals have lower numbers.
    pub(crate) fn real_time_number(self) -> u8 {
        self.number().saturating_sub(FIRST_REAL_TIME)
    }
}
