//! Encoding and decoding of every combination of flags.

use x86_64::PhysAddr;
use x86_64::structures::paging::PageTableFlags;

use crate::{GenericPTE, MappingFlags, SoftwarePayload, X64PTE};

const FRAME: PhysAddr = PhysAddr::new(0x000F_FFFF_C000_0000);

fn all_flags() -> impl Iterator<Item = MappingFlags> {
    (0..=MappingFlags::all().bits()).map(MappingFlags::from_bits_truncate)
}

#[test]
fn every_combination_of_flags_is_decoded_as_encoded() {
    for flags in all_flags() {
        for is_huge in [false, true] {
            let entry = X64PTE::new_page(FRAME, flags, is_huge);
            assert_eq!(entry.flags(), flags.normalized(), "{flags:?}");
            assert_eq!(entry.is_unused(), flags.is_empty(), "{flags:?}");
            let is_present = !flags.is_empty() && !flags.contains(MappingFlags::NO_ACCESS);
            assert_eq!(entry.is_present(), is_present, "{flags:?}");
            assert_eq!((entry.is_page(), entry.software()), (!flags.is_empty(), None));
            if !flags.is_empty() {
                assert_eq!((entry.paddr(), entry.is_huge()), (FRAME, is_huge));
            }
        }
    }
}

#[test]
fn bits_are_those_of_the_manual() {
    let entry = |flags| X64PTE::new_page(PhysAddr::zero(), flags, false).bits();
    let nx = 1 << 63;
    // The kernel's own pages are accessed, and written if they can be.
    let (accessed, dirty) = (1 << 5, 1 << 6);
    let user = MappingFlags::READ | MappingFlags::USER;
    assert_eq!(entry(MappingFlags::READ), 1 | accessed | nx);
    assert_eq!(entry(MappingFlags::READ | MappingFlags::WRITE), 3 | accessed | dirty | nx);
    assert_eq!(entry(user), 5 | nx);
    assert_eq!(entry(user | MappingFlags::WRITE), 7 | nx);
    assert_eq!(entry(user | MappingFlags::EXECUTE), 5);
    assert_eq!(entry(user | MappingFlags::UNCACHED), 5 | 1 << 4 | nx);
    assert_eq!(entry(user | MappingFlags::DEVICE), 5 | 1 << 3 | 1 << 4 | nx);
    assert_eq!(entry(user | MappingFlags::WRITE_COMBINING), 5 | 1 << 3 | nx);
    assert_eq!(entry(user | MappingFlags::GLOBAL), 5 | 1 << 8 | nx);
    assert_eq!(entry(user | MappingFlags::NO_ACCESS), 4 | 1 << 10 | nx);
    assert_eq!(
        X64PTE::new_page(FRAME, MappingFlags::EXECUTE, true).bits(),
        FRAME.as_u64() | 1 | accessed | 1 << 7
    );
    assert_eq!(X64PTE::new_table(FRAME).bits(), FRAME.as_u64() | 7);
}

#[test]
fn changing_flags_keeps_accessed_and_dirty() {
    let recorded = PageTableFlags::ACCESSED | PageTableFlags::DIRTY;
    for flags in all_flags().filter(|flags| !flags.is_empty()) {
        let page = X64PTE::new_page(FRAME, MappingFlags::READ, true);
        let mut entry = X64PTE::from_bits(page.bits() | recorded.bits());
        entry.set_flags_of(X64PTE::new_page(PhysAddr::zero(), flags, true));
        assert_eq!(entry.flags(), flags.normalized());
        assert!(entry.table_flags().contains(recorded));
        assert_eq!((entry.paddr(), entry.is_huge()), (FRAME, true));
        entry.set_paddr(PhysAddr::new(0x1000));
        assert_eq!((entry.paddr(), entry.flags()), (PhysAddr::new(0x1000), flags.normalized()));
    }
}

#[test]
fn copies_of_a_page_are_those_of_its_flags() {
    let recorded = PageTableFlags::ACCESSED | PageTableFlags::DIRTY;
    for flags in all_flags().filter(|flags| !flags.is_empty()) {
        for is_huge in [false, true] {
            let page = X64PTE::new_page(FRAME, flags, is_huge);
            let used = X64PTE::from_bits(page.bits() | recorded.bits());
            assert_eq!(used.is_writable(), flags.contains(MappingFlags::WRITE), "{flags:?}");
            assert_eq!(used.as_new(is_huge), page, "{flags:?}");
            let mut shared = used;
            shared.set_copy_on_write(is_huge);
            let expected = (flags - MappingFlags::WRITE) | MappingFlags::COPY_ON_WRITE;
            assert_eq!(shared.flags(), expected.normalized(), "{flags:?}");
            assert!(shared.table_flags().contains(recorded));
            assert_eq!(shared.as_new(is_huge), X64PTE::new_page(FRAME, expected, is_huge));
        }
    }
}

#[test]
fn parts_of_a_page_keep_all_bits_but_the_size() {
    let recorded = PageTableFlags::ACCESSED | PageTableFlags::DIRTY;
    let page = X64PTE::new_page(FRAME, MappingFlags::all(), true);
    let page = X64PTE::from_bits(page.bits() | recorded.bits());
    let part = page.part(0x20_0000, false);
    assert_eq!(part.paddr(), FRAME + 0x20_0000);
    assert_eq!(part.table_flags() | PageTableFlags::HUGE_PAGE, page.table_flags());
    assert!(!part.is_huge() && page.part(0, true).is_huge());
}

#[test]
fn software_payloads_are_decoded_as_encoded() {
    let largest = (1 << SoftwarePayload::BITS) - 1;
    for value in [0, 1, 2, 0x5A5A, 1 << 51, largest] {
        let payload = SoftwarePayload::try_new(value).expect("it has no more bits");
        let entry = X64PTE::new_software(payload);
        assert_eq!(entry.software().map(SoftwarePayload::get), Some(value));
        assert!(!entry.is_unused() && !entry.is_present() && !entry.is_page());
        assert!(!entry.is_table() && entry.is_settled());
        assert_eq!(entry.flags(), MappingFlags::empty());
    }
    assert_eq!(SoftwarePayload::try_new(largest + 1), None);
    assert_eq!(X64PTE::from_bits(0).software(), None);
    assert_eq!(X64PTE::new_table(FRAME).software(), None);
}

#[test]
fn small_payloads_have_the_address_bits_of_no_memory() {
    let payload = SoftwarePayload::try_new(0x1234).expect("it has few bits");
    assert!(X64PTE::new_software(payload).paddr().as_u64() > 1 << 51);
}
