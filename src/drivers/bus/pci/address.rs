//! The addresses of functions, and access to their registers.

use core::fmt;
use core::str::FromStr;

use crate::arch::ports::{PCI_ADDRESS, PCI_DATA};
use crate::sync::{IrqMutex, Rank};

/// This bit must be set in an address to select a register.
const ENABLE: u32 = 1 << 31;

/// Protects the pair of ports, from the selection of a register to its access. Taken for each read
/// of a register; not by interrupt handlers.
static PORTS: IrqMutex<()> = IrqMutex::new(Rank::Device, ());

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

    /// Reads the register at `offset_bytes`, a multiple of 4. All bits are set if there
    /// is no function. Takes about two microseconds.
    pub fn read(self, offset_bytes: u8) -> u32 {
        let [bus, device, function] = [self.bus, self.device, self.function].map(u32::from);
        let place = bus << 16 | device << 11 | function << 8 | u32::from(offset_bytes & !3);
        let _ports = PORTS.lock();
        PCI_ADDRESS.write(ENABLE | place);
        PCI_DATA.read()
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

/// Returns whether the ports work: a selected register can be read back.
pub(super) fn is_present() -> bool {
    let _ports = PORTS.lock();
    PCI_ADDRESS.write(ENABLE);
    PCI_ADDRESS.read() == ENABLE
}
