//! The auxiliary vector: the kernel's information for a program.

use x86_64::VirtAddr;

/// The name of the platform: AT_PLATFORM.
pub const PLATFORM: &[u8] = b"x86_64";

/// The number of random bytes that a program gets: AT_RANDOM.
pub const RANDOM_BYTES: usize = 16;

/// The kinds of entries.
///
/// Source: System V ABI, AMD64 Architecture Processor Supplement, "Auxiliary Vector"; Linux,
/// include/uapi/linux/auxvec.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum AuxiliaryKind {
    /// AT_NULL: the vector's end.
    Null = 0,
    /// AT_PHDR: the address of the program headers.
    ProgramHeaders = 3,
    /// AT_PHENT: the size of a program header, in bytes.
    ProgramHeaderBytes = 4,
    /// AT_PHNUM: the number of program headers.
    ProgramHeaderCount = 5,
    /// AT_PAGESZ: the size of a page, in bytes.
    PageBytes = 6,
    /// AT_BASE: the base of the interpreter, 0 without one.
    Base = 7,
    /// AT_FLAGS: flags; none is in use.
    Flags = 8,
    /// AT_ENTRY: the program's entry, even if an interpreter runs first.
    Entry = 9,
    /// AT_UID: the real user id.
    Uid = 11,
    /// AT_EUID: the effective user id.
    EffectiveUid = 12,
    /// AT_GID: the real group id.
    Gid = 13,
    /// AT_EGID: the effective group id.
    EffectiveGid = 14,
    /// AT_PLATFORM: the address of the platform's name.
    Platform = 15,
    /// AT_HWCAP: features of the CPU.
    HardwareCapabilities = 16,
    /// AT_CLKTCK: ticks of times() in a second.
    TicksPerSecond = 17,
    /// AT_SECURE: 1 if the program has more rights than its caller.
    Secure = 23,
    /// AT_RANDOM: the address of random bytes.
    Random = 25,
    /// AT_HWCAP2: more features of the CPU.
    HardwareCapabilities2 = 26,
    /// AT_EXECFN: the address of the program's path.
    Path = 31,
    /// AT_SYSINFO_EHDR: the address of the vDSO.
    Vdso = 33,
    /// AT_MINSIGSTKSZ: the fewest bytes of a stack for signals.
    SignalStackBytesMin = 51,
}

/// The values of the auxiliary vector that depend on the program and the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuxiliaryValues {
    /// AT_SYSINFO_EHDR: where the vDSO is. Without a vDSO the entry is left out.
    pub vdso: Option<VirtAddr>,
    /// AT_MINSIGSTKSZ: the size of a frame for a signal, with all registers, in bytes.
    pub signal_stack_bytes_min: u64,
    /// AT_HWCAP: CPUID.1:EDX.
    pub hardware_capabilities: u64,
    /// AT_HWCAP2: bit 1 if programs may use RDFSBASE and similar instructions. Source:
    /// Linux, arch/x86/include/uapi/asm/hwcap2.h.
    pub hardware_capabilities_2: u64,
    /// AT_CLKTCK: 100 on Linux.
    pub ticks_per_second: u64,
    /// AT_PHDR: where the program headers are, 0 if they aren't in memory.
    pub program_headers: Option<VirtAddr>,
    /// AT_PHENT: the size of a program header, in bytes.
    pub program_header_bytes: u64,
    /// AT_PHNUM: the number of program headers.
    pub program_header_count: u16,
    /// AT_BASE: the base of the interpreter, 0 without one.
    pub interpreter_base: Option<VirtAddr>,
    /// AT_ENTRY: the entry of the program, not of its interpreter.
    pub entry: VirtAddr,
    /// AT_UID.
    pub uid: u32,
    /// AT_EUID.
    pub effective_uid: u32,
    /// AT_GID.
    pub gid: u32,
    /// AT_EGID.
    pub effective_gid: u32,
    /// AT_SECURE: whether the program has more rights than its caller.
    pub is_secure: bool,
}

/// The addresses on the stack to which entries point.
#[derive(Clone, Copy)]
pub(crate) struct Places {
    pub path: u64,
    pub platform: u64,
    pub random: u64,
}

const PAGE_BYTES: u64 = 4096;

impl AuxiliaryValues {
    /// Returns all entries in the order of Linux, with AT_NULL at the end.
    pub(crate) fn entries(
        &self,
        places: Places,
    ) -> impl Iterator<Item = (AuxiliaryKind, u64)> + use<> {
        use AuxiliaryKind as Kind;
        let address = |address: Option<VirtAddr>| address.map_or(0, VirtAddr::as_u64);
        let vdso = self.vdso.map(|vdso| (Kind::Vdso, vdso.as_u64()));
        let others = [
            (Kind::SignalStackBytesMin, self.signal_stack_bytes_min),
            (Kind::HardwareCapabilities, self.hardware_capabilities),
            (Kind::PageBytes, PAGE_BYTES),
            (Kind::TicksPerSecond, self.ticks_per_second),
            (Kind::ProgramHeaders, address(self.program_headers)),
            (Kind::ProgramHeaderBytes, self.program_header_bytes),
            (Kind::ProgramHeaderCount, self.program_header_count.into()),
            (Kind::Base, address(self.interpreter_base)),
            (Kind::Flags, 0),
            (Kind::Entry, self.entry.as_u64()),
            (Kind::Uid, self.uid.into()),
            (Kind::EffectiveUid, self.effective_uid.into()),
            (Kind::Gid, self.gid.into()),
            (Kind::EffectiveGid, self.effective_gid.into()),
            (Kind::Secure, self.is_secure.into()),
            (Kind::Random, places.random),
            (Kind::HardwareCapabilities2, self.hardware_capabilities_2),
            (Kind::Path, places.path),
            (Kind::Platform, places.platform),
            (Kind::Null, 0),
        ];
        vdso.into_iter().chain(others)
    }
}
