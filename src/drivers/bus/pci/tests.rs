//! Tests of addresses, base addresses, and the functions of QEMU's PC.

use super::function::register;
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

/// The network card of QEMU's PC has 128 KiB of registers.
#[test_case]
fn function_has_one_owner_and_then_none() {
    let card = find_all().find(|function| function.class == (2, 0, 0)).expect("there is a card");
    let command = configuration::read(card.address, register::STATUS_COMMAND) & 0xFFFF;
    let owned = OwnedFunction::try_new(&card, "test").expect("nothing owns it");
    assert_eq!(owned.size_of(0), 128 * 1024);
    assert_eq!(card.base_addresses().next(), owned.function().base_addresses().next());
    assert_eq!(OwnedFunction::try_new(&card, "other").err(), Some(OwnError::Owned("test")));
    assert_eq!(card.driver(), Some("test"));
    // It responds, is no bus master, and doesn't use its line.
    assert_eq!(configuration::read(card.address, register::STATUS_COMMAND) & 0b111, 0b010);
    // SAFETY: only read.
    let registers = unsafe { owned.map(0, "test") }.expect("it has registers");
    assert_ne!(registers.read_u32(8), u32::MAX);
    // SAFETY: only read.
    let part = unsafe { owned.map_range(0, 8..16, "test") }.expect("it has registers");
    assert_eq!(part.read_u32(0), registers.read_u32(8));
    // SAFETY: only read.
    let beyond = unsafe { owned.map_range(0, 128 * 1024 - 4..128 * 1024 + 4, "test") };
    assert_eq!(beyond.err(), Some(OwnError::NoBaseAddress(0)));
    drop((part, registers));
    assert_eq!(MsiX::try_new(&owned).err(), Some(OwnError::NoMessages));
    assert_eq!(Msi::try_new(&owned).err(), Some(OwnError::NoMessage));
    drop(owned);
    assert_eq!(
        (card.driver(), configuration::read(card.address, register::STATUS_COMMAND) & 0b111),
        (None, 0)
    );
    assert!(command & 0b10 != 0, "the firmware had it respond");
    drop(OwnedFunction::try_new(&card, "other").expect("it is free again"));
}
