//! Where a PCI function has the registers of the device: capabilities of the vendor's kind.
//!
//! Source: VIRTIO 1.2, "Virtio Structure PCI Capabilities".

/// The number of the capability.
pub const CAPABILITY: u8 = 0x09;
/// The number of words of the longest capability that is decoded.
pub const CAPABILITY_WORDS: usize = 5;

/// The number of bytes of a capability, and of one for notifications.
const LEN_BYTES: u8 = 16;
const NOTIFY_LEN_BYTES: u8 = 20;
/// The highest index of a base address.
const BASE_ADDRESS_MAX: u8 = 5;

/// A group of registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Structure {
    /// Those that all kinds of devices have.
    Common,
    /// The doorbells of the queues.
    Notify {
        /// The distance of two doorbells, in bytes.
        multiplier: u32,
    },
    /// The properties of this kind of device.
    Device,
}

/// Where registers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The index of the base address.
    pub base_address: u8,
    /// The first byte, a multiple of 4.
    pub offset_bytes: u32,
    /// The number of bytes.
    pub len_bytes: u32,
}

/// Decodes a capability of the number [`CAPABILITY`]; `None` if it is of no use for the driver, or
/// invalid. The driver uses the first one of each structure.
pub fn decode(words: [u32; CAPABILITY_WORDS]) -> Option<(Structure, Place)> {
    let [_, _, len_bytes, kind] = words[0].to_le_bytes();
    let [base_address, ..] = words[1].to_le_bytes();
    let (structure, len_bytes_min) = match kind {
        1 => (Structure::Common, LEN_BYTES),
        2 => (Structure::Notify { multiplier: words[4] }, NOTIFY_LEN_BYTES),
        4 => (Structure::Device, LEN_BYTES),
        _ => return None,
    };
    let place = Place { base_address, offset_bytes: words[2], len_bytes: words[3] };
    let is_valid = len_bytes >= len_bytes_min
        && base_address <= BASE_ADDRESS_MAX
        && place.offset_bytes.is_multiple_of(4)
        && place.offset_bytes.checked_add(place.len_bytes).is_some();
    is_valid.then_some((structure, place))
}
