//! Tests of addresses, base addresses, and the functions of QEMU's PC.

use super::*;
use alloc::string::ToString;

#[test_case]
fn addresses_are_read_as_they_are_written() {
    let address = Address::try_new(0xAB, 0x1F, 7).expect("it is one");
    assert_eq!(address.to_string(), "ab:1f.7");
    assert_eq!("ab:1f.7".parse(), Ok(address));
    assert_eq!("0:2.0".parse(), Ok(Address { bus: 0, device: 2, function: 0 }));
    for text in [
        "", "0", "0:0", "0.0", "0:20.0", "0:0.8", "100:0.0", "0:+1.0", "0:0.0.0", ":.", "x:0.0",
        " 0:0.0",
    ] {
        assert_eq!(text.parse::<Address>(), Err(NotAnAddress), "{text}");
    }
}

#[test_case]
fn base_addresses_of_every_kind_are_decoded() {
    let memory = |address, width_bits, is_prefetchable| {
        Some(BaseAddress::Memory { address: Some(address), width_bits, is_prefetchable })
    };
    let unassigned = |width_bits, is_prefetchable| {
        Some(BaseAddress::Memory { address: None, width_bits, is_prefetchable })
    };
    assert_eq!(BaseAddress::decode(0, 7), None);
    assert_eq!(BaseAddress::decode(u32::MAX, 7), None);
    assert_eq!(BaseAddress::decode(0xC041, 7), Some(BaseAddress::Ports(Some(0xC040))));
    assert_eq!(BaseAddress::decode(1, 7), Some(BaseAddress::Ports(None)));
    assert_eq!(BaseAddress::decode(8, 7), unassigned(32, true));
    assert_eq!(BaseAddress::decode(4, 0), unassigned(64, false));
    assert_eq!(BaseAddress::decode(0xC, 0), unassigned(64, true));
    assert_eq!(BaseAddress::decode(0xFEBC_0000, 7), memory(0xFEBC_0000, 32, false));
    assert_eq!(BaseAddress::decode(0xFEBC_0008, 7), memory(0xFEBC_0000, 32, true));
    assert_eq!(BaseAddress::decode(0xFEBC_000C, 7), memory(0x7_FEBC_0000, 64, true));
    assert_eq!(BaseAddress::decode(0xC, 1), memory(1 << 32, 64, true));
}

#[test_case]
fn machine_has_a_host_bridge_and_nothing_beyond() {
    let host = Address { bus: 0, device: 0, function: 0 };
    let function = Function::find(host).expect("QEMU's PC has PCI");
    assert_eq!((function.class.0, function.class.1), (6, 0));
    assert_eq!(Function::find(Address { bus: 0xFF, device: 0x1F, function: 7 }), None);
    assert!(find_all().is_sorted_by_key(|function| function.address));
}
