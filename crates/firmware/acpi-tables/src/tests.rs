//! Tables of real machines, truncated tables, and random bytes.

extern crate std;

use std::string::ToString;
use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::fadt::Register;
use super::header::{self, HEADER_BYTES};
use super::madt::{Entry, InterruptFlags, ProcessorState};
use super::sleep::{self, SleepTypes};
use super::tpm2::StartMethod;
use super::*;

/// Makes a table: a header with the right length and checksum, followed by `content`.
fn table(signature: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut table = signature.to_vec();
    table.extend((HEADER_BYTES as u32 + content.len() as u32).to_le_bytes());
    table.extend([2, 0]);
    table.extend(b"FARJMPa table\0");
    table.resize(HEADER_BYTES, 0);
    table.extend(content);
    let sum = table.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
    table[9] = sum.wrapping_neg();
    table
}

#[test]
fn header_is_read_and_checked() {
    let good = table(b"HPET", &[1, 2, 3]);
    let header = Header::read(&good).expect("it is sound");
    assert_eq!(header.signature.to_string(), "HPET");
    assert_eq!((header.len_bytes, header.revision), (39, 2));
    assert_eq!(Text(&header.oem_id).to_string(), "FARJMP");
    assert_eq!(std::format!("{:9}|", Text(&header.oem_table_id)), "a table  |");
    assert_eq!(std::format!("{}", Text(b"\xFFa b\x01\0 ")), ".a b.");

    let hpet = header.signature;
    assert_eq!(header::check(&good, hpet), Ok(&good[..]));
    let longer = [&good[..], &[9]].concat();
    assert_eq!(header::check(&longer, hpet), Ok(&good[..]), "bytes after the table don't count");
    assert_eq!(header::check(&good, root::RSDT), Err(Error::Signature(hpet)));
    assert_eq!(header::check(&good[..38], hpet), Err(Error::Length(39)));
    assert_eq!(header::check(&good[..35], hpet), Err(Error::NoHeader));
    for index in 8..good.len() {
        let mut bad = good.clone();
        bad[index] ^= 0x10;
        assert_eq!(header::check(&bad, hpet), Err(Error::Checksum), "{index}");
    }
    for len in [0, 35, header::TABLE_MAX_BYTES + 1, u32::MAX] {
        let mut bad = good.clone();
        bad[4..8].copy_from_slice(&len.to_le_bytes());
        assert_eq!(Header::read(&bad), Err(Error::Length(len)));
    }
}

#[test]
fn root_lists_tables_by_its_own_width() {
    let list = [0xFFE1_2345_u32, 0, 0x10_0000].map(u32::to_le_bytes).concat();
    let entries = |table: &[u8]| root::entries(table).collect::<Vec<_>>();
    assert_eq!(entries(&table(b"RSDT", &list)), [0xFFE1_2345, 0x10_0000]);
    assert_eq!(entries(&table(b"RSDT", &list[..11])), [0xFFE1_2345], "a rest is left out");
    assert_eq!(entries(&table(b"XSDT", &list)), [0xFFE1_2345]);
    let wide = [0x12_3456_789A_u64, 7].map(u64::to_le_bytes).concat();
    assert_eq!(entries(&table(b"XSDT", &wide)), [0x12_3456_789A, 7]);
    assert_eq!(entries(b"RSDT"), []);
}

/// The table of QEMU's PC, truncated to the length of revision 1.
fn short_fadt() -> Vec<u8> {
    let mut content = vec![0; 116 - HEADER_BYTES];
    let mut put = |offset: usize, bytes: &[u8]| {
        content[offset - HEADER_BYTES..][..bytes.len()].copy_from_slice(bytes);
    };
    put(40, &0x7FE_0040_u32.to_le_bytes());
    put(45, &[1]);
    put(46, &9_u16.to_le_bytes());
    put(48, &0xB2_u32.to_le_bytes());
    put(52, &[2, 3]);
    put(64, &0x604_u32.to_le_bytes());
    put(76, &0x608_u32.to_le_bytes());
    put(91, &[4]);
    put(108, &[0x32]);
    table(b"FACP", &content)
}

#[test]
fn fadt_of_the_first_revision_is_read() {
    let fadt = Fadt::read(&short_fadt());
    let wanted = Fadt {
        dsdt: Some(0x7FE_0040),
        profile: 1,
        sci_interrupt: 9,
        smi_command: Some(0xB2),
        acpi_enable: 2,
        pm1a_control: Some(Register::Port(0x604)),
        pm1b_control: None,
        pm_timer: Some(Register::Port(0x608)),
        is_pm_timer_wide: false,
        century_register: Some(0x32),
        is_hardware_reduced: false,
    };
    assert_eq!(fadt, wanted);
    assert_eq!(fadt.profile_name(), "desktop");
}

#[test]
fn timer_without_a_length_is_none() {
    let mut content = short_fadt()[HEADER_BYTES..].to_vec();
    content[91 - HEADER_BYTES] = 0;
    assert_eq!(Fadt::read(&table(b"FACP", &content)).pm_timer, None);
}

#[test]
fn mcfg_lists_the_buses_in_order() {
    let entry = |base: u64, segment: u16, first, last| {
        let mut bytes = base.to_le_bytes().to_vec();
        bytes.extend(segment.to_le_bytes());
        bytes.extend([first, last, 0, 0, 0, 0]);
        bytes
    };
    let mut content = vec![0; 8];
    content.extend(entry(0xE000_0000, 0, 0, 255));
    content.extend(entry(0xF000_0000, 1, 9, 8));
    content.extend(entry(0xF800_0000, 1, 8, 9));
    let found = |content: &[u8]| mcfg::entries(&table(b"MCFG", content)).collect::<Vec<_>>();
    let first = mcfg::Ecam { base: 0xE000_0000, segment: 0, first_bus: 0, last_bus: 255 };
    let second = mcfg::Ecam { base: 0xF800_0000, segment: 1, first_bus: 8, last_bus: 9 };
    assert_eq!(found(&content), [first, second]);
    assert_eq!(found(&content[..content.len() - 1]), [first]);
    assert_eq!(found(&content[..8]), []);
    assert_eq!(found(&[]), []);
}

#[test]
fn tpm_says_how_it_takes_commands() {
    let content = |address: u64, method: u32| {
        let mut content = [0; 16];
        content[4..12].copy_from_slice(&address.to_le_bytes());
        content[12..].copy_from_slice(&method.to_le_bytes());
        table(b"TPM2", &content)
    };
    let method = |address, number| tpm2::start_method(&content(address, number));
    assert_eq!(method(0, 6), Some(StartMethod::Fifo));
    let address = 0xFED4_0040;
    assert_eq!(method(address, 7), Some(StartMethod::CommandResponseBuffer(address)));
    assert_eq!(method(0, 7), Some(StartMethod::Other(7)));
    assert_eq!(method(0, 2), Some(StartMethod::Other(2)));
    assert_eq!(tpm2::start_method(&content(address, 7)[..51]), None);
}

#[test]
fn log_of_the_tpm_is_in_memory_or_nowhere() {
    let table = |len_bytes: u32, start: u64| {
        let mut content = vec![0; 76 - HEADER_BYTES];
        content[28..32].copy_from_slice(&len_bytes.to_le_bytes());
        content[32..].copy_from_slice(&start.to_le_bytes());
        table(b"TPM2", &content)
    };
    assert_eq!(tpm2::log_area(&table(0x1_0000, 0x7F00_0000)), Some(0x7F00_0000..0x7F01_0000));
    assert_eq!(tpm2::log_area(&table(0, 0x7F00_0000)), None);
    assert_eq!(tpm2::log_area(&table(0x1_0000, 0)), None);
    assert_eq!(tpm2::log_area(&table(2, u64::MAX)), None);
    // Older tables end before it.
    assert_eq!(tpm2::log_area(&table(0x1_0000, 0x7F00_0000)[..75]), None);
}

#[test]
fn hpet_is_in_memory_or_nowhere() {
    let mut content = vec![0; 56 - HEADER_BYTES];
    content[44 - HEADER_BYTES..][..8].copy_from_slice(&0xFED0_0000_u64.to_le_bytes());
    assert_eq!(hpet::registers(&table(b"HPET", &content)), Some(0xFED0_0000));
    assert_eq!(hpet::registers(&table(b"HPET", &content[..8])), None);
    content[40 - HEADER_BYTES] = 1;
    assert_eq!(hpet::registers(&table(b"HPET", &content)), None);
    assert_eq!(hpet::registers(&[]), None);
}

#[test]
fn wide_fields_of_the_fadt_come_first() {
    let mut content = short_fadt()[HEADER_BYTES..].to_vec();
    content.resize(244 - HEADER_BYTES, 0);
    let mut put = |offset: usize, bytes: &[u8]| {
        content[offset - HEADER_BYTES..][..bytes.len()].copy_from_slice(bytes);
    };
    put(112, &(1_u32 << 20 | 1 << 8).to_le_bytes());
    put(140, &0x1_2345_6789_u64.to_le_bytes());
    put(172, &[1, 16, 0, 2, 0x04, 0xB0]);
    put(184, &[0, 16, 0, 2, 0, 0, 0, 0xFE]);
    put(208, &[1, 32, 0, 3, 0x08, 0xB0]);
    let fadt = Fadt::read(&table(b"FACP", &content));
    assert_eq!(fadt.dsdt, Some(0x1_2345_6789));
    assert_eq!(fadt.pm1a_control, Some(Register::Port(0xB004)));
    assert_eq!(fadt.pm1b_control, Some(Register::Elsewhere(0)));
    assert_eq!(fadt.pm_timer, Some(Register::Port(0xB008)));
    assert!(fadt.is_hardware_reduced && fadt.is_pm_timer_wide);
    let nothing = Fadt::read(&table(b"FACP", &[]));
    assert_eq!((nothing.dsdt, nothing.pm1a_control, nothing.century_register), (None, None, None));
}

#[test]
fn madt_of_a_pc_is_read() {
    let mut content = [0xFEE0_0000_u32, 1].map(u32::to_le_bytes).concat();
    content.extend([0, 8, 0, 0, 1, 0, 0, 0]);
    content.extend([0, 8, 1, 2, 2, 0, 0, 0]);
    content.extend([1, 12, 0, 0, 0, 0, 0xC0, 0xFE, 0, 0, 0, 0]);
    content.extend([2, 10, 0, 9, 9, 0, 0, 0, 0xD, 0]);
    content.extend([3, 8, 5, 0, 4, 0, 0, 0]);
    content.extend([4, 6, 0xFF, 0, 0, 1]);
    content.extend([5, 12, 0, 0, 0, 0, 0xE0, 0xFE, 1, 0, 0, 0]);
    content.extend([9, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0]);
    content.extend([10, 12, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0]);
    content.extend([0x80, 3, 0]);
    content.extend([1, 4, 0, 0]);
    content.extend([0, 200, 0]);
    let table = table(b"APIC", &content);
    assert_eq!(madt::local_apic_address(&table), Some(0xFEE0_0000));
    assert!(madt::has_8259(&table));
    let flags = InterruptFlags;
    assert_eq!(
        madt::entries(&table).collect::<Vec<_>>(),
        [
            Entry::Processor { uid: 0, apic_id: 0, state: ProcessorState::Enabled },
            Entry::Processor { uid: 1, apic_id: 2, state: ProcessorState::OnlineCapable },
            Entry::IoApic { id: 0, address: 0xFEC0_0000, first_input: 0 },
            Entry::Override { irq: 9, input: 9, flags: flags(0xD) },
            Entry::Nmi { input: 4, flags: flags(5) },
            Entry::LocalNmi { uid: None, pin: 1, flags: flags(0) },
            Entry::LocalApicAddress(0x1_FEE0_0000),
            Entry::Processor { uid: 7, apic_id: 0x100, state: ProcessorState::Disabled },
            Entry::LocalNmi { uid: Some(3), pin: 1, flags: flags(0) },
            Entry::Other { kind: 0x80, len_bytes: 3 },
            Entry::Other { kind: 1, len_bytes: 4 },
        ]
    );
    assert_eq!(flags(0xD).to_string(), "active high, level");
}

#[test]
fn entry_without_length_ends_the_madt() {
    let content = [&[0; 8][..], &[4, 0, 0, 0]].concat();
    assert_eq!(madt::entries(&table(b"APIC", &content)).count(), 0);
    let content = [&[0; 8][..], &[4, 1, 0, 0]].concat();
    assert_eq!(madt::entries(&table(b"APIC", &content)).count(), 0);
}

fn s5(aml: &[u8]) -> Option<SleepTypes> {
    sleep::find_s5(&table(b"DSDT", aml))
}

#[test]
fn s5_is_found_in_every_form() {
    let types = |a, b| Some(SleepTypes { a, b });
    // QEMU's package, in iasl's notation; then with other integers, with a long length, at
    // the root.
    assert_eq!(s5(b"\x08_S5_\x12\x06\x04\x00\x00\x00\x00"), types(0, 0));
    assert_eq!(s5(b"xx\x08_S5_\x12\x08\x04\x0A\x05\x01\x00\x00yy"), types(5, 1));
    assert_eq!(s5(b"\x08\\_S5_\x12\x0A\x02\x0B\x07\x00\x0C\x06\x00\x00\x00"), types(7, 6));
    assert_eq!(s5(b"\x08_S5_\x12\x46\x00\x02\x0A\x02\xFF"), types(2, 7));
    assert_eq!(s5(b"\x08_S5_\x12\x04\x01\x0A\x03"), types(3, 3), "one for both");
    // The name outside of its definition.
    assert_eq!(s5(b"_S5_\x12\x06\x04\x01\x01\x00\x00"), None);
    assert_eq!(s5(b"\x0D_S5_\0\x08_S5_\x12\x05\x02\x0A\x06\x01"), types(6, 1));
    // No package of integers, or a truncated one.
    assert_eq!(s5(b"\x08_S5_\x0A\x05"), None);
    assert_eq!(s5(b"\x08_S5_\x12\x06\x04ABCD"), None);
    assert_eq!(s5(b"\x08_S5_\x12\x02\x00"), None);
    let whole = b"\x08_S5_\x12\x08\x04\x0A\x05\x0A\x05";
    for len in 0..whole.len() {
        assert_eq!(s5(&whole[..len]), None, "{len}");
    }
}

#[test]
fn purposes_are_found() {
    assert!(purpose::is_sorted());
    assert_eq!(purpose::of(Signature(*b"FACP")), Some("fixed hardware"));
    assert_eq!(purpose::of(Signature(*b"WAET")), Some("emulated devices"));
    assert_eq!(purpose::of(Signature(*b"OEM1")), None);
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Header::read(&bytes);
        let _ = header::check(&bytes, root::XSDT);
        prop_assert!(root::entries(&bytes).count() <= bytes.len() / 4);
        prop_assert!(madt::entries(&bytes).count() <= bytes.len() / 2);
        let _ = madt::local_apic_address(&bytes);
        prop_assert!(mcfg::entries(&bytes).count() <= bytes.len() / 16);
        let _ = Fadt::read(&bytes).profile_name();
        let _ = sleep::find_s5(&bytes);
    }

    #[test]
    fn random_s5_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..12)) {
        if let Some(types) = s5(&[b"\x08_S5_\x12", &bytes[..]].concat()) {
            prop_assert!(types.a < 8 && types.b < 8);
        }
    }
}
