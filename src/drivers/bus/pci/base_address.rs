//! Base addresses: the places of a function's registers and memory.

use core::fmt;

/// The address of a function's registers or memory. `None` if the firmware has not assigned one;
/// then the function doesn't respond to accesses.
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
    /// Decodes a register and the next one, which may be its upper half; `None` if the register
    /// isn't used. Reserved types of memory are decoded as 32-bit addresses.
    pub(super) fn decode(low: u32, high: u32) -> Option<Self> {
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
