//! The registers of a PC's real-time clock.
//!
//! Source: Motorola MC146818A datasheet, "Time, calendar, and alarm locations" and
//! "Register B"; ACPI Specification, "Fixed ACPI Description Table", CENTURY.

use core::fmt;

use crate::CivilTime;

/// Register B: numbers are binary; otherwise they are BCD.
const IS_BINARY: u8 = 1 << 2;
/// Register B: hours are 0 to 23; otherwise they are 1 to 12, before and after noon.
const IS_24_HOURS: u8 = 1 << 1;
/// The register of hours, on a 12-hour clock: the time is after noon.
const IS_AFTERNOON: u8 = 1 << 7;

/// The century for clocks without a register for it.
const CENTURY: u8 = 20;

/// The values of the registers, read while the clock doesn't update them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registers {
    /// Register 0x00.
    pub seconds: u8,
    /// Register 0x02.
    pub minutes: u8,
    /// Register 0x04.
    pub hours: u8,
    /// Register 0x07.
    pub day: u8,
    /// Register 0x08.
    pub month: u8,
    /// Register 0x09.
    pub year: u8,
    /// The register that the FADT names, if there is one.
    pub century: Option<u8>,
    /// Register 0x0B (B): the format of the others.
    pub format: u8,
}

/// Why the registers hold no valid time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// A BCD number has a digit above 9.
    NotDecimal(u8),
    /// The hour of a 12-hour clock isn't 1 to 12.
    HalfDayHour(u8),
    /// The year within the century, or the century, is above 99.
    TwoDigits(u8),
    /// There is no such date or time.
    NoSuchTime(crate::Error),
}

impl From<crate::Error> for Error {
    fn from(error: crate::Error) -> Self {
        Self::NoSuchTime(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDecimal(byte) => write!(f, "{byte:#04x} isn't a decimal number"),
            Self::HalfDayHour(hour) => write!(f, "half a day has no hour {hour}"),
            Self::TwoDigits(number) => write!(f, "{number} is more than two digits of a year"),
            Self::NoSuchTime(error) => write!(f, "{error}"),
        }
    }
}

impl core::error::Error for Error {}

impl Registers {
    /// Returns the time in the registers. Without a register for the century, the 21st is
    /// assumed.
    ///
    /// # Errors
    /// [`Error`] if the registers hold no valid time.
    pub fn decode(&self) -> Result<CivilTime, Error> {
        let number = |byte| if self.format & IS_BINARY != 0 { Ok(byte) } else { decimal(byte) };
        let two_digits = |byte| match number(byte)? {
            number @ 0..=99 => Ok(u16::from(number)),
            number => Err(Error::TwoDigits(number)),
        };
        let hour = if self.format & IS_24_HOURS != 0 {
            number(self.hours)?
        } else {
            match number(self.hours & !IS_AFTERNOON)? {
                hour @ 1..=12 if self.hours & IS_AFTERNOON != 0 => hour % 12 + 12,
                hour @ 1..=12 => hour % 12,
                hour => return Err(Error::HalfDayHour(hour)),
            }
        };
        let century = self.century.map_or(Ok(CENTURY.into()), two_digits)?;
        let year = century * 100 + two_digits(self.year)?;
        let (month, day) = (number(self.month)?, number(self.day)?);
        let (minute, second) = (number(self.minutes)?, number(self.seconds)?);
        Ok(CivilTime::try_new(year, month, day, hour, minute, second)?)
    }
}

fn decimal(byte: u8) -> Result<u8, Error> {
    let (tens, ones) = (byte >> 4, byte & 0xF);
    if tens > 9 || ones > 9 { Err(Error::NotDecimal(byte)) } else { Ok(tens * 10 + ones) }
}
