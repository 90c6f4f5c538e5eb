//! The alternate stack.

use crate::{AltStack, AltStackError, MINSIGSTKSZ, STACK_BYTES};

const ON_STACK: u32 = 1;
const DISABLE: u32 = 2;
const AUTODISARM: u32 = 1 << 31;
const ELSEWHERE: u64 = 0x7fff_0000;

fn stack(base: u64, flags: u32, size: u64) -> [u8; STACK_BYTES] {
    let mut bytes = [0; STACK_BYTES];
    bytes[..8].copy_from_slice(&base.to_le_bytes());
    bytes[8..12].copy_from_slice(&flags.to_le_bytes());
    bytes[16..].copy_from_slice(&size.to_le_bytes());
    bytes
}

#[test]
fn stack_is_set_reported_and_removed() {
    let mut alt = AltStack::NONE;
    assert_eq!(alt.to_bytes(ELSEWHERE), stack(0, DISABLE, 0));
    for flags in [0, ON_STACK] {
        alt.set(&stack(0x10000, flags, 8192), ELSEWHERE, MINSIGSTKSZ).unwrap();
        assert_eq!(alt.to_bytes(ELSEWHERE), stack(0x10000, 0, 8192));
    }
    assert_eq!(alt.top(), 0x12000);
    for (pointer, is_on) in [(0x10000, false), (0x10001, true), (0x12000, true), (0x12001, false)] {
        assert_eq!(alt.is_in_use(pointer), is_on);
        let flags = if is_on { ON_STACK } else { 0 };
        assert_eq!(alt.to_bytes(pointer), stack(0x10000, flags, 8192));
    }
    alt.set(&stack(5, DISABLE, 5), ELSEWHERE, MINSIGSTKSZ).unwrap();
    assert_eq!(alt, AltStack::NONE);
}

#[test]
fn refused_stacks_change_nothing() {
    let mut alt = AltStack::NONE;
    alt.set(&stack(0x10000, 0, 8192), ELSEWHERE, MINSIGSTKSZ).unwrap();
    let before = alt;
    for (wanted, pointer, error) in [
        (stack(0x20000, 0, 8192), 0x11000, AltStackError::InUse),
        (stack(0, DISABLE, 0), 0x11000, AltStackError::InUse),
        (stack(0x20000, 4, 8192), ELSEWHERE, AltStackError::UnknownFlags),
        (stack(0x20000, ON_STACK | DISABLE, 8192), ELSEWHERE, AltStackError::UnknownFlags),
        (stack(0x20000, 0, 2047), ELSEWHERE, AltStackError::TooSmall),
        (stack(0x20000, 0, 0), ELSEWHERE, AltStackError::TooSmall),
    ] {
        assert_eq!(alt.set(&wanted, pointer, MINSIGSTKSZ), Err(error));
        assert_eq!(alt, before);
    }
    // With a larger frame, the stack has to be larger.
    assert_eq!(alt.set(&stack(0x20000, 0, 2048), ELSEWHERE, 3000), Err(AltStackError::TooSmall));
}

#[test]
fn stack_that_disarms_is_set_anew_by_the_return() {
    let mut alt = AltStack::NONE;
    alt.set(&stack(0x10000, AUTODISARM, 8192), ELSEWHERE, MINSIGSTKSZ).unwrap();
    let saved = alt.to_bytes(ELSEWHERE);
    assert_eq!(saved, stack(0x10000, AUTODISARM, 8192));
    alt.disarm();
    assert_eq!(alt.to_bytes(0x11000), stack(0, DISABLE, 0));
    alt.set(&saved, 0x11000, MINSIGSTKSZ).unwrap();
    assert_eq!(alt.to_bytes(ELSEWHERE), saved);
    // Another stack is not switched off.
    alt.set(&stack(0x10000, 0, 8192), ELSEWHERE, MINSIGSTKSZ).unwrap();
    alt.disarm();
    assert!(alt.is_set());
}

#[test]
fn stack_at_the_end_of_all_addresses_does_no_harm() {
    let mut alt = AltStack::NONE;
    alt.set(&stack(u64::MAX - 10, 0, u64::MAX), ELSEWHERE, MINSIGSTKSZ).unwrap();
    assert!(!alt.is_in_use(0));
    assert!(alt.contains(u64::MAX));
    alt.top();
}
