//! A function of a device, and its properties in the configuration space.
//!
//! Source: PCI Local Bus Specification 3.0, "Configuration Space".

use super::address::Address;
use super::base_address::BaseAddress;
use super::configuration::read;
use super::owners;

/// The vendor number that a read returns if there is no function.
const NO_VENDOR: u16 = 0xFFFF;

/// Offsets of registers, in bytes.
pub(super) mod register {
    pub(in crate::drivers::bus::pci) const ID: u16 = 0x00;
    pub(in crate::drivers::bus::pci) const STATUS_COMMAND: u16 = 0x04;
    pub(in crate::drivers::bus::pci) const CLASS_REVISION: u16 = 0x08;
    pub(in crate::drivers::bus::pci) const HEADER: u16 = 0x0C;
    pub(in crate::drivers::bus::pci) const BASE_ADDRESSES: u16 = 0x10;
    pub(in crate::drivers::bus::pci) const BUSES: u16 = 0x18;
    pub(in crate::drivers::bus::pci) const CAPABILITIES: u16 = 0x34;
    pub(in crate::drivers::bus::pci) const CARDBUS_CAPABILITIES: u16 = 0x14;
    pub(in crate::drivers::bus::pci) const INTERRUPT: u16 = 0x3C;
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
    /// Returns the function at `address`, if there is one.
    pub(super) fn find(address: Address) -> Option<Self> {
        let [vendor_low, vendor_high, device_low, device_high] =
            read(address, register::ID).to_le_bytes();
        let vendor = u16::from_le_bytes([vendor_low, vendor_high]);
        if vendor == NO_VENDOR {
            return None;
        }
        let [revision, interface, sub, base] =
            read(address, register::CLASS_REVISION).to_le_bytes();
        let [_, _, header, _] = read(address, register::HEADER).to_le_bytes();
        let [line, pin, _, _] = read(address, register::INTERRUPT).to_le_bytes();
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

    /// Returns whether the device has more functions than this, its first one.
    pub(super) fn has_more_functions(&self) -> bool {
        read(self.address, register::HEADER).to_le_bytes()[2] & HAS_MORE_FUNCTIONS != 0
    }

    /// Returns the name of the driver that owns it.
    pub fn driver(&self) -> Option<&'static str> {
        owners::owner_of(self.address)
    }

    /// Returns the first and the last bus below a bridge.
    pub fn buses_below(&self) -> Option<(u8, u8)> {
        let [_, first, last, _] = read(self.address, register::BUSES).to_le_bytes();
        (self.header == Header::Bridge).then_some((first, last))
    }

    /// Returns the base addresses in use, by the index of their register.
    pub fn base_addresses(&self) -> impl Iterator<Item = (u8, BaseAddress)> + use<> {
        let (address, count) = match self.header {
            Header::Device => (self.address, 6),
            Header::Bridge => (self.address, 2),
            Header::CardBus | Header::Unknown(_) => (self.address, 0),
        };
        let register =
            move |index: u8| read(address, register::BASE_ADDRESSES + 4 * u16::from(index));
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
        let has_any = read(address, register::STATUS_COMMAND) & HAS_CAPABILITIES != 0;
        let first = match self.header {
            Header::Device | Header::Bridge if has_any => read(address, register::CAPABILITIES),
            Header::CardBus if has_any => read(address, register::CARDBUS_CAPABILITIES),
            _ => 0,
        };
        let mut next = first.to_le_bytes()[0] & !3;
        // Limited, so that a circular list also ends.
        core::iter::from_fn(move || {
            if next < FIRST_CAPABILITY {
                return None;
            }
            let offset_bytes = next;
            let [id, following, _, _] = read(address, offset_bytes.into()).to_le_bytes();
            next = following & !3;
            (id != u8::MAX).then_some(Capability { id, offset_bytes })
        })
        .take(CAPABILITIES_MAX)
    }
}
