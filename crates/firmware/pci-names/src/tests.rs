//! Every name of the tables is found.

use super::*;

#[test]
fn devices_and_their_vendors_are_in_order_and_named() {
    let (vendors, devices) = devices::keys();
    assert!(vendors.is_sorted_by(|a, b| a < b));
    assert!(devices.is_sorted_by(|a, b| a < b));
    for (vendor_id, device_id) in devices::keys().1 {
        assert!(vendor(vendor_id).is_some(), "{vendor_id:04x}");
        assert!(device(vendor_id, device_id).is_some(), "{vendor_id:04x}:{device_id:04x}");
    }
    assert_eq!(vendor(0xFFFF), None);
    assert_eq!(device(0x8086, 0xFFFF), None);
}

#[test]
fn each_class_stands_once() {
    for (index, key) in classes::keys().enumerate() {
        assert!(classes::keys().skip(index + 1).all(|other| other != key), "{key:02x?}");
    }
}

#[test]
fn class_is_named_as_exactly_as_it_is_known() {
    assert_eq!(class(0x01, 0x06, 0x01), "SATA controller (AHCI)");
    assert_eq!(class(0x01, 0x06, 0x77), "SATA controller");
    assert_eq!(class(0x01, 0x77, 0x01), "storage controller");
    assert_eq!(class(0x13, 0, 0), "instrumentation device");
    assert_eq!(class(0x14, 0, 0), "device of an unknown class");
    assert_eq!(class(0xFF, 0xFF, 0xFF), "device of an unknown class");
}

#[test]
fn capabilities_have_their_numbers() {
    for (id, name) in [
        (0x01, "power management"),
        (0x05, "MSI"),
        (0x09, "vendor specific"),
        (0x10, "PCI Express"),
        (0x12, "SATA configuration"),
        (0x15, "flattening portal bridge"),
    ] {
        assert_eq!(capability(id), Some(name));
    }
    assert_eq!(capability(0x16), None);
}
