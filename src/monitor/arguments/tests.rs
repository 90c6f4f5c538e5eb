use super::*;

#[test_case]
fn numbers_are_hexadecimal_with_or_without_prefix() {
    let mut arguments = Arguments::new(" 10  0x20 0xfffffffffffffffff");
    assert_eq!(arguments.number(), Ok(Some(0x10)));
    assert_eq!(arguments.number(), Ok(Some(0x20)));
    assert!(matches!(arguments.number(), Err(ArgumentError::NotHexadecimal(_))));
    assert_eq!(arguments.number(), Ok(None));
    for wrong in ["+1", "-1", "0x", "12g"] {
        assert!(Arguments::new(wrong).number().is_err(), "{wrong}");
    }
}

#[test_case]
fn addresses_are_canonical() {
    assert_eq!(Arguments::new("1000").address(), Ok(VirtAddr::new(0x1000)));
    let error = Arguments::new("800000000000").address();
    assert_eq!(error, Err(ArgumentError::NotCanonical(0x8000_0000_0000)));
    assert_eq!(Arguments::new("").address(), Err(ArgumentError::Missing("an address")));
    assert_eq!(Arguments::new("x").end(), Err(ArgumentError::TooMany(cut("x"))));
}

#[test_case]
fn rest_is_what_was_typed() {
    let mut arguments = Arguments::new("  one  two  three ");
    assert_eq!(arguments.word(), Some("one"));
    assert_eq!(arguments.rest(), "two  three");
    assert_eq!(arguments.word(), None);
}
