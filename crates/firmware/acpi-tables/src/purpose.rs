//! The purpose of each table, in a few words.

use crate::signature::Signature;

const PURPOSES: &[(&[u8; 4], &str)] = &[
    (b"APIC", "interrupt controllers"),
    (b"BERT", "boot errors"),
    (b"BGRT", "boot picture"),
    (b"BOOT", "simple boot flag"),
    (b"CPEP", "corrected errors"),
    (b"DBG2", "debug ports"),
    (b"DBGP", "debug port"),
    (b"DMAR", "Intel's IOMMU"),
    (b"DSDT", "devices, as AML"),
    (b"ECDT", "embedded controller"),
    (b"EINJ", "error injection"),
    (b"ERST", "error records"),
    (b"FACP", "fixed hardware"),
    (b"FPDT", "boot times"),
    (b"HEST", "hardware errors"),
    (b"HPET", "event timer"),
    (b"IVRS", "AMD's IOMMU"),
    (b"LPIT", "low power idle"),
    (b"MCFG", "PCI Express"),
    (b"MSDM", "Windows licence"),
    (b"NFIT", "persistent memory"),
    (b"PCCT", "firmware channel"),
    (b"PPTT", "processor caches"),
    (b"RSDT", "list of tables"),
    (b"SLIC", "Windows licence"),
    (b"SLIT", "memory distances"),
    (b"SPCR", "serial console"),
    (b"SRAT", "memory affinity"),
    (b"SSDT", "more devices, as AML"),
    (b"TCPA", "TPM 1.2"),
    (b"TPM2", "TPM 2"),
    (b"UEFI", "UEFI's data"),
    (b"VFCT", "AMD's video BIOS"),
    (b"WAET", "emulated devices"),
    (b"WDAT", "watchdog"),
    (b"WPBT", "Windows program"),
    (b"WSMT", "SMM protections"),
    (b"XSDT", "list of tables"),
];

/// Returns the purpose of a table, if it is known.
pub fn of(signature: Signature) -> Option<&'static str> {
    let index = PURPOSES.binary_search_by_key(&signature.0, |(known, _)| **known).ok()?;
    Some(PURPOSES[index].1)
}

#[cfg(test)]
pub(crate) fn is_sorted() -> bool {
    PURPOSES.is_sorted_by(|a, b| a.0 < b.0)
}
