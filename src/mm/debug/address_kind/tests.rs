use super::*;

#[test_case]
fn each_part_of_the_layout_is_known() {
    let of = |address: u64| AddressKind::of(VirtAddr::new(address));
    static VARIABLE: core::sync::atomic::AtomicU8 = core::sync::atomic::AtomicU8::new(1);
    assert_eq!(of(0), AddressKind::Null);
    assert_eq!(of(0xFFFF), AddressKind::Null);
    assert_eq!(of(0x1_0000), AddressKind::Program);
    assert_eq!(of(0x7FFF_FFFF_FFFF), AddressKind::Program);
    assert_eq!(of(0xFFFF_8000_0000_0005), AddressKind::DirectMap(PhysAddr::new(5)));
    assert_eq!(of(0xFFFF_BFFF_FFFF_FFFF), AddressKind::Nothing);
    assert_eq!(of(0xFFFF_C000_0000_0000), AddressKind::Heap);
    assert_eq!(of(0xFFFF_D300_0000_1FFF), AddressKind::Scratch);
    assert_eq!(of(0xFFFF_D300_0000_2000), AddressKind::Nothing);
    assert_eq!(of(0xFFFF_FFFF_8000_0000), AddressKind::Nothing);
    assert_eq!(of(u64::MAX), AddressKind::Nothing);
    let text = VirtAddr::from_ptr(AddressKind::of as fn(_) -> _ as *const u8);
    assert_eq!(AddressKind::of(text), AddressKind::Kernel(Section::Text));
    let rodata = VirtAddr::from_ptr("text".as_ptr());
    assert_eq!(AddressKind::of(rodata), AddressKind::Kernel(Section::Rodata));
    let data = VirtAddr::from_ptr(&raw const VARIABLE);
    assert_eq!(AddressKind::of(data), AddressKind::Kernel(Section::Data));
    let guard = Stack::BOOT.guard().end - 1;
    assert_eq!(AddressKind::of(guard), AddressKind::Guard(Stack::BOOT));
    assert_eq!(AddressKind::of(guard + 1), AddressKind::Stack(Stack::BOOT));
}
