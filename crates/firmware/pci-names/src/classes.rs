//! Names of device classes and of capabilities.
//!
//! Source: PCI Code and ID Assignment Specification, "Class Codes" and
//! "Capability IDs".

/// Names by base class and subclass.
const SUBCLASSES: &[(u8, u8, &str)] = &[
    (0x00, 0x00, "unclassified device"),
    (0x00, 0x01, "VGA-compatible device"),
    (0x01, 0x00, "SCSI controller"),
    (0x01, 0x01, "IDE controller"),
    (0x01, 0x02, "floppy disk controller"),
    (0x01, 0x04, "RAID controller"),
    (0x01, 0x05, "ATA controller"),
    (0x01, 0x06, "SATA controller"),
    (0x01, 0x07, "SAS controller"),
    (0x01, 0x08, "non-volatile memory controller"),
    (0x02, 0x00, "Ethernet controller"),
    (0x02, 0x07, "InfiniBand controller"),
    (0x02, 0x80, "network controller"),
    (0x03, 0x00, "VGA controller"),
    (0x03, 0x02, "3D controller"),
    (0x03, 0x80, "display controller"),
    (0x04, 0x00, "video device"),
    (0x04, 0x01, "audio device"),
    (0x04, 0x03, "HD audio device"),
    (0x05, 0x00, "RAM"),
    (0x05, 0x01, "flash memory"),
    (0x06, 0x00, "host bridge"),
    (0x06, 0x01, "ISA bridge"),
    (0x06, 0x02, "EISA bridge"),
    (0x06, 0x04, "PCI bridge"),
    (0x06, 0x05, "PCMCIA bridge"),
    (0x06, 0x07, "CardBus bridge"),
    (0x06, 0x09, "semi-transparent PCI bridge"),
    (0x06, 0x80, "bridge"),
    (0x07, 0x00, "serial port"),
    (0x07, 0x01, "parallel port"),
    (0x07, 0x80, "communication controller"),
    (0x08, 0x00, "interrupt controller"),
    (0x08, 0x01, "DMA controller"),
    (0x08, 0x02, "timer"),
    (0x08, 0x03, "real-time clock"),
    (0x08, 0x05, "SD host controller"),
    (0x08, 0x06, "IOMMU"),
    (0x08, 0x80, "system device"),
    (0x09, 0x00, "keyboard controller"),
    (0x09, 0x02, "mouse controller"),
    (0x09, 0x80, "input device"),
    (0x0C, 0x00, "FireWire controller"),
    (0x0C, 0x03, "USB controller"),
    (0x0C, 0x05, "SMBus controller"),
    (0x0D, 0x11, "Bluetooth controller"),
    (0x0D, 0x80, "wireless controller"),
    (0x10, 0x00, "encryption controller"),
    (0x10, 0x80, "encryption controller"),
    (0x11, 0x80, "signal processing controller"),
];

/// Names by base class, subclass and programming interface.
const INTERFACES: &[(u8, u8, u8, &str)] = &[
    (0x01, 0x06, 0x01, "SATA controller (AHCI)"),
    (0x01, 0x08, 0x02, "NVMe controller"),
    (0x07, 0x00, 0x02, "serial port (16550)"),
    (0x08, 0x00, 0x10, "I/O APIC"),
    (0x08, 0x00, 0x20, "I/O xAPIC"),
    (0x0C, 0x03, 0x00, "USB controller (UHCI)"),
    (0x0C, 0x03, 0x10, "USB controller (OHCI)"),
    (0x0C, 0x03, 0x20, "USB controller (EHCI)"),
    (0x0C, 0x03, 0x30, "USB controller (xHCI)"),
    (0x0C, 0x03, 0x40, "USB4 host interface"),
];

const BASE_CLASSES: &[&str] = &[
    "unclassified device",
    "storage controller",
    "network controller",
    "display controller",
    "multimedia device",
    "memory controller",
    "bridge",
    "communication controller",
    "system device",
    "input device",
    "docking station",
    "processor",
    "serial bus controller",
    "wireless controller",
    "intelligent controller",
    "satellite controller",
    "encryption controller",
    "signal processing controller",
    "processing accelerator",
    "instrumentation device",
];

const CAPABILITIES: &[&str] = &[
    "null",
    "power management",
    "AGP",
    "vital product data",
    "slot identification",
    "MSI",
    "CompactPCI hot swap",
    "PCI-X",
    "HyperTransport",
    "vendor specific",
    "debug port",
    "CompactPCI resource control",
    "hot plug",
    "bridge subsystem",
    "AGP 8x",
    "secure device",
    "PCI Express",
    "MSI-X",
    "SATA configuration",
    "advanced features",
    "enhanced allocation",
    "flattening portal bridge",
];

/// Returns the most exact name of a device's class.
pub fn class(base: u8, sub: u8, interface: u8) -> &'static str {
    let exact =
        || INTERFACES.iter().find(|it| (it.0, it.1, it.2) == (base, sub, interface)).map(|it| it.3);
    let coarse = || SUBCLASSES.iter().find(|it| (it.0, it.1) == (base, sub)).map(|it| it.2);
    let base = || BASE_CLASSES.get(usize::from(base)).copied();
    exact().or_else(coarse).or_else(base).unwrap_or("device of an unknown class")
}

/// Returns the name of a capability.
pub fn capability(id: u8) -> Option<&'static str> {
    CAPABILITIES.get(usize::from(id)).copied()
}

#[cfg(test)]
pub(crate) fn keys() -> impl Iterator<Item = (u8, u8, Option<u8>)> {
    let subclasses = SUBCLASSES.iter().map(|&(base, sub, _)| (base, sub, None));
    let interfaces = INTERFACES.iter().map(|&(base, sub, it, _)| (base, sub, Some(it)));
    subclasses.chain(interfaces)
}
