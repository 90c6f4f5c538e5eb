//! PCI: the functions on all buses, and their properties.
//!
//! All 256 buses are searched, so buses below a second root are found, too. Nothing is
//! written to any device. So the sizes of base addresses are unknown: they can only be
//! determined by writes.
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

/// Must be set in an address to select a register.
const ENABLE: u32 = 1 << 31;
/// The vendor that is read if there is no function.
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
/// Header: the device has more functions than the first.
const HAS_MORE_FUNCTIONS: u8 = 1 << 7;
/// Capabilities start after the header of 64 bytes; each has at least four bytes.
const FIRST_CAPABILITY: u8 = 0x40;
const CAPABILITIES_MAX: usize = (256 - FIRST_CAPABILITY as usize) / 4;

/// Protects the pair of ports, from the selection of a register to the access to it.
/// Taken for each read of a register; not by interrupt handlers.
static PORTS: IrqMutex<()> = IrqMutex::new(Rank::Device, ());

/// The address of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    bus: u8,
    device: u8,
    function: u8,
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

/// The type of a function's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// A device.
    Device,
    /// A bridge between PCI buses.
    Bridge,
    /// A bridge to CardBus.
    CardBus,
    /// A type that the specification doesn't name.
    Unknown(u8),
}

/// A function of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its address.
    pub address: Address,
    /// The vendor's number.
    pub vendor: u16,
    /// The vendor's number for the device.
    pub device: u16,
    /// Base class, subclass and programming interface.
    pub class: (u8, u8, u8),
    /// The vendor's number for the revision.
    pub revision: u8,
    /// The type of its header.
    pub header: Header,
    /// The interrupt line that the firmware has stored, if it has.
    pub interrupt_line: Option<u8>,
    /// Its interrupt pin: `A` to `D`.
    pub interrupt_pin: Option<char>,
}

/// The place of a function's registers or memory. `None` if the firmware has assigned no
/// address; then the function doesn't answer there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BaseAddress {
    /// I/O ports, with the first port.
    Ports(Option<u32>),
    /// Memory.
    Memory {
        /// The first physical address.
        address: Option<u64>,
        /// The number of bits that the address may have.
        width_bits: u8,
        /// Reads have no side effect.
        is_prefetchable: bool,
    },
}

impl BaseAddress {
    /// Decodes a register and the next one, which may be its upper half; `None` if it
    /// isn't used. Reserved types of memory are decoded as 32-bit ones.
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

/// An optional feature of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capability {
    /// Its ID.
    pub id: u8,
    /// The offset of its registers.
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

    /// Returns the first and the last bus below a bridge.
    pub fn buses_below(&self) -> Option<(u8, u8)> {
        let [_, first, last, _] = self.address.read(register::BUSES).to_le_bytes();
        (self.header == Header::Bridge).then_some((first, last))
    }

    /// Returns the base addresses in use, by the index of their register.
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
                // The register after a 64-bit address is its upper half.
                let is_wide = matches!(base, Some(BaseAddress::Memory { width_bits: 64, .. }));
                next += if is_wide { 2 } else { 1 };
                if let Some(base) = base {
                    return Some((index, base));
                }
            }
            None
        })
    }

    /// Returns the capabilities, up to the first invalid one.
    pub fn capabilities(&self) -> impl Iterator<Item = Capability> + use<> {
        let address = self.address;
        let has_any = address.read(register::STATUS_COMMAND) & HAS_CAPABILITIES != 0;
        let first = match self.header {
            Header::Device | Header::Bridge if has_any => address.read(register::CAPABILITIES),
            Header::CardBus if has_any => address.read(register::CARDBUS_CAPABILITIES),
            _ => 0,
        };
        let mut next = first.to_le_bytes()[0] & !3;
        // Limited, so that a circular list ends, too.
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

/// The functions that were found at the start.
#[derive(Debug)]
pub struct Pci {
    /// The functions by rising address; empty without PCI.
    pub functions: Vec<Function>,
}

impl Pci {
    /// Returns the function at `address`.
    pub fn function(&self, address: Address) -> Option<&Function> {
        self.functions.iter().find(|function| function.address == address)
    }
}

/// Finds all functions. Takes about 20 ms.
pub fn start(_memory: Memory) -> Pci {
    boot_stage::mark(Stage::Pci);
    let functions: Vec<_> = if is_present() { find_all().collect() } else { Vec::new() };
    match functions.len() {
        0 => log::info!("no PCI"),
        count => log::info!("{count} functions"),
    }
    Pci { functions }
}

/// Returns whether the ports work: a selected register can be read back.
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
        // Without function 0 there is no device.
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
