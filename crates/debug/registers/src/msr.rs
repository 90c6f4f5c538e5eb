//! Names of model-specific registers.
//!
//! Source: Intel SDM volume 4, "IA-32 Architectural MSRs"; AMD APM volume 2,
//! "MSR Cross-Reference", for those from 0xC000_0000 on.

use crate::control::EFER;
use crate::field::{Field, Layout};

/// A model-specific register.
#[derive(Clone, Copy, Debug)]
pub struct Msr {
    /// The number that RDMSR takes in ECX.
    pub number: u32,
    /// The name in the manual, without `IA32_`.
    pub name: &'static str,
    /// The purpose, in a few words.
    pub purpose: &'static str,
}

const fn msr(number: u32, name: &'static str, purpose: &'static str) -> Msr {
    Msr { number, name, purpose }
}

/// The number of EFER.
pub const EFER_NUMBER: u32 = 0xC000_0080;
/// The number of PAT.
pub const PAT_NUMBER: u32 = 0x277;
/// The number of APIC_BASE.
pub const APIC_BASE_NUMBER: u32 = 0x1B;

/// The registers that are useful for debugging, by rising number.
pub const ALL: &[Msr] = &[
    msr(0x10, "TSC", "time stamp counter"),
    msr(0x17, "PLATFORM_ID", "platform"),
    msr(APIC_BASE_NUMBER, "APIC_BASE", "local APIC: address, and whether on"),
    msr(0x3A, "FEATURE_CONTROL", "features that the firmware has locked"),
    msr(0x3B, "TSC_ADJUST", "offset that was added to the TSC"),
    msr(0x48, "SPEC_CTRL", "limits of speculation"),
    msr(0x8B, "BIOS_SIGN_ID", "revision of the microcode"),
    msr(0xFE, "MTRRCAP", "memory type ranges: how many"),
    msr(0x10A, "ARCH_CAPABILITIES", "attacks that the CPU withstands"),
    msr(0x174, "SYSENTER_CS", "SYSENTER: code segment"),
    msr(0x175, "SYSENTER_ESP", "SYSENTER: stack pointer"),
    msr(0x176, "SYSENTER_EIP", "SYSENTER: entry"),
    msr(0x179, "MCG_CAP", "machine check: banks and features"),
    msr(0x17A, "MCG_STATUS", "machine check: state"),
    msr(0x17B, "MCG_CTL", "machine check: enabled reports"),
    msr(0x1A0, "MISC_ENABLE", "features of the CPU"),
    msr(0x1D9, "DEBUGCTL", "branch tracing and single steps"),
    msr(0x200, "MTRR_PHYSBASE0", "memory type range 0: base"),
    msr(0x201, "MTRR_PHYSMASK0", "memory type range 0: mask"),
    msr(0x202, "MTRR_PHYSBASE1", "memory type range 1: base"),
    msr(0x203, "MTRR_PHYSMASK1", "memory type range 1: mask"),
    msr(0x204, "MTRR_PHYSBASE2", "memory type range 2: base"),
    msr(0x205, "MTRR_PHYSMASK2", "memory type range 2: mask"),
    msr(0x206, "MTRR_PHYSBASE3", "memory type range 3: base"),
    msr(0x207, "MTRR_PHYSMASK3", "memory type range 3: mask"),
    msr(0x208, "MTRR_PHYSBASE4", "memory type range 4: base"),
    msr(0x209, "MTRR_PHYSMASK4", "memory type range 4: mask"),
    msr(0x20A, "MTRR_PHYSBASE5", "memory type range 5: base"),
    msr(0x20B, "MTRR_PHYSMASK5", "memory type range 5: mask"),
    msr(0x20C, "MTRR_PHYSBASE6", "memory type range 6: base"),
    msr(0x20D, "MTRR_PHYSMASK6", "memory type range 6: mask"),
    msr(0x20E, "MTRR_PHYSBASE7", "memory type range 7: base"),
    msr(0x20F, "MTRR_PHYSMASK7", "memory type range 7: mask"),
    msr(0x250, "MTRR_FIX64K_00000", "memory types from 0"),
    msr(0x258, "MTRR_FIX16K_80000", "memory types from 0x80000"),
    msr(0x259, "MTRR_FIX16K_A0000", "memory types from 0xa0000"),
    msr(0x268, "MTRR_FIX4K_C0000", "memory types from 0xc0000"),
    msr(0x269, "MTRR_FIX4K_C8000", "memory types from 0xc8000"),
    msr(0x26A, "MTRR_FIX4K_D0000", "memory types from 0xd0000"),
    msr(0x26B, "MTRR_FIX4K_D8000", "memory types from 0xd8000"),
    msr(0x26C, "MTRR_FIX4K_E0000", "memory types from 0xe0000"),
    msr(0x26D, "MTRR_FIX4K_E8000", "memory types from 0xe8000"),
    msr(0x26E, "MTRR_FIX4K_F0000", "memory types from 0xf0000"),
    msr(0x26F, "MTRR_FIX4K_F8000", "memory types from 0xf8000"),
    msr(PAT_NUMBER, "PAT", "page attribute table"),
    msr(0x2FF, "MTRR_DEF_TYPE", "memory type of all other memory"),
    msr(EFER_NUMBER, "EFER", EFER.purpose),
    msr(0xC000_0081, "STAR", "SYSCALL: segments"),
    msr(0xC000_0082, "LSTAR", "SYSCALL: entry"),
    msr(0xC000_0083, "CSTAR", "SYSCALL: entry from 32-bit code"),
    msr(0xC000_0084, "SFMASK", "SYSCALL: flags that are cleared"),
    msr(0xC000_0100, "FS_BASE", "base of FS"),
    msr(0xC000_0101, "GS_BASE", "base of GS: this CPU's data"),
    msr(0xC000_0102, "KERNEL_GS_BASE", "base of GS after SWAPGS"),
    msr(0xC000_0103, "TSC_AUX", "value that RDTSCP returns with the time"),
];

/// Returns the register `number`, if the table has it.
pub fn by_number(number: u32) -> Option<&'static Msr> {
    ALL.iter().find(|msr| msr.number == number)
}

/// Returns the register `name`, in upper or lower case.
pub fn by_name(name: &str) -> Option<&'static Msr> {
    ALL.iter().find(|msr| msr.name.eq_ignore_ascii_case(name))
}

/// The fields of APIC_BASE.
pub const APIC_BASE: Layout = Layout {
    name: "APIC_BASE",
    purpose: "local APIC: address, and whether on",
    fields: &[
        Field::flag(8, "BSP", "this is the boot CPU").or("this isn't the boot CPU"),
        Field::flag(10, "EXTD", "x2APIC mode: accessed by MSRs").or("accessed by memory"),
        Field::flag(11, "EN", "the local APIC is on").or("the local APIC is off"),
        Field::wide(12, 40, "BASE", "the registers' frame number"),
    ],
};

/// Returns the fields of the register `number`, if they are known.
pub fn layout(number: u32) -> Option<&'static Layout> {
    match number {
        EFER_NUMBER => Some(&EFER),
        APIC_BASE_NUMBER => Some(&APIC_BASE),
        _ => None,
    }
}
