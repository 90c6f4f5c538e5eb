//! The limits of strings.

use x86_64::VirtAddr;

use super::reader::{TOP, values};
use crate::{Arguments, STRING_BYTES_MAX, StackError, string_limit};

#[test]
fn limit_is_a_quarter_of_the_stack_within_bounds() {
    let table = [
        (0, 128 << 10),
        (512 << 10, 128 << 10),
        ((512 << 10) + 4, (128 << 10) + 1),
        (8 << 20, 2 << 20),
        (24 << 20, 6 << 20),
        (1 << 40, 6 << 20),
        (u64::MAX, 6 << 20),
    ];
    for (stack, limit) in table {
        assert_eq!(string_limit(stack), limit, "{stack}");
    }
}

#[test]
fn string_has_at_most_its_maximum() {
    let longest = std::vec![b'x'; STRING_BYTES_MAX - 1];
    let mut arguments = Arguments::new(1 << 20);
    assert_eq!(arguments.push(&longest), Ok(()));
    let longer = std::vec![b'x'; STRING_BYTES_MAX];
    assert_eq!(arguments.push(&longer), Err(StackError::TooBig));
    assert_eq!(arguments.count(), 1);
    let environment = arguments.environment().unwrap();
    let result = environment.build(VirtAddr::new(TOP), &longer, [0; 16], &values());
    assert_eq!(result.unwrap_err(), StackError::TooBig);
}

#[test]
fn strings_and_pointers_have_at_most_the_limit() {
    // Two strings with 2 bytes each, 2 pointers, and a path with 3 bytes.
    for (limit, can_push, can_build) in [
        (17, false, false),
        (19, false, false),
        (20, true, false),
        (22, true, false),
        (23, true, true),
    ] {
        let mut arguments = Arguments::new(limit);
        assert_eq!(arguments.push(b"a"), Ok(()), "{limit}");
        let mut environment = arguments.environment().unwrap();
        assert_eq!(environment.push(b"b").is_ok(), can_push, "{limit}");
        if can_push {
            let result = environment.build(VirtAddr::new(TOP), b"/c", [0; 16], &values());
            assert_eq!(result.is_ok(), can_build, "{limit}");
        }
    }
}

#[test]
fn no_limit_leaves_no_room_for_the_empty_argument() {
    assert_eq!(Arguments::new(0).environment().unwrap_err(), StackError::TooBig);
    assert_eq!(Arguments::new(8).environment().unwrap_err(), StackError::TooBig);
    assert!(Arguments::new(9).environment().is_ok());
}

#[test]
fn string_that_is_too_big_leaves_nothing() {
    let mut arguments = Arguments::new(100);
    arguments.push(b"first").unwrap();
    assert_eq!(arguments.push(&[b'x'; 90]), Err(StackError::TooBig));
    let result = arguments.push_from(|_, space| {
        space.fill(b'x');
        Ok::<_, ()>(space.len())
    });
    assert!(result.is_err());
    arguments.push(b"second").unwrap();
    let stack = arguments.environment().unwrap();
    let stack = stack.build(VirtAddr::new(TOP), b"p", [0; 16], &values()).unwrap();
    assert!(stack.pieces()[1].1.starts_with(b"first\0second\0p\0"));
}
