//! The real-time clock: the hardware's date and time of day.
//!
//! Source: Motorola MC146818A datasheet, "Update cycle".

use core::fmt;

use civil_time::CivilTime;
use civil_time::cmos::{self, Registers};
use timekeeping::comparison::Edge;

use crate::arch::boot_stage::{self, Stage};
use crate::arch::cmos as bytes;
use crate::arch::time::clock::now_ns;
use crate::arch::time::witness::{self, Witness};
use crate::drivers::acpi::Acpi;

const SECONDS: u8 = 0x00;
const MINUTES: u8 = 0x02;
const HOURS: u8 = 0x04;
const DAY: u8 = 0x07;
const MONTH: u8 = 0x08;
const YEAR: u8 = 0x09;
const REGISTER_A: u8 = 0x0A;
const REGISTER_B: u8 = 0x0B;

/// Register A: the time is changing, or is about to.
const UPDATE_IN_PROGRESS: u8 = 1 << 7;

/// The limit for polls. On hardware, an update takes about 2 ms, and a read of a register about 2
/// µs.
const POLLS_MAX: u32 = 100_000;
/// The limit for readings. The time changes once a second, so the second reading usually equals the
/// first.
const READINGS_MAX: u32 = 8;

/// The limit of the wait for an update: longer than the time between two updates.
const NO_UPDATE_NS: u64 = 2_000_000_000;
/// The time after an update during which the registers still have the same second.
const SAME_SECOND_NS: u64 = 500_000_000;

/// The reason why the time can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// An update never ends, so there is no clock.
    Absent,
    /// No two readings are equal.
    Unsteady,
    /// The registers hold no valid time.
    Invalid(cmos::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("there is no hardware clock"),
            Self::Unsteady => f.write_str("the hardware clock changes at each reading"),
            Self::Invalid(error) => write!(f, "the hardware clock isn't set: {error}"),
        }
    }
}

impl core::error::Error for Error {}

/// The real-time clock.
#[derive(Clone, Copy, Debug)]
pub struct Rtc {
    century_register: Option<u8>,
}

/// Logs the clock's time. ACPI may name a CMOS register with the century; without it the
/// 21st century is assumed.
pub fn start(acpi: Option<&Acpi>) -> Rtc {
    boot_stage::mark(Stage::Rtc);
    let rtc =
        Rtc { century_register: acpi.and_then(Acpi::fadt).and_then(|it| it.century_register) };
    match rtc.now() {
        Ok(time) => log::info!("{time}"),
        Err(error) => log::warn!("{error}"),
    }
    rtc
}

impl Rtc {
    /// Reads the time, in the time zone of the clock, usually UTC. Takes up to 2 ms
    /// during an update of the clock.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn now(self) -> Result<CivilTime, Error> {
        let mut last = self.read()?;
        for _ in 1..READINGS_MAX {
            let registers = self.read()?;
            // If they differ, an update or an interrupt came in between.
            if registers == last {
                return registers.decode().map_err(Error::Invalid);
            }
            last = registers;
        }
        Err(Error::Unsteady)
    }

    /// Reads the registers once, outside of an update.
    fn read(self) -> Result<Registers, Error> {
        if !(0..POLLS_MAX).any(|_| bytes::read(REGISTER_A) & UPDATE_IN_PROGRESS == 0) {
            return Err(Error::Absent);
        }
        Ok(Registers {
            seconds: bytes::read(SECONDS),
            minutes: bytes::read(MINUTES),
            hours: bytes::read(HOURS),
            day: bytes::read(DAY),
            month: bytes::read(MONTH),
            year: bytes::read(YEAR),
            century: self.century_register.map(bytes::read),
            format: bytes::read(REGISTER_B),
        })
    }
}

/// Counts seconds. The next edge is the end of the next update, up to a second later.
impl Witness for Rtc {
    fn hz(&self) -> u32 {
        1
    }

    fn mask(&self) -> u64 {
        u64::MAX
    }

    fn next_edge(&self) -> Option<Edge> {
        let is_updated = || u64::from(bytes::read(REGISTER_A) & UPDATE_IN_PROGRESS == 0);
        let update = loop {
            let edge = witness::edge(NO_UPDATE_NS, is_updated)?;
            if edge.count == 1 {
                break edge;
            }
        };
        let count = self.now().ok()?.unix_seconds();
        let is_same_second = now_ns() < update.earliest_ns.saturating_add(SAME_SECOND_NS);
        is_same_second.then_some(Edge { count, ..update })
    }
}
