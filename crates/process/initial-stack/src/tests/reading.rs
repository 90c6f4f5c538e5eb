//! Strings that come in pieces, as from the memory of a program.

use std::format;
use std::vec::Vec;

use x86_64::VirtAddr;

use super::reader::{Memory, TOP, read, values};
use crate::{Arguments, PushError, STRING_BYTES_MAX, StackError};

/// Copies from a string that is followed by other bytes, at most `step` at a time.
fn reader(string: &[u8], step: usize) -> impl FnMut(usize, &mut [u8]) -> Result<usize, ()> + use<> {
    let mut memory = string.to_vec();
    memory.push(0);
    memory.resize(memory.len() + 100, b'?');
    move |offset, space| {
        let rest = &memory[offset..];
        let len = space.len().min(step).min(rest.len());
        space[..len].copy_from_slice(&rest[..len]);
        Ok(len)
    }
}

#[test]
fn strings_of_any_length_are_read_in_any_steps() {
    for step in [1, 2, 63, 64, 65, 4096] {
        let mut arguments = Arguments::new(1 << 20);
        let mut expected = Vec::new();
        for len in [0, 1, 62, 63, 64, 65, 127, 128, 191, 192, 1000, 4095, 4096, 9000] {
            let string: Vec<u8> = (0..len).map(|i| 1 + (i % 255) as u8).collect();
            arguments.push_from(reader(&string, step)).unwrap();
            expected.push(string);
        }
        let environment = arguments.environment().unwrap();
        let stack = environment.build(VirtAddr::new(TOP), b"", [0; 16], &values()).unwrap();
        assert_eq!(read(&Memory::new(&stack)).arguments, expected);
    }
}

#[test]
fn longest_string_is_read_and_a_longer_one_is_not() {
    let string = std::vec![b'x'; STRING_BYTES_MAX];
    let mut arguments = Arguments::new(1 << 20);
    assert_eq!(arguments.push_from(reader(&string[1..], 4096)), Ok(()));
    let result = arguments.push_from(reader(&string, 4096));
    assert_eq!(result, Err(PushError::Stack(StackError::TooBig)));
    assert_eq!(arguments.count(), 1);
}

#[test]
fn string_without_end_is_read_only_up_to_the_maximum() {
    let mut total = 0;
    let result = Arguments::new(1 << 20).push_from(|offset, space: &mut [u8]| {
        assert_eq!(offset, total);
        total += space.len();
        space.fill(b'x');
        Ok::<_, ()>(space.len())
    });
    assert_eq!(result, Err(PushError::Stack(StackError::TooBig)));
    assert_eq!(total, STRING_BYTES_MAX);
}

#[test]
fn errors_are_passed_on_and_leave_nothing() {
    let mut environment = Arguments::new(1000).environment().unwrap();
    let mut calls = 0;
    let result = environment.push_from(|_, space: &mut [u8]| {
        calls += 1;
        space.fill(b'x');
        if calls == 3 { Err("page fault") } else { Ok(space.len()) }
    });
    assert_eq!(result, Err(PushError::Read("page fault")));
    let result = environment.push_from(|_, _| Ok::<_, ()>(0));
    assert_eq!(result, Err(PushError::Stack(StackError::Unterminated)));
    assert_eq!(environment.count(), 0);
    environment.push(b"end").unwrap();
    let stack = environment.build(VirtAddr::new(TOP), b"", [0; 16], &values()).unwrap();
    let memory = Memory::new(&stack);
    assert_eq!(read(&memory).environment, [b"end"]);
    assert_eq!(memory.bytes_at(TOP - 8, 8), [0; 8]);
}

#[test]
fn reader_that_counts_wrong_reaches_nothing_else() {
    let mut arguments = Arguments::new(1000);
    assert_eq!(arguments.push_from(|_, _| Ok::<_, ()>(usize::MAX)), Ok(()));
    let environment = arguments.environment().unwrap();
    let stack = environment.build(VirtAddr::new(TOP), b"", [0; 16], &values()).unwrap();
    assert_eq!(read(&Memory::new(&stack)).arguments, [b""]);
}

#[test]
fn ten_thousand_arguments_are_read_once_each() {
    let mut arguments = Arguments::new(2 << 20);
    let (mut calls, mut copied) = (0, 0);
    let strings: Vec<Vec<u8>> = (0..10_000).map(|i| format!("argument-{i}").into_bytes()).collect();
    for string in &strings {
        let mut read = reader(string, usize::MAX);
        let mut counting = |offset, space: &mut [u8]| {
            calls += 1;
            copied += space.len();
            read(offset, space)
        };
        arguments.push_from(&mut counting).unwrap();
    }
    assert_eq!((calls, copied), (10_000, 64 * 10_000));
    let environment = arguments.environment().unwrap();
    let stack = environment.build(VirtAddr::new(TOP), b"/bin/true", [1; 16], &values()).unwrap();
    assert_eq!(read(&Memory::new(&stack)).arguments, strings);
}
