//! The addresses of functions, and access to their registers.

use core::fmt;
use core::str::FromStr;

/// The address of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    pub(super) bus: u8,
    pub(super) device: u8,
    pub(super) function: u8,
}

impl Address {
    /// Returns the address; `None` if the device is above 31 or the function above 7.
    pub fn try_new(bus: u8, device: u8, function: u8) -> Option<Self> {
        (device < 32 && function < 8).then_some(Self { bus, device, function })
    }

    /// Returns the address with the bits of bus, device and function, from bit 0 on.
    pub(super) fn bits(self) -> u32 {
        let [bus, device, function] = [self.bus, self.device, self.function].map(u32::from);
        bus << 8 | device << 3 | function
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}:{:02x}.{}", self.bus, self.device, self.function)
    }
}

/// The text isn't of the form BUS:DEVICE.FUNCTION.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnAddress;

impl fmt::Display for NotAnAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an address such as 00:1f.2")
    }
}

impl core::error::Error for NotAnAddress {}

impl FromStr for Address {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let number = |digits: &str| {
            let is_short = matches!(digits.len(), 1 | 2) && !digits.starts_with('+');
            is_short.then(|| u8::from_str_radix(digits, 16).ok()).flatten()
        };
        let parse = || {
            let (bus, rest) = text.split_once(':')?;
            let (device, function) = rest.split_once('.')?;
            Self::try_new(number(bus)?, number(device)?, number(function)?)
        };
        parse().ok_or(NotAnAddress)
    }
}
