//! Gates of the IDT, decoded from their words in memory.
//!
//! Source: Intel SDM volume 3A, "64-Bit Mode IDT".

/// The type of a gate of the IDT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateKind {
    /// Clears the interrupt flag.
    Interrupt,
    /// Leaves the interrupt flag unchanged.
    Trap,
    /// Another type, which long mode doesn't have.
    Invalid(u8),
}

/// A gate of the IDT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    /// The handler's address.
    pub offset: u64,
    /// The handler's code segment.
    pub selector: u16,
    /// The entry of the interrupt stack table, 1 to 7; 0 if the handler runs without one.
    pub ist: u8,
    /// The type.
    pub kind: GateKind,
    /// The highest ring whose INT instruction may call the gate.
    pub dpl: u8,
}

impl Gate {
    /// The length of a gate in bytes.
    pub const BYTES: u64 = 16;

    /// Decodes the two words of a gate, low word first; `None` if it isn't present.
    pub fn decode(low: u64, high: u64) -> Option<Self> {
        let kind = match (low >> 40) as u8 & 0x1F {
            0xE => GateKind::Interrupt,
            0xF => GateKind::Trap,
            other => GateKind::Invalid(other),
        };
        (low >> 47 & 1 == 1).then_some(Self {
            offset: low & 0xFFFF | low >> 32 & 0xFFFF_0000 | high << 32,
            selector: (low >> 16) as u16,
            ist: (low >> 32) as u8 & 7,
            kind,
            dpl: (low >> 45) as u8 & 3,
        })
    }
}
