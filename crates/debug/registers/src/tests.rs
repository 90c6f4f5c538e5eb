//! Rules of the tables, and decoders compared with the tests' own encoders.

extern crate std;

use proptest::prelude::*;
use std::vec::Vec;

use crate::control::{CR0, CR2, CR3, CR4, CR8, EFER, RFLAGS, XCR0};
use crate::descriptor::{Descriptor, Kind, is_wide};
use crate::gate::{Gate, GateKind};
use crate::memory_type::{self, MemoryType};
use crate::msr;
use crate::{Field, Layout, TSS_BYTES, Tss};

const LAYOUTS: [Layout; 9] = [CR0, CR2, CR3, CR4, CR8, EFER, RFLAGS, XCR0, msr::APIC_BASE];

#[test]
fn fields_rise_and_do_not_overlap() {
    for layout in LAYOUTS {
        let mut next = 0;
        for field in layout.fields {
            assert!(field.bit >= next && field.bits > 0, "{} {}", layout.name, field.name);
            next = field.bit + field.bits;
            assert!(next <= 64);
            assert!(field.meaning.len() <= 52, "{}: fits a row", field.meaning);
        }
    }
}

#[test]
fn names_of_fields_and_registers_are_unique() {
    for layout in LAYOUTS {
        for (index, field) in layout.fields.iter().enumerate() {
            let same = layout.fields[..index].iter().find(|other| other.name == field.name);
            assert_eq!(same, None, "{}", layout.name);
        }
    }
    assert!(msr::ALL.is_sorted_by(|a, b| a.number < b.number));
    for msr in msr::ALL {
        assert_eq!(msr::by_name(msr.name).unwrap().number, msr.number);
        assert_eq!(msr::by_number(msr.number).unwrap().name, msr.name);
    }
    assert_eq!(msr::by_name("lstar").unwrap().number, 0xC000_0082);
    assert!(msr::by_number(0x1234_5678).is_none());
}

/// Values from the manual and from real machines, with the names of their bits.
#[test]
fn known_values_have_the_manuals_names() {
    let names = |layout: Layout, value| -> Vec<_> {
        assert_eq!(layout.unnamed_in(value), 0);
        layout.set_in(value).map(|field| field.name).collect()
    };
    assert_eq!(names(CR0, 0x8005_0033), ["PE", "MP", "ET", "NE", "WP", "AM", "PG"]);
    let linux = ["TSD", "PSE", "PAE", "MCE", "PGE", "OSFXSR", "OSXMMEXCPT", "OSXSAVE", "SMEP"];
    assert_eq!(names(CR4, 0x1406F4), linux);
    assert_eq!(names(CR4, 1 << 11 | 1 << 21), ["UMIP", "SMAP"]);
    assert_eq!(names(EFER, 0xD01), ["SCE", "LME", "LMA", "NXE"]);
    assert_eq!(names(RFLAGS, 0x3246), ["1", "PF", "ZF", "IF", "IOPL"]);
    assert_eq!(names(XCR0, 7), ["X87", "SSE", "AVX"]);
    assert_eq!(names(CR3, 0x1234_5018), ["PWT", "PCD", "BASE"]);
    assert_eq!(names(CR8, 0xF), ["TPR"]);
    assert_eq!(names(msr::APIC_BASE, 0xFEE0_0900), ["BSP", "EN", "BASE"]);
    assert_eq!(names(CR2, u64::MAX), Vec::<&str>::new());
}

#[test]
fn notably_clear_fields_and_unnamed_bits_are_returned() {
    let clear: Vec<_> = CR0.notably_clear_in(0x8000_0021).map(|field| field.name).collect();
    assert_eq!(clear, ["WP", "AM"]);
    assert_eq!(CR0.unnamed_in(0x8000_0401), 0x400);
    assert_eq!(Field::wide(12, 2, "", "").of(0x2FFF), 2);
    assert_eq!(Field::wide(0, 64, "", "").of(u64::MAX), u64::MAX);
}

#[test]
fn page_attributes_are_decoded() {
    use MemoryType as M;
    let half = [M::WriteBack, M::WriteThrough, M::UncachedMinus, M::Uncacheable];
    assert_eq!(memory_type::page_attributes(0x0007_0406_0007_0406), [half, half].concat()[..]);
    let names = memory_type::page_attributes(0x0302_0105_0000_0000).map(MemoryType::mnemonic);
    assert_eq!(names[4..], ["WP", "WC", "reserved", "reserved"]);
}

#[test]
fn known_descriptors_are_decoded() {
    let code = Descriptor::decode(0x00AF_9B00_0000_FFFF, 0).unwrap();
    assert_eq!(code.kind, Kind::Code { is_readable: true, is_conforming: false });
    assert_eq!((code.base, code.limit, code.dpl), (0, u32::MAX, 0));
    assert!(code.is_present && code.is_long && !code.is_32_bit && code.is_accessed);
    let data = Descriptor::decode(0x00CF_F200_0000_FFFF, 0).unwrap();
    assert_eq!(data.kind, Kind::Data { is_writable: true, is_expanding_down: false });
    assert!(data.dpl == 3 && data.is_32_bit && !data.is_long && !data.is_accessed);
    let tss = Descriptor::decode(0x8000_8B12_3456_0067, 0xFFFF_FFFF).unwrap();
    assert_eq!(tss.kind, Kind::TssBusy);
    assert_eq!((tss.base, tss.limit), (0xFFFF_FFFF_8012_3456, 0x67));
    assert!(is_wide(0x8000_8B12_3456_0067) && !is_wide(0x00AF_9B00_0000_FFFF) && !is_wide(0));
    assert_eq!(Descriptor::decode(0, u64::MAX), None);
}

proptest! {
    #[test]
    fn descriptors_are_decoded_as_they_were_built(
        base: u32, upper: u32, limit in 0_u32..1 << 20, access: u8, flags in 0_u8..16,
    ) {
        let mut bytes = [0; 8];
        bytes[..2].copy_from_slice(&limit.to_le_bytes()[..2]);
        bytes[2..5].copy_from_slice(&base.to_le_bytes()[..3]);
        bytes[5] = access;
        bytes[6] = limit.to_le_bytes()[2] | flags << 4;
        bytes[7] = base.to_le_bytes()[3];
        let word = u64::from_le_bytes(bytes);
        prop_assume!(word != 0);
        let descriptor = Descriptor::decode(word, upper.into()).unwrap();
        let upper = if is_wide(word) { u64::from(upper) << 32 } else { 0 };
        prop_assert_eq!(descriptor.base, u64::from(base) | upper);
        let granules = if flags & 8 != 0 { 4096 } else { 1 };
        prop_assert_eq!(u64::from(descriptor.limit), (u64::from(limit) + 1) * granules - 1);
        prop_assert_eq!(descriptor.dpl, access >> 5 & 3);
        prop_assert_eq!(descriptor.is_present, access & 0x80 != 0);
        prop_assert_eq!((descriptor.is_long, descriptor.is_32_bit), (flags & 2 != 0, flags & 4 != 0));
        let is_segment = matches!(descriptor.kind, Kind::Code { .. } | Kind::Data { .. });
        prop_assert_eq!(is_segment, access & 0x10 != 0);
    }

    #[test]
    fn gates_are_decoded_as_they_were_built(
        offset: u64, selector: u16, ist in 0_u8..8, access: u8,
    ) {
        let mut bytes = [0; 16];
        let address = offset.to_le_bytes();
        bytes[..2].copy_from_slice(&address[..2]);
        bytes[2..4].copy_from_slice(&selector.to_le_bytes());
        bytes[4] = ist;
        bytes[5] = access;
        bytes[6..12].copy_from_slice(&address[2..]);
        let words = u128::from_le_bytes(bytes);
        let gate = Gate::decode(words as u64, (words >> 64) as u64);
        prop_assert_eq!(gate.is_some(), access & 0x80 != 0);
        if let Some(gate) = gate {
            prop_assert_eq!((gate.offset, gate.selector, gate.ist), (offset, selector, ist));
            prop_assert_eq!(gate.dpl, access >> 5 & 3);
            prop_assert_eq!(gate.kind == GateKind::Interrupt, access & 0x1F == 0xE);
            prop_assert_eq!(gate.kind == GateKind::Trap, access & 0x1F == 0xF);
        }
    }

    #[test]
    fn task_states_are_decoded_as_they_were_built(
        rsp: [u64; 3], ist: [u64; 7], io_map_base: u16,
    ) {
        let mut bytes = std::vec![0xAA; 4];
        rsp.iter().for_each(|word| bytes.extend(word.to_le_bytes()));
        bytes.extend([0xAA; 8]);
        ist.iter().for_each(|word| bytes.extend(word.to_le_bytes()));
        bytes.extend([0xAA; 10]);
        bytes.extend(io_map_base.to_le_bytes());
        let bytes: [u8; TSS_BYTES] = bytes.try_into().unwrap();
        prop_assert_eq!(Tss::decode(&bytes), Tss { rsp, ist, io_map_base });
    }
}
