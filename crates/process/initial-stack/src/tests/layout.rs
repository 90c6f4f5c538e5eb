//! The layout of the System V ABI and of Linux.

use std::vec::Vec;

use x86_64::VirtAddr;

use super::reader::*;
use crate::{Arguments, Environment, InitialStack, StackError};

const LIMIT: usize = 6 << 20;
const RANDOM: [u8; 16] = *b"0123456789ABCDEF";

fn strings(arguments: &[Vec<u8>], environment: &[Vec<u8>]) -> Environment {
    let mut builder = Arguments::new(LIMIT);
    for argument in arguments {
        builder.push(argument).unwrap();
    }
    assert_eq!(builder.count(), arguments.len());
    let mut builder = builder.environment().unwrap();
    for string in environment {
        builder.push(string).unwrap();
    }
    assert_eq!(builder.count(), environment.len());
    builder
}

fn build(arguments: &[&str], environment: &[&str]) -> InitialStack {
    let owned = |strings: &[&str]| -> Vec<Vec<u8>> {
        strings.iter().map(|string| string.as_bytes().to_vec()).collect()
    };
    strings(&owned(arguments), &owned(environment))
        .build(VirtAddr::new(TOP), b"/bin/ls", RANDOM, &values())
        .unwrap()
}

#[test]
fn small_stack_is_laid_out_byte_for_byte() {
    let stack = build(&["ls", "-l"], &["A=1"]);
    let memory = Memory::new(&stack);
    // From the top down: 8 zeroes, the path, the environment, the arguments.
    assert_eq!(memory.end(), TOP);
    assert_eq!(memory.bytes_at(TOP - 8, 8), [0; 8]);
    assert_eq!(memory.bytes_at(TOP - 16, 8), b"/bin/ls\0");
    assert_eq!(memory.bytes_at(TOP - 20, 4), b"A=1\0");
    assert_eq!(memory.bytes_at(TOP - 26, 6), b"ls\0-l\0");
    // Rounded down to 16 bytes: the platform and the random bytes.
    assert_eq!(memory.bytes_at(TOP - 32 - 7, 7), b"x86_64\0");
    assert_eq!(memory.bytes_at(TOP - 32 - 7 - 16, 16), RANDOM);
    // A number, 2 + 1 and 1 + 1 pointers, 21 entries.
    let words = 1 + 3 + 2 + 2 * 21;
    assert_eq!(stack.rsp().as_u64(), (TOP - 55 - 8 * words) & !15);
    assert_eq!(memory.word(stack.rsp().as_u64()), 2);
    let argument = |index: u64| memory.word(stack.rsp().as_u64() + 8 * index);
    assert_eq!([argument(1), argument(2), argument(3)], [TOP - 26, TOP - 23, 0]);
    assert_eq!([argument(4), argument(5)], [TOP - 20, 0]);
    assert_eq!(stack.arguments(), VirtAddr::new(TOP - 26)..VirtAddr::new(TOP - 20));
    assert_eq!(stack.environment(), VirtAddr::new(TOP - 20)..VirtAddr::new(TOP - 16));
}

#[test]
fn auxiliary_vector_has_the_entries_of_linux_in_its_order() {
    let stack = build(&["ls"], &[]);
    let memory = Memory::new(&stack);
    let found = read(&memory);
    let kinds: Vec<u64> = found.auxiliary.iter().map(|entry| entry.0).collect();
    // As LD_SHOW_AUXV=1 shows them on Linux 6.
    let expected = [33, 51, 16, 6, 17, 3, 4, 5, 7, 8, 9, 11, 12, 13, 14, 23, 25, 26, 31, 15];
    assert_eq!(kinds, expected);
    let values = [
        (33, 0x7FFF_F7FC_1000),
        (51, 3376),
        (16, 0x178B_FBFF),
        (6, 4096),
        (17, 100),
        (3, 0x40_0040),
        (4, 56),
        (5, 10),
        (7, 0),
        (8, 0),
        (9, 0x40_14F0),
        (11, 1000),
        (12, 1001),
        (13, 1002),
        (14, 1003),
        (23, 1),
        (26, 2),
    ];
    for (kind, value) in values {
        assert_eq!(found.value(kind), Some(value), "{kind}");
    }
    assert_eq!(memory.bytes_at(found.value(25).unwrap(), 16), RANDOM);
    assert_eq!(memory.string(found.value(31).unwrap()), b"/bin/ls");
    assert_eq!(memory.string(found.value(15).unwrap()), b"x86_64");
    let bytes = stack.auxiliary_vector();
    assert_eq!(bytes, memory.bytes_at(found.end - bytes.len() as u64, 21 * 16));
}

#[test]
fn vdso_is_left_out_where_there_is_none() {
    let mut values = values();
    values.vdso = None;
    values.program_headers = None;
    values.interpreter_base = Some(VirtAddr::new(0x7F00_0000_0000));
    values.is_secure = false;
    let builder = strings(&[b"a".to_vec()], &[]);
    let stack = builder.build(VirtAddr::new(TOP), b"a", RANDOM, &values).unwrap();
    let found = read(&Memory::new(&stack));
    assert_eq!(found.value(33), None);
    assert_eq!(found.value(3), Some(0));
    assert_eq!(found.value(7), Some(0x7F00_0000_0000));
    assert_eq!(found.value(23), Some(0));
}

#[test]
fn program_without_arguments_gets_an_empty_one() {
    let stack = build(&[], &["A=1"]);
    let memory = Memory::new(&stack);
    let found = read(&memory);
    assert_eq!(found.arguments, [b""]);
    assert_eq!(found.environment, [b"A=1"]);
    assert_eq!(stack.arguments().end - stack.arguments().start, 1);
}

#[test]
fn strings_end_at_their_first_nul() {
    let stack = build(&["a\0b", ""], &["\0"]);
    let found = read(&Memory::new(&stack));
    assert_eq!(found.arguments, [&b"a"[..], b""]);
    assert_eq!(found.environment, [b""]);
}

#[test]
fn any_strings_are_read_back() {
    let mut state = 7_u64;
    let mut random = move |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % limit as u64) as usize
    };
    for round in 0..2000 {
        let mut any = |count: usize| -> Vec<Vec<u8>> {
            let longest = [1, 8, 100, 5000][random(4)];
            let letter = 1 + random(255) as u8;
            (0..random(count)).map(|_| std::vec![letter; random(longest)]).collect()
        };
        let (arguments, environment, path) = (any(30), any(30), any(2).concat());
        let top = TOP - 16 * round;
        let builder = strings(&arguments, &environment);
        let stack = builder.build(VirtAddr::new(top), &path, RANDOM, &values()).unwrap();
        let memory = Memory::new(&stack);
        assert_eq!(memory.end(), top);
        assert!(stack.rsp().is_aligned(16_u64));
        let found = read(&memory);
        let expected = if arguments.is_empty() { std::vec![Vec::new()] } else { arguments };
        assert_eq!(found.arguments, expected);
        assert_eq!(found.environment, environment);
        assert_eq!(memory.string(found.value(31).unwrap()), path);
        assert!(found.end <= found.value(25).unwrap());
        // The strings are contiguous and in order.
        for (range, strings) in
            [(stack.arguments(), &expected), (stack.environment(), &environment)]
        {
            let len = (range.end - range.start) as usize;
            let joined: Vec<u8> = strings.iter().flat_map(|it| [&it[..], &[0]].concat()).collect();
            assert_eq!(memory.bytes_at(range.start.as_u64(), len), joined);
        }
        assert_eq!(stack.arguments().end, stack.environment().start);
    }
}

#[test]
fn stack_needs_room_below_its_top() {
    let build = |top: u64| {
        let builder = strings(&[b"a".to_vec()], &[]);
        builder.build(VirtAddr::new(top), b"a", RANDOM, &values()).map(|stack| stack.rsp())
    };
    for top in [0, 1, 8, 15, 16, 40, 300] {
        assert_eq!(build(top), Err(StackError::NoRoom), "{top}");
    }
    assert!(build(0x1000).is_ok());
    // Part of it would be at addresses that aren't canonical.
    assert_eq!(build(0xFFFF_8000_0000_0010), Err(StackError::NoRoom));
}
