//! The CPU's exceptions and their names.
//!
//! Source: Intel SDM volume 3A, "Protected-Mode Exceptions and Interrupts";
//! AMD APM volume 2, "Exceptions and Interrupts", for vectors 28 to 30.

/// An exception of the CPU; the number is its vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[expect(missing_docs, reason = "they are the manual's names")]
pub enum Exception {
    DivideError = 0,
    Debug = 1,
    Nmi = 2,
    Breakpoint = 3,
    Overflow = 4,
    BoundRange = 5,
    InvalidOpcode = 6,
    DeviceNotAvailable = 7,
    DoubleFault = 8,
    CoprocessorSegmentOverrun = 9,
    InvalidTss = 10,
    SegmentNotPresent = 11,
    StackSegment = 12,
    GeneralProtection = 13,
    PageFault = 14,
    X87FloatingPoint = 16,
    AlignmentCheck = 17,
    MachineCheck = 18,
    SimdFloatingPoint = 19,
    Virtualization = 20,
    ControlProtection = 21,
    HypervisorInjection = 28,
    VmmCommunication = 29,
    Security = 30,
}

impl Exception {
    /// All exceptions, with their mnemonics and names, by rising vector. The command
    /// `fault` takes the name.
    pub const ALL: [(Self, &'static str, &'static str); 24] = [
        (Self::DivideError, "#DE", "divide-error"),
        (Self::Debug, "#DB", "debug"),
        (Self::Nmi, "NMI", "nmi"),
        (Self::Breakpoint, "#BP", "breakpoint"),
        (Self::Overflow, "#OF", "overflow"),
        (Self::BoundRange, "#BR", "bound-range"),
        (Self::InvalidOpcode, "#UD", "invalid-opcode"),
        (Self::DeviceNotAvailable, "#NM", "device-not-available"),
        (Self::DoubleFault, "#DF", "double-fault"),
        (Self::CoprocessorSegmentOverrun, "CSO", "coprocessor-segment-overrun"),
        (Self::InvalidTss, "#TS", "invalid-tss"),
        (Self::SegmentNotPresent, "#NP", "segment-not-present"),
        (Self::StackSegment, "#SS", "stack-segment"),
        (Self::GeneralProtection, "#GP", "general-protection"),
        (Self::PageFault, "#PF", "page-fault"),
        (Self::X87FloatingPoint, "#MF", "x87-floating-point"),
        (Self::AlignmentCheck, "#AC", "alignment-check"),
        (Self::MachineCheck, "#MC", "machine-check"),
        (Self::SimdFloatingPoint, "#XM", "simd-floating-point"),
        (Self::Virtualization, "#VE", "virtualization"),
        (Self::ControlProtection, "#CP", "control-protection"),
        (Self::HypervisorInjection, "#HV", "hypervisor-injection"),
        (Self::VmmCommunication, "#VC", "vmm-communication"),
        (Self::Security, "#SX", "security"),
    ];

    /// Returns the exception of `vector`, unless that is reserved.
    pub fn from_vector(vector: u64) -> Option<Self> {
        Self::ALL
            .iter()
            .map(|&(exception, ..)| exception)
            .find(|&exception| exception as u64 == vector)
    }

    /// Returns the exception called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, _, its_name)| *its_name == name)
            .map(|&(exception, ..)| exception)
    }

    /// Returns the name, in lower case with hyphens.
    pub fn name(self) -> &'static str {
        self.row().2
    }

    /// Returns the manual's abbreviation.
    pub fn mnemonic(self) -> &'static str {
        self.row().1
    }

    fn row(self) -> &'static (Self, &'static str, &'static str) {
        Self::ALL
            .iter()
            .find(|(exception, ..)| *exception == self)
            .expect("the table has every exception")
    }

    /// Returns whether it is a trap: it is raised after the instruction, so the kernel
    /// continues after the report.
    pub fn is_trap(self) -> bool {
        matches!(self, Self::Debug | Self::Breakpoint | Self::Overflow)
    }

    /// Returns whether the interrupted code can continue, which it can't after an abort.
    pub fn can_return(self) -> bool {
        !matches!(self, Self::DoubleFault | Self::MachineCheck)
    }

    /// Returns whether it must be handled without a switch to another thread, even in a program.
    pub fn keeps_own_stack(self) -> bool {
        matches!(self, Self::Nmi | Self::DoubleFault | Self::MachineCheck)
    }

    /// Returns whether its gate switches to a stack of its own.
    pub fn has_own_stack(self) -> bool {
        matches!(self, Self::Debug | Self::Nmi | Self::DoubleFault | Self::MachineCheck)
    }
}
