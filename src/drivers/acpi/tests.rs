//! Tests with the tables of QEMU's PC, and with invalid roots.

use super::*;
use crate::testing::machine;

#[test_case]
fn tables_of_the_machine_are_good() {
    let acpi = machine().acpi.as_ref().expect("QEMU's PC has ACPI");
    assert_eq!(acpi.missing, []);
    assert!(acpi.tables.iter().all(|table| table.checksum == Checksum::Good));
    for signature in [root::RSDT, fadt::FADT, acpi_tables::madt::MADT, DSDT] {
        assert_eq!(acpi.good(signature).count(), 1, "{signature}");
    }
    assert_eq!(acpi.fadt().and_then(|fadt| fadt.century_register), Some(0x32));
}

#[test_case]
fn tables_beyond_the_limit_are_reported_once() {
    let rsdp = machine().boot.information.rsdp.expect("QEMU's PC has ACPI");
    let mut acpi = Acpi { rsdp, tables: Vec::new(), missing: Vec::new() };
    // The address of the kernel's image, which has no table.
    (0..TABLES_MAX + 9).for_each(|_| assert!(acpi.add(0x10_0000).is_none()));
    assert_eq!(acpi.missing.len(), TABLES_MAX + 1);
    assert_eq!(acpi.missing.last().map(|missing| missing.why), Some(Error::TooMany));
}

#[test_case]
fn roots_that_make_no_sense_leave_nothing() {
    let mut information = BootInformation::new();
    let rsdp = machine().boot.information.rsdp.expect("QEMU's PC has ACPI");
    assert_eq!(start(machine().memory, &information).map(|acpi| acpi.rsdp), Some(rsdp));
    information.firmware = Firmware::Uefi;
    assert!(start(machine().memory, &information).is_none());
    // Addresses in the kernel's memory, outside of all memory, and in the middle of a table.
    let inside = rsdp.rsdt.expect("it has a root") + 4;
    for (rsdt, xsdt) in
        [(None, None), (Some(0x10_0000), Some(1 << 51)), (Some(inside), Some(u64::MAX))]
    {
        information.rsdp = Some(Rsdp { rsdt, xsdt, ..rsdp });
        let acpi = start(machine().memory, &information).expect("there is an RSDP");
        assert_eq!(acpi.tables.len(), 0);
        assert_eq!(acpi.missing.len(), rsdt.iter().count() + xsdt.iter().count());
    }
    // A table that isn't a root: the other root is used.
    let fadt = machine().acpi.as_ref().and_then(|acpi| acpi.good(fadt::FADT).next());
    let fadt = fadt.expect("it has one").address.as_u64();
    information.rsdp = Some(Rsdp { xsdt: Some(fadt), ..rsdp });
    let acpi = start(machine().memory, &information).expect("there is an RSDP");
    assert_eq!(acpi.good(root::RSDT).count(), 1);
    assert_eq!(acpi.good(DSDT).count(), 1);
}
