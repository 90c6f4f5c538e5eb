//! A pseudo-terminal of the host, with the same operations as the line discipline.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use line_discipline::Termios;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{
    self, ControlModes, InputModes, LocalModes, OptionalActions, OutputModes, SpecialCodeIndex,
};

/// The time limit for a condition, to detect hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// A pseudo-terminal: its master, and the slave that programs would have.
pub struct Pty {
    master: OwnedFd,
    slave: OwnedFd,
}

impl Pty {
    /// Opens a pseudo-terminal. Returns `None` if the host has none.
    pub fn open() -> Option<Self> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).ok()?;
        grantpt(&master).ok()?;
        unlockpt(&master).ok()?;
        let name = ptsname(&master, Vec::new()).ok()?;
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let slave = rustix::fs::open(&*name, flags, Mode::empty()).ok()?;
        rustix::io::ioctl_fionbio(&master, true).ok()?;
        Some(Self { master, slave })
    }

    /// Returns the attributes, in the kernel's layout.
    pub fn termios(&self) -> Termios {
        let got = termios::tcgetattr(&self.slave).unwrap();
        let mut bytes = [0; line_discipline::TERMIOS_BYTES];
        let words = [
            got.input_modes.bits(),
            got.output_modes.bits(),
            got.control_modes.bits(),
            got.local_modes.bits(),
        ];
        for (place, word) in bytes.chunks_exact_mut(4).zip(words) {
            place.copy_from_slice(&word.to_ne_bytes());
        }
        for (place, which) in CODES {
            bytes[17 + place] = got.special_codes[which];
        }
        Termios::new().with_bytes(&bytes)
    }

    pub fn set_termios(&self, new: &Termios) {
        let mut set = termios::tcgetattr(&self.slave).unwrap();
        set.input_modes = InputModes::from_bits_retain(new.input.bits());
        set.output_modes = OutputModes::from_bits_retain(new.output.bits());
        set.control_modes = ControlModes::from_bits_retain(new.control.bits());
        set.local_modes = LocalModes::from_bits_retain(new.local.bits());
        for (place, which) in CODES {
            set.special_codes[which] = new.characters[place];
        }
        termios::tcsetattr(&self.slave, OptionalActions::Now, &set).unwrap();
    }

    /// Types all of `bytes` at the master.
    pub fn send(&self, bytes: &[u8]) {
        let mut rest = bytes;
        let start = Instant::now();
        while !rest.is_empty() {
            match rustix::io::write(&self.master, rest) {
                Ok(written) => rest = &rest[written..],
                Err(Errno::AGAIN) if start.elapsed() < LIMIT => std::thread::yield_now(),
                Err(error) => panic!("the master's write: {error}"),
            }
        }
    }

    /// Takes what the master can read now.
    pub fn take_output(&self) -> Vec<u8> {
        let mut all = Vec::new();
        let mut bytes = [0; 4096];
        loop {
            match rustix::io::read(&self.master, &mut bytes) {
                Ok(length) => all.extend_from_slice(&bytes[..length]),
                Err(Errno::AGAIN) => return all,
                Err(error) => panic!("the master's read: {error}"),
            }
        }
    }

    /// Reads as a program, without waiting. Returns `None` for EAGAIN.
    pub fn read(&self, length: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; length];
        match rustix::io::read(&self.slave, &mut bytes) {
            Ok(length) => Some(bytes[..length].to_vec()),
            Err(Errno::AGAIN) => None,
            Err(error) => panic!("the slave's read: {error}"),
        }
    }

    /// Writes as a program, without waiting. Returns how many bytes were taken.
    pub fn write(&self, bytes: &[u8]) -> usize {
        match rustix::io::write(&self.slave, bytes) {
            Ok(length) => length,
            Err(Errno::AGAIN) => 0,
            Err(error) => panic!("the slave's write: {error}"),
        }
    }

    /// Returns whether a program can read. If it can't, all typed bytes have been
    /// processed: the kernel does so before it returns that answer.
    pub fn is_readable(&self) -> bool {
        let mut fds = [PollFd::new(&self.slave, PollFlags::IN)];
        poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).unwrap() == 1
    }

    pub fn input_len(&self) -> usize {
        rustix::io::ioctl_fionread(&self.slave).unwrap() as usize
    }

    pub fn flush(&self, queues: termios::QueueSelector) {
        termios::tcflush(&self.slave, queues).unwrap();
    }

    pub fn control_flow(&self, action: termios::Action) {
        termios::tcflow(&self.slave, action).unwrap();
    }
}

/// Waits until `condition` holds, up to the limit. Returns whether it does.
pub fn wait_until(mut condition: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !condition() {
        if start.elapsed() > LIMIT {
            return false;
        }
        std::thread::yield_now();
    }
    true
}

const CODES: [(usize, SpecialCodeIndex); 17] = [
    (0, SpecialCodeIndex::VINTR),
    (1, SpecialCodeIndex::VQUIT),
    (2, SpecialCodeIndex::VERASE),
    (3, SpecialCodeIndex::VKILL),
    (4, SpecialCodeIndex::VEOF),
    (5, SpecialCodeIndex::VTIME),
    (6, SpecialCodeIndex::VMIN),
    (7, SpecialCodeIndex::VSWTC),
    (8, SpecialCodeIndex::VSTART),
    (9, SpecialCodeIndex::VSTOP),
    (10, SpecialCodeIndex::VSUSP),
    (11, SpecialCodeIndex::VEOL),
    (12, SpecialCodeIndex::VREPRINT),
    (13, SpecialCodeIndex::VDISCARD),
    (14, SpecialCodeIndex::VWERASE),
    (15, SpecialCodeIndex::VLNEXT),
    (16, SpecialCodeIndex::VEOL2),
];
