//! Names of the most common vendors and devices.
//!
//! Source: the vendors' own data; QEMU docs/specs/pci-ids; Virtual I/O Device
//! (VIRTIO) Specification, "PCI Device Discovery".

const VENDORS: &[(u16, &str)] = &[
    (0x1002, "AMD"),
    (0x1011, "DEC"),
    (0x1013, "Cirrus Logic"),
    (0x1022, "AMD"),
    (0x106B, "Apple"),
    (0x1095, "Silicon Image"),
    (0x10DE, "NVIDIA"),
    (0x10EC, "Realtek"),
    (0x1106, "VIA"),
    (0x1179, "Toshiba"),
    (0x1234, "QEMU"),
    (0x1344, "Micron"),
    (0x1414, "Microsoft"),
    (0x144D, "Samsung"),
    (0x14E4, "Broadcom"),
    (0x15AD, "VMware"),
    (0x15B7, "SanDisk"),
    (0x168C, "Qualcomm Atheros"),
    (0x17CB, "Qualcomm"),
    (0x1912, "Renesas"),
    (0x1987, "Phison"),
    (0x1AF4, "virtio"),
    (0x1B21, "ASMedia"),
    (0x1B36, "QEMU"),
    (0x1B4B, "Marvell"),
    (0x1C5C, "SK hynix"),
    (0x1CC1, "ADATA"),
    (0x1D6A, "Aquantia"),
    (0x1E0F, "KIOXIA"),
    (0x2646, "Kingston"),
    (0x8086, "Intel"),
    (0x80EE, "VirtualBox"),
    (0xC0A9, "Crucial"),
];

const DEVICES: &[(u16, u16, &str)] = &[
    (0x1013, 0x00B8, "GD 5446"),
    (0x1022, 0x2000, "PCnet"),
    (0x106B, 0x003F, "KeyLargo USB"),
    (0x10EC, 0x8029, "RTL8029 (NE2000)"),
    (0x10EC, 0x8125, "RTL8125 2.5 Gbit"),
    (0x10EC, 0x8139, "RTL8139"),
    (0x10EC, 0x8168, "RTL8111/8168 Gbit"),
    (0x1234, 0x1111, "standard VGA (Bochs)"),
    (0x1234, 0x11E8, "edu"),
    (0x144D, 0xA804, "SM961/PM961 NVMe"),
    (0x144D, 0xA808, "SM981/PM981 NVMe"),
    (0x144D, 0xA80A, "PM9A1/980 PRO NVMe"),
    (0x15AD, 0x0405, "SVGA II"),
    (0x15AD, 0x0740, "VMCI"),
    (0x15AD, 0x0790, "PCI bridge"),
    (0x15AD, 0x07A0, "PCI Express root port"),
    (0x15AD, 0x07B0, "VMXNET3"),
    (0x15AD, 0x07C0, "PVSCSI"),
    (0x15AD, 0x07F0, "NVMe"),
    (0x15B7, 0x5006, "WD Black SN750 NVMe"),
    (0x1987, 0x5012, "E12 NVMe"),
    (0x1AF4, 0x1000, "network, transitional"),
    (0x1AF4, 0x1001, "block, transitional"),
    (0x1AF4, 0x1002, "balloon, transitional"),
    (0x1AF4, 0x1003, "console, transitional"),
    (0x1AF4, 0x1004, "SCSI, transitional"),
    (0x1AF4, 0x1005, "entropy, transitional"),
    (0x1AF4, 0x1009, "9P, transitional"),
    (0x1AF4, 0x1041, "network"),
    (0x1AF4, 0x1042, "block"),
    (0x1AF4, 0x1043, "console"),
    (0x1AF4, 0x1044, "entropy"),
    (0x1AF4, 0x1045, "balloon"),
    (0x1AF4, 0x1048, "SCSI"),
    (0x1AF4, 0x1050, "GPU"),
    (0x1AF4, 0x1052, "input"),
    (0x1AF4, 0x1053, "socket"),
    (0x1AF4, 0x1110, "inter-VM shared memory"),
    (0x1B36, 0x0001, "PCI bridge"),
    (0x1B36, 0x0002, "16550 serial port"),
    (0x1B36, 0x0005, "test device"),
    (0x1B36, 0x0008, "PCI Express host bridge"),
    (0x1B36, 0x0009, "expander bridge"),
    (0x1B36, 0x000B, "PCI Express expander bridge"),
    (0x1B36, 0x000C, "PCI Express root port"),
    (0x1B36, 0x000D, "xHCI"),
    (0x1B36, 0x000E, "PCI Express to PCI bridge"),
    (0x1B36, 0x0010, "NVMe"),
    (0x1B36, 0x0100, "QXL"),
    (0x8086, 0x100E, "82540EM (e1000)"),
    (0x8086, 0x100F, "82545EM (e1000)"),
    (0x8086, 0x10D3, "82574L (e1000e)"),
    (0x8086, 0x1209, "82551IT"),
    (0x8086, 0x1237, "82441FX (i440FX)"),
    (0x8086, 0x2415, "82801AA AC97"),
    (0x8086, 0x244E, "82801 PCI bridge"),
    (0x8086, 0x2668, "ICH6 HD audio"),
    (0x8086, 0x2829, "ICH8 AHCI"),
    (0x8086, 0x2918, "ICH9 LPC"),
    (0x8086, 0x2922, "ICH9 AHCI"),
    (0x8086, 0x2930, "ICH9 SMBus"),
    (0x8086, 0x2934, "ICH9 UHCI 1"),
    (0x8086, 0x293A, "ICH9 EHCI 1"),
    (0x8086, 0x293E, "ICH9 HD audio"),
    (0x8086, 0x29C0, "82G33 (Q35)"),
    (0x8086, 0x3420, "root port"),
    (0x8086, 0x5845, "QEMU NVMe"),
    (0x8086, 0x7000, "82371SB PIIX3 ISA"),
    (0x8086, 0x7010, "82371SB PIIX3 IDE"),
    (0x8086, 0x7020, "82371SB PIIX3 USB"),
    (0x8086, 0x7110, "82371AB PIIX4 ISA"),
    (0x8086, 0x7111, "82371AB PIIX4 IDE"),
    (0x8086, 0x7113, "82371AB PIIX4 ACPI"),
    (0x8086, 0x7190, "440BX"),
    (0x80EE, 0xBEEF, "graphics"),
    (0x80EE, 0xCAFE, "guest service"),
];

/// Returns the name of a vendor.
pub fn vendor(vendor: u16) -> Option<&'static str> {
    let index = VENDORS.binary_search_by_key(&vendor, |it| it.0).ok()?;
    Some(VENDORS[index].1)
}

/// Returns the name of a vendor's device.
pub fn device(vendor: u16, device: u16) -> Option<&'static str> {
    let index = DEVICES.binary_search_by_key(&(vendor, device), |it| (it.0, it.1)).ok()?;
    Some(DEVICES[index].2)
}

#[cfg(test)]
pub(crate) fn keys() -> (impl Iterator<Item = u16>, impl Iterator<Item = (u16, u16)>) {
    (VENDORS.iter().map(|it| it.0), DEVICES.iter().map(|it| (it.0, it.1)))
}
