//! The MADT: CPUs and interrupt controllers.
//!
//! Source: ACPI Specification 6.5, "Multiple APIC Description Table (MADT)".

use crate::header::HEADER_BYTES;
use crate::signature::Signature;
use table_bytes::{read_u8, read_u16, read_u32, read_u64};

/// The table's signature.
pub const MADT: Signature = Signature(*b"APIC");

/// An entry of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A CPU, by its local APIC or x2APIC.
    Processor {
        /// Its number in AML.
        uid: u32,
        /// The ID of its local APIC.
        apic_id: u32,
        /// Whether it can be started.
        state: ProcessorState,
    },
    /// An I/O APIC.
    IoApic {
        /// Its ID.
        id: u8,
        /// The physical address of its registers.
        address: u32,
        /// The global number of its first input.
        first_input: u32,
    },
    /// An ISA interrupt whose input differs from its number.
    Override {
        /// The interrupt's number on the ISA bus.
        irq: u8,
        /// The input.
        input: u32,
        /// Its polarity and trigger mode.
        flags: InterruptFlags,
    },
    /// An input that raises a non-maskable interrupt.
    Nmi {
        /// The input.
        input: u32,
        /// Its polarity and trigger mode.
        flags: InterruptFlags,
    },
    /// A pin of local APICs that raises a non-maskable interrupt.
    LocalNmi {
        /// The CPU's number in AML; `None` for all CPUs.
        uid: Option<u32>,
        /// The pin: 0 or 1.
        pin: u8,
        /// Its polarity and trigger mode.
        flags: InterruptFlags,
    },
    /// The address of the local APICs, which replaces the one in the table's head.
    LocalApicAddress(u64),
    /// An entry of another type.
    Other {
        /// The entry's type.
        kind: u8,
        /// Its length.
        len_bytes: u8,
    },
}

/// Whether a CPU can be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessorState {
    /// It can be started, or is running.
    Enabled,
    /// It can be started after it has been added to the machine.
    OnlineCapable,
    /// It can't be started.
    Disabled,
}

impl ProcessorState {
    fn of_flags(flags: u32) -> Self {
        match flags & 0b11 {
            0b00 => Self::Disabled,
            0b10 => Self::OnlineCapable,
            _ => Self::Enabled,
        }
    }
}

/// An interrupt's polarity and trigger mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterruptFlags(pub u16);

impl core::fmt::Display for InterruptFlags {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        const POLARITIES: [&str; 4] = ["bus's polarity", "active high", "polarity ?", "active low"];
        const MODES: [&str; 4] = ["bus's trigger", "edge", "trigger ?", "level"];
        let [polarity, mode] = [self.0, self.0 >> 2].map(|bits| usize::from(bits & 0b11));
        write!(f, "{}, {}", POLARITIES[polarity], MODES[mode])
    }
}

/// Returns the physical address of the local APICs in the table's head.
pub fn local_apic_address(table: &[u8]) -> Option<u32> {
    read_u32(table, HEADER_BYTES)
}

/// Returns whether the machine also has two 8259 interrupt controllers.
pub fn has_8259(table: &[u8]) -> bool {
    read_u32(table, HEADER_BYTES + 4).is_some_and(|flags| flags & 1 != 0)
}

/// Returns the entries up to the first with an impossible length. Entries that are too
/// short for their type become [`Entry::Other`].
pub fn entries(table: &[u8]) -> impl Iterator<Item = Entry> {
    let mut rest = table.get(HEADER_BYTES + 8..).unwrap_or_default();
    core::iter::from_fn(move || {
        let (kind, len_bytes) = (read_u8(rest, 0)?, read_u8(rest, 1)?);
        let (entry, after) = rest.split_at_checked(len_bytes.into()).filter(|_| len_bytes >= 2)?;
        rest = after;
        Some(read_entry(kind, entry).unwrap_or(Entry::Other { kind, len_bytes }))
    })
}

fn read_entry(kind: u8, entry: &[u8]) -> Option<Entry> {
    let byte = |offset| read_u8(entry, offset);
    let flags = |offset| read_u16(entry, offset).map(InterruptFlags);
    let double = |offset| read_u32(entry, offset);
    Some(match kind {
        0 => Entry::Processor {
            uid: byte(2)?.into(),
            apic_id: byte(3)?.into(),
            state: ProcessorState::of_flags(double(4)?),
        },
        1 => Entry::IoApic { id: byte(2)?, address: double(4)?, first_input: double(8)? },
        2 => Entry::Override { irq: byte(3)?, input: double(4)?, flags: flags(8)? },
        3 => Entry::Nmi { flags: flags(2)?, input: double(4)? },
        4 => Entry::LocalNmi {
            uid: Some(byte(2)?).filter(|&uid| uid != u8::MAX).map(u32::from),
            flags: flags(3)?,
            pin: byte(5)?,
        },
        5 => Entry::LocalApicAddress(read_u64(entry, 4)?),
        9 => Entry::Processor {
            apic_id: double(4)?,
            state: ProcessorState::of_flags(double(8)?),
            uid: double(12)?,
        },
        10 => Entry::LocalNmi {
            flags: flags(2)?,
            uid: Some(double(4)?).filter(|&uid| uid != u32::MAX),
            pin: byte(8)?,
        },
        _ => return None,
    })
}
