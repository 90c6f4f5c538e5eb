//! A page fault, as the CPU reports it.

use x86_64::VirtAddr;
use x86_64::registers::control::{Cr4, Cr4Flags};
use x86_64::structures::idt::PageFaultErrorCode;

/// The kind of access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// A read.
    Read,
    /// A write.
    Write,
    /// An instruction fetch.
    Execute,
}

/// The reason for a page fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The page isn't present.
    NotPresent,
    /// The page's rights forbid it.
    Rights,
    /// An entry of the page tables has a reserved bit set.
    ReservedBit,
    /// The page's protection key forbids it.
    ProtectionKey,
    /// The rules of shadow stacks forbid it.
    ShadowStack,
}

/// A page fault, decoded.
///
/// Source: Intel SDM volume 3A, "Page-Fault Exceptions".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageFault {
    /// The address of the access.
    pub address: VirtAddr,
    /// The kind of access.
    pub access: Access,
    /// The reason.
    pub refusal: Refusal,
    /// Whether a program made the access, not the kernel.
    pub is_from_user: bool,
}

impl PageFault {
    /// Decodes CR2 and the error code.
    pub fn new(address: VirtAddr, error_code: u64) -> Self {
        use PageFaultErrorCode as Code;
        let code = Code::from_bits_truncate(error_code);
        let access = if code.contains(Code::INSTRUCTION_FETCH) {
            Access::Execute
        } else if code.contains(Code::CAUSED_BY_WRITE) {
            Access::Write
        } else {
            Access::Read
        };
        let refusal = if code.contains(Code::MALFORMED_TABLE) {
            Refusal::ReservedBit
        } else if code.contains(Code::PROTECTION_KEY) {
            Refusal::ProtectionKey
        } else if code.contains(Code::SHADOW_STACK) {
            Refusal::ShadowStack
        } else if code.contains(Code::PROTECTION_VIOLATION) {
            Refusal::Rights
        } else {
            Refusal::NotPresent
        };
        Self { address, access, refusal, is_from_user: code.contains(Code::USER_MODE) }
    }

    /// Returns whether the kernel made the access, and SMEP (for a fetch) or SMAP (for a read or
    /// write) is on.
    pub fn is_blocked_by_smep_or_smap(&self) -> bool {
        let guard = match self.access {
            Access::Execute => Cr4Flags::SUPERVISOR_MODE_EXECUTION_PROTECTION,
            Access::Read | Access::Write => Cr4Flags::SUPERVISOR_MODE_ACCESS_PREVENTION,
        };
        !self.is_from_user && Cr4::read().contains(guard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn error_codes_are_decoded_as_the_manual_says() {
        let decode = |code| {
            let fault = PageFault::new(VirtAddr::zero(), code);
            (fault.access, fault.refusal, fault.is_from_user)
        };
        assert_eq!(decode(0), (Access::Read, Refusal::NotPresent, false));
        assert_eq!(decode(0b11), (Access::Write, Refusal::Rights, false));
        assert_eq!(decode(0b10101), (Access::Execute, Refusal::Rights, true));
        assert_eq!(decode(0b1001), (Access::Read, Refusal::ReservedBit, false));
        assert_eq!(decode(0b100111), (Access::Write, Refusal::ProtectionKey, true));
        assert_eq!(decode(0b1000111), (Access::Write, Refusal::ShadowStack, true));
    }
}
