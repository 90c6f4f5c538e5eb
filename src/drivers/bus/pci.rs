//! PCI: which functions there are, and what they say of themselves.
//!
//! All 256 buses are searched, so that buses of a second root are found as those below
//! bridges are. Nothing is written to any device: the size of
//! a base address, which has to be asked for by a write, isn't found.
//!
//! Source: PCI Local Bus Specification 3.0, "Configuration Space"; PCI-to-PCI Bridge
//! Architecture Specification 1.2, "PCI-to-PCI Bridge Configuration Space Header".

use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use crate::arch::boot_stage::{self, Stage};
use crate::arch::ports::{PCI_ADDRESS, PCI_DATA};
use crate::mm::Memory;
use crate::sync::{IrqMutex, Rank};

/// Set in an address, or it selects nothing.
const ENABLE: u32 = 1 << 31;
/// The vendor that is read where no function answers.
const NO_VENDOR: u16 = 0xFFFF;

/// Offsets of registers, in bytes.
mod register {
    pub const ID: u8 = 0x00;
    pub const STATUS_COMMAND: u8 = 0x04;
    pub const CLASS_REVISION: u8 = 0x08;
    pub const HEADER: u8 = 0x0C;
    pub const BASE_ADDRESSES: u8 = 0x10;
    pub const BUSES: u8 = 0x18;
    pub const CAPABILITIES: u8 = 0x34;
    pub const CARDBUS_CAPABILITIES: u8 = 0x14;
    pub const INTERRUPT: u8 = 0x3C;
}

/// Status: there is a list of capabilities.
const HAS_CAPABILITIES: u32 = 1 << (16 + 4);
/// Header: there are more functions than the first.
const HAS_MORE_FUNCTIONS: u8 = 1 << 7;
/// Capabilities follow the header's 64 bytes, each has at least four.
const FIRST_CAPABILITY: u8 = 0x40;
const CAPABILITIES_MAX: usize = (256 - FIRST_CAPABILITY as usize) / 4;

/// Protects the pair of ports, from the selection of a register to its access. Taken
/// for each read of a register; not by interrupt handlers.
static PORTS: IrqMutex<()> = IrqMutex::new(Rank::Device, ());

/// Where a function is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    bus: u8,
    device: u8,
    function: u8,
}

impl Address {
    /// Makes one; `None` if the device is above 31 or the function above 7.
    pub fn try_new(bus: u8, device: u8, function: u8) -> Option<Self> {
        (device < 32 && function < 8).then_some(Self { bus, device, function })
    }

    /// Reads the register at `offset_bytes`, a multiple of 4. All bits are set where
    /// nothing answers. Takes about two microseconds.
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

/// A text isn't a bus, a device and a function.
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

/// What kind of registers stand in a function's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// A device.
    Device,
    /// A bridge from bus to bus.
    Bridge,
    /// A bridge to CardBus.
    CardBus,
    /// A type that the specification doesn't name.
    Unknown(u8),
}

/// A function of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// Where it is.
    pub address: Address,
    /// Its maker's number.
    pub vendor: u16,
    /// The maker's number for it.
    pub device: u16,
    /// Base class, subclass and programming interface.
    pub class: (u8, u8, u8),
    /// The maker's number for its version.
    pub revision: u8,
    /// The kind of its header.
    pub header: Header,
    /// The interrupt line that the firmware has written there, if it has.
    pub interrupt_line: Option<u8>,
    /// The pin by which it interrupts: `A` to `D`.
    pub interrupt_pin: Option<char>,
}

/// Where a function's registers or memory are. The firmware has assigned no address where
/// there is none; nothing answers there then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BaseAddress {
    /// I/O ports, from this one on.
    Ports(Option<u32>),
    /// Memory.
    Memory {
        /// The physical address that it begins at.
        address: Option<u64>,
        /// How many bits an address may have.
        width_bits: u8,
        /// Reads have no side effect.
        is_prefetchable: bool,
    },
}

impl BaseAddress {
    /// Decodes a register, with the one that follows it; `None` if it isn't used. A memory's
    /// type that the specification doesn't name is taken for 32 bits.
    fn decode(low: u32, high: u32) -> Option<Self> {
        const IS_PORTS: u32 = 1 << 0;
        const IS_64_BITS: u32 = 0b10 << 1;
        const TYPE: u32 = 0b11 << 1;
        const IS_PREFETCHABLE: u32 = 1 << 3;
        if matches!(low, 0 | u32::MAX) {
            return None;
        }
        if low & IS_PORTS != 0 {
            return Some(Self::Ports(Some(low & !0b11).filter(|&port| port != 0)));
        }
        let is_64_bits = low & TYPE == IS_64_BITS;
        let high = if is_64_bits { u64::from(high) << 32 } else { 0 };
        Some(Self::Memory {
            address: Some(high | u64::from(low & !0b1111)).filter(|&address| address != 0),
            width_bits: if is_64_bits { 64 } else { 32 },
            is_prefetchable: low & IS_PREFETCHABLE != 0,
        })
    }
}

impl fmt::Display for BaseAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Ports(Some(port)) => write!(f, "ports  from {port:#06x}"),
            Self::Ports(None) => f.write_str("ports  unassigned"),
            Self::Memory { address, width_bits, is_prefetchable } => {
                match address {
                    Some(address) => write!(f, "memory from {address:#010x}")?,
                    None => f.write_str("memory unassigned")?,
                }
                write!(f, ", {width_bits} bits")?;
                f.write_str(if is_prefetchable { ", prefetchable" } else { "" })
            }
        }
    }
}

/// Something that a function can, beyond what all can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capability {
    /// Which it is.
    pub id: u8,
    /// Where its registers begin, in bytes.
    pub offset_bytes: u8,
}

impl Function {
    fn find(address: Address) -> Option<Self> {
        let [vendor_low, vendor_high, device_low, device_high] =
            address.read(register::ID).to_le_bytes();
        let vendor = u16::from_le_bytes([vendor_low, vendor_high]);
        if vendor == NO_VENDOR {
            return None;
        }
        let [revision, interface, sub, base] = address.read(register::CLASS_REVISION).to_le_bytes();
        let [_, _, header, _] = address.read(register::HEADER).to_le_bytes();
        let [line, pin, _, _] = address.read(register::INTERRUPT).to_le_bytes();
        let interrupt_pin = match pin {
            1..=4 => Some(char::from(b'A' + pin - 1)),
            _ => None,
        };
        Some(Self {
            address,
            vendor,
            device: u16::from_le_bytes([device_low, device_high]),
            class: (base, sub, interface),
            revision,
            header: match header & !HAS_MORE_FUNCTIONS {
                0 => Header::Device,
                1 => Header::Bridge,
                2 => Header::CardBus,
                other => Header::Unknown(other),
            },
            interrupt_line: interrupt_pin.and(Some(line)).filter(|&line| line != u8::MAX),
            interrupt_pin,
        })
    }

    /// Returns the buses below a bridge, first and last.
    pub fn buses_below(&self) -> Option<(u8, u8)> {
        let [_, first, last, _] = self.address.read(register::BUSES).to_le_bytes();
        (self.header == Header::Bridge).then_some((first, last))
    }

    /// Returns the base addresses that are used, by the index of their register.
    pub fn base_addresses(&self) -> impl Iterator<Item = (u8, BaseAddress)> + use<> {
        let (address, count) = match self.header {
            Header::Device => (self.address, 6),
            Header::Bridge => (self.address, 2),
            Header::CardBus | Header::Unknown(_) => (self.address, 0),
        };
        let register = move |index: u8| address.read(register::BASE_ADDRESSES + 4 * index);
        let mut next = 0;
        core::iter::from_fn(move || {
            while next < count {
                let index = next;
                let high = if index + 1 < count { register(index + 1) } else { 0 };
                let base = BaseAddress::decode(register(index), high);
                // The second half of 64 bits is no register of its own.
                let is_wide = matches!(base, Some(BaseAddress::Memory { width_bits: 64, .. }));
                next += if is_wide { 2 } else { 1 };
                if let Some(base) = base {
                    return Some((index, base));
                }
            }
            None
        })
    }

    /// Returns the list of capabilities, as far as it makes sense.
    pub fn capabilities(&self) -> impl Iterator<Item = Capability> + use<> {
        let address = self.address;
        let has_any = address.read(register::STATUS_COMMAND) & HAS_CAPABILITIES != 0;
        let first = match self.header {
            Header::Device | Header::Bridge if has_any => address.read(register::CAPABILITIES),
            Header::CardBus if has_any => address.read(register::CARDBUS_CAPABILITIES),
            _ => 0,
        };
        let mut next = first.to_le_bytes()[0] & !3;
        // A list that runs in a circle ends, too.
        core::iter::from_fn(move || {
            if next < FIRST_CAPABILITY {
                return None;
            }
            let offset_bytes = next;
            let [id, following, _, _] = address.read(offset_bytes).to_le_bytes();
            next = following & !3;
            (id != u8::MAX).then_some(Capability { id, offset_bytes })
        })
        .take(CAPABILITIES_MAX)
    }
}

/// The functions that were found at start.
#[derive(Debug)]
pub struct Pci {
    /// In the order of their addresses; none if there is no PCI.
    pub functions: Vec<Function>,
}

impl Pci {
    /// Returns the function at `address`.
    pub fn function(&self, address: Address) -> Option<&Function> {
        self.functions.iter().find(|function| function.address == address)
    }
}

/// Looks for all functions. Takes about 20 ms.
pub fn start(_memory: Memory) -> Pci {
    boot_stage::mark(Stage::Pci);
    let functions: Vec<_> = if is_present() { find_all().collect() } else { Vec::new() };
    match functions.len() {
        0 => log::info!("no PCI"),
        count => log::info!("{count} functions"),
    }
    Pci { functions }
}

/// Returns whether a register can be selected.
fn is_present() -> bool {
    let _ports = PORTS.lock();
    PCI_ADDRESS.write(ENABLE);
    PCI_ADDRESS.read() == ENABLE
}

fn find_all() -> impl Iterator<Item = Function> {
    let buses = 0..=u8::MAX;
    let devices = buses.flat_map(|bus| (0..32).map(move |device| (bus, device)));
    devices.flat_map(|(bus, device)| {
        let at = move |function| Function::find(Address { bus, device, function });
        // A device has its first function, or none.
        let first = at(0);
        let has_more = first.is_some_and(|first| {
            first.address.read(register::HEADER).to_le_bytes()[2] & HAS_MORE_FUNCTIONS != 0
        });
        let others = if has_more { 1..8 } else { 0..0 };
        first.into_iter().chain(others.filter_map(at))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test_case]
    fn addresses_are_read_as_they_are_written() {
        let address = Address::try_new(0xAB, 0x1F, 7).expect("it is one");
        assert_eq!(address.to_string(), "ab:1f.7");
        assert_eq!("ab:1f.7".parse(), Ok(address));
        assert_eq!("0:2.0".parse(), Ok(Address { bus: 0, device: 2, function: 0 }));
        for text in [
            "", "0", "0:0", "0.0", "0:20.0", "0:0.8", "100:0.0", "0:+1.0", "0:0.0.0", ":.",
            "x:0.0", " 0:0.0",
        ] {
            assert_eq!(text.parse::<Address>(), Err(NotAnAddress), "{text}");
        }
    }

    #[test_case]
    fn base_addresses_of_every_kind_are_decoded() {
        let memory = |address, width_bits, is_prefetchable| {
            Some(BaseAddress::Memory { address: Some(address), width_bits, is_prefetchable })
        };
        let unassigned = |width_bits, is_prefetchable| {
            Some(BaseAddress::Memory { address: None, width_bits, is_prefetchable })
        };
        assert_eq!(BaseAddress::decode(0, 7), None);
        assert_eq!(BaseAddress::decode(u32::MAX, 7), None);
        assert_eq!(BaseAddress::decode(0xC041, 7), Some(BaseAddress::Ports(Some(0xC040))));
        assert_eq!(BaseAddress::decode(1, 7), Some(BaseAddress::Ports(None)));
        assert_eq!(BaseAddress::decode(8, 7), unassigned(32, true));
        assert_eq!(BaseAddress::decode(4, 0), unassigned(64, false));
        assert_eq!(BaseAddress::decode(0xC, 0), unassigned(64, true));
        assert_eq!(BaseAddress::decode(0xFEBC_0000, 7), memory(0xFEBC_0000, 32, false));
        assert_eq!(BaseAddress::decode(0xFEBC_0008, 7), memory(0xFEBC_0000, 32, true));
        assert_eq!(BaseAddress::decode(0xFEBC_000C, 7), memory(0x7_FEBC_0000, 64, true));
        assert_eq!(BaseAddress::decode(0xC, 1), memory(1 << 32, 64, true));
    }

    #[test_case]
    fn machine_has_a_host_bridge_and_nothing_beyond() {
        let host = Address { bus: 0, device: 0, function: 0 };
        let function = Function::find(host).expect("QEMU's PC has PCI");
        assert_eq!((function.class.0, function.class.1), (6, 0));
        assert_eq!(Function::find(Address { bus: 0xFF, device: 0x1F, function: 7 }), None);
        assert!(find_all().is_sorted_by_key(|function| function.address));
    }
}
