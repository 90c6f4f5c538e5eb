use super::*;
use crate::testing::machine;
use alloc::string::ToString;

#[test_case]
fn way_to_switch_off_is_found() {
    let acpi = machine().acpi.as_ref().expect("QEMU's PC has ACPI");
    let way = acpi.power_off().expect("it can be switched off");
    assert_eq!(way.to_string(), "sleep type 0 to PM1a control at port 0x604");
    assert!(way.handover.is_some());
}

#[test_case]
fn tables_that_lack_something_are_errors() {
    let information = machine().boot.information;
    let acpi = || super::super::start(machine().memory, information).expect("it has ACPI");
    let mut without_fadt = acpi();
    without_fadt.tables.retain(|table| table.header.signature != acpi_tables::fadt::FADT);
    assert_eq!(without_fadt.power_off().err(), Some(PowerError::NoFadt));
    let mut without_dsdt = acpi();
    without_dsdt.tables.retain(|table| table.header.signature != DSDT);
    assert_eq!(without_dsdt.power_off().err(), Some(PowerError::NoSleepType));
    let mut without_port = acpi();
    for table in &mut without_port.tables {
        if table.header.signature == acpi_tables::fadt::FADT {
            table.bytes[64..68].fill(0);
            table.bytes.truncate(116);
        }
    }
    assert_eq!(without_port.power_off().err(), Some(PowerError::NoControl));
}
