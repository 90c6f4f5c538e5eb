//! The FADT: fixed hardware, such as sleep control and the power management timer.
//!
//! Source: ACPI Specification 6.5, "Fixed ACPI Description Table (FADT)" and
//! "Generic Address Structure".

use crate::signature::Signature;
use table_bytes::{read_u8, read_u16, read_u32, read_u64};

/// The table's signature.
pub const FADT: Signature = Signature(*b"FACP");

/// The flag of machines without the fixed registers.
const IS_HARDWARE_REDUCED: u32 = 1 << 20;
/// The flag of a 32-bit power management timer.
const IS_PM_TIMER_WIDE: u32 = 1 << 8;
/// The length of the power management timer's register; with another length there is no
/// timer.
const PM_TIMER_BYTES: u8 = 4;
/// The address space of I/O ports.
const SYSTEM_IO: u8 = 1;

/// The location of a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Register {
    /// An I/O port.
    Port(u16),
    /// A register in another address space, by its number in the specification.
    Elsewhere(u8),
}

/// The fields of the table that the kernel uses. Fields beyond the end of a short table
/// count as 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fadt {
    /// Physical address of the DSDT, if there is one.
    pub dsdt: Option<u64>,
    /// The preferred power management profile, by its number in the specification.
    pub profile: u8,
    /// The interrupt by which the hardware reports events.
    pub sci_interrupt: u16,
    /// The port for commands to the firmware, if there is one.
    pub smi_command: Option<u16>,
    /// The command that transfers control of the hardware to the kernel; 0 if there is
    /// none.
    pub acpi_enable: u8,
    /// The first register of sleep control.
    pub pm1a_control: Option<Register>,
    /// The second register of sleep control, if there is one.
    pub pm1b_control: Option<Register>,
    /// The power management timer, if there is one.
    pub pm_timer: Option<Register>,
    /// The timer has 32 bits, not 24.
    pub is_pm_timer_wide: bool,
    /// The CMOS register of the century, if there is one.
    pub century_register: Option<u8>,
    /// The machine has none of the fixed registers.
    pub is_hardware_reduced: bool,
}

impl Fadt {
    /// Reads the table.
    pub fn read(table: &[u8]) -> Self {
        let byte = |offset| read_u8(table, offset).unwrap_or(0);
        let port = |offset| {
            let port = read_u32(table, offset).and_then(|port| u16::try_from(port).ok());
            port.filter(|&port| port != 0)
        };
        let wide_dsdt = read_u64(table, 140).filter(|&address| address != 0);
        let dsdt = || read_u32(table, 40).filter(|&address| address != 0).map(u64::from);
        let control =
            |short, wide| read_register(table, wide).or_else(|| port(short).map(Register::Port));
        let flags = read_u32(table, 112).unwrap_or(0);
        Self {
            dsdt: wide_dsdt.or_else(dsdt),
            profile: byte(45),
            sci_interrupt: read_u16(table, 46).unwrap_or(0),
            smi_command: port(48),
            acpi_enable: byte(52),
            pm1a_control: control(64, 172),
            pm1b_control: control(68, 184),
            pm_timer: control(76, 208).filter(|_| byte(91) == PM_TIMER_BYTES),
            is_pm_timer_wide: flags & IS_PM_TIMER_WIDE != 0,
            century_register: Some(byte(108)).filter(|&register| register != 0),
            is_hardware_reduced: flags & IS_HARDWARE_REDUCED != 0,
        }
    }

    /// Returns the profile in words.
    pub fn profile_name(&self) -> &'static str {
        const NAMES: [&str; 9] = [
            "anything",
            "desktop",
            "mobile",
            "workstation",
            "enterprise server",
            "small office server",
            "appliance",
            "performance server",
            "tablet",
        ];
        NAMES.get(usize::from(self.profile)).copied().unwrap_or("unknown")
    }
}

/// Reads a generic address structure; `None` if it is null or beyond the table's end.
fn read_register(table: &[u8], offset_bytes: usize) -> Option<Register> {
    let address = read_u64(table, offset_bytes + 4).filter(|&address| address != 0)?;
    match (read_u8(table, offset_bytes)?, u16::try_from(address)) {
        (SYSTEM_IO, Ok(port)) => Some(Register::Port(port)),
        (space, _) => Some(Register::Elsewhere(space)),
    }
}
