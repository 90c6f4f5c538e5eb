use super::*;
use crate::mm::kernel::kernel_space;
use crate::testing::machine;

#[test_case]
fn screen_is_mapped_where_the_stub_had_it() {
    let mapped = MAPPED.get().expect("the machine has a screen");
    let mapping = kernel_space::query(mapped.pages().start).expect("it is mapped");
    assert_eq!(mapping.paddr, mapped.first);
    assert_eq!(device_names::name_at(mapped.pages().start), Some("VGA text"));
    assert_eq!(device_names::name_at(mapped.pages().end), None);
    assert_eq!(STUB_TABLE.0[0].load(Ordering::Relaxed) & !0xFFF, 0, "the first 2 MiB");
}

#[test_case]
fn ranges_that_hold_no_screen_are_refused() {
    let information = machine().boot.information;
    let map = |start, len_bytes| {
        // SAFETY: each of these calls fails.
        let refused =
            unsafe { map(information, "test", PhysAddr::new(start), len_bytes, Writes::Combined) };
        refused.expect_err("it is no screen")
    };
    assert_eq!(map(0, 4 << 20), Error::IsRam);
    assert_eq!(map(0x10_0000, 0x1000), Error::IsRam);
    assert_eq!(map(image::frames().end.as_u64() - 1, 1), Error::IsRam);
    assert_eq!(map(0xE000_0000, 0), Error::NoSuchRange);
    assert_eq!(map(0xE000_0000, 1 << 30), Error::NoSuchRange);
    assert_eq!(map(0xF_FFFF_FFFF_F000, 0x2000), Error::NoSuchRange);
    assert_eq!(map(0xE000_0000, 0x1000), Error::TooMany);
}
