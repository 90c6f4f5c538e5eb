//! PCI: the functions on all buses, and their properties.
//!
//! All 256 buses are searched, so buses below a second root are also found. Nothing is written to
//! any device. So the sizes of base addresses are unknown, because only writes can determine them.
//!
//! Source: PCI Local Bus Specification 3.0, "Configuration Space"; PCI-to-PCI Bridge
//! Architecture Specification 1.2, "PCI-to-PCI Bridge Configuration Space Header".

mod address;
mod base_address;

use alloc::vec::Vec;

use crate::arch::boot_stage::{self, Stage};
use crate::mm::Memory;
use address::is_present;

pub use address::{Address, NotAnAddress};
pub use base_address::BaseAddress;

/// The vendor number that a read returns if there is no function.
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

/// Status: the function has a list of capabilities.
const HAS_CAPABILITIES: u32 = 1 << (16 + 4);
/// Header: the device has more functions than the first.
const HAS_MORE_FUNCTIONS: u8 = 1 << 7;
/// Capabilities start after the header of 64 bytes; each has at least four bytes.
const FIRST_CAPABILITY: u8 = 0x40;
const CAPABILITIES_MAX: usize = (256 - FIRST_CAPABILITY as usize) / 4;

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
    /// The interrupt line that the firmware has stored, if any.
    pub interrupt_line: Option<u8>,
    /// Its interrupt pin: `A` to `D`.
    pub interrupt_pin: Option<char>,
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
        // Limited, so that a circular list also ends.
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
    /// The functions in order of their addresses; empty without PCI.
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

fn find_all() -> impl Iterator<Item = Function> {
    let buses = 0..=u8::MAX;
    let devices = buses.flat_map(|bus| (0..32).map(move |device| (bus, device)));
    devices.flat_map(|(bus, device)| {
        let at = move |function| Function::find(Address { bus, device, function });
        // Without function 0, the device doesn't exist.
        let first = at(0);
        let has_more = first.is_some_and(|first| {
            first.address.read(register::HEADER).to_le_bytes()[2] & HAS_MORE_FUNCTIONS != 0
        });
        let others = if has_more { 1..8 } else { 0..0 };
        first.into_iter().chain(others.filter_map(at))
    })
}

#[cfg(test)]
mod tests;
