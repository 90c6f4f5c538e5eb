//! The fixed hardware.
//!
//! Source: ACPI Specification 6.5, "Fixed ACPI Description Table (FADT)" and
//! "Generic Address Structure".

use crate::bytes::{read_u8, read_u16, read_u32, read_u64};
use crate::header::Signature;

/// The table's signature.
pub const FADT: Signature = Signature(*b"FACP");

/// The flag of machines that have none of the fixed registers.
const IS_HARDWARE_REDUCED: u32 = 1 << 20;
/// The flag of machines whose power management timer has 32 bits.
const IS_PM_TIMER_WIDE: u32 = 1 << 8;
/// The length of that timer's register; other values mean that there is none.
const PM_TIMER_BYTES: u8 = 4;
/// An address is a port's.
const SYSTEM_IO: u8 = 1;

/// Where a register is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Register {
    /// At a port.
    Port(u16),
    /// Elsewhere: the kind of address that the specification numbers so.
    Elsewhere(u8),
}

/// What is used of the table. Fields behind a short table's end are as if 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fadt {
    /// Physical address of the DSDT, if there is one.
    pub dsdt: Option<u64>,
    /// What the machine is made for, by the specification's number.
    pub profile: u8,
    /// The interrupt by which the hardware tells of events.
    pub sci_interrupt: u16,
    /// Where the firmware takes commands, if it takes any.
    pub smi_command: Option<u16>,
    /// The command that hands the hardware over to the kernel; 0 if there is none.
    pub acpi_enable: u8,
    /// The first register of sleep control.
    pub pm1a_control: Option<Register>,
    /// The second one, which not all machines have.
    pub pm1b_control: Option<Register>,
    /// The power management timer, which not all machines have.
    pub pm_timer: Option<Register>,
    /// The timer has 32 bits, not 24.
    pub is_pm_timer_wide: bool,
    /// The CMOS byte with the century, if there is one.
    pub century_register: Option<u8>,
    /// There are none of the fixed registers.
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

    /// Returns what the machine is made for.
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

/// Reads a generic address; `None` if it is null or beyond the table's end.
fn read_register(table: &[u8], offset_bytes: usize) -> Option<Register> {
    let address = read_u64(table, offset_bytes + 4).filter(|&address| address != 0)?;
    match (read_u8(table, offset_bytes)?, u16::try_from(address)) {
        (SYSTEM_IO, Ok(port)) => Some(Register::Port(port)),
        (space, _) => Some(Register::Elsewhere(space)),
    }
}
