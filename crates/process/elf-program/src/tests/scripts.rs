//! First lines of scripts, compared with tables and with a model that follows Linux's C
//! code.

use std::vec;
use std::vec::Vec;

use super::random::Random;
use crate::{SCRIPT_HEAD_BYTES, Script, ScriptError};

type Parsed<'a> = Result<(&'a [u8], Option<&'a [u8]>), ScriptError>;

fn parse(head: &[u8]) -> Parsed<'_> {
    Script::parse(head).map(|script| (script.interpreter, script.argument))
}

#[test]
fn lines_are_split_once() {
    let table: [(&[u8], Parsed); 16] = [
        (b"", Err(ScriptError::NotScript)),
        (b"#", Err(ScriptError::NotScript)),
        (b"# !/bin/sh\n", Err(ScriptError::NotScript)),
        (b"#!/bin/sh\n", Ok((b"/bin/sh", None))),
        (b"#!/bin/sh", Ok((b"/bin/sh", None))),
        (b"#! \t /bin/sh \t \necho", Ok((b"/bin/sh", None))),
        (b"#!/bin/sh -e\n", Ok((b"/bin/sh", Some(b"-e")))),
        (b"#!/bin/sh -e -x  y \n", Ok((b"/bin/sh", Some(b"-e -x  y")))),
        (b"#!/bin/sh\t-e", Ok((b"/bin/sh", Some(b"-e")))),
        (b"#!/bin/sh\r\n", Ok((b"/bin/sh\r", None))),
        (b"#!\n", Err(ScriptError::NoInterpreter)),
        (b"#!  \t\n/bin/sh", Err(ScriptError::NoInterpreter)),
        // Text that ends with a NUL, as on Linux.
        (b"#!", Ok((b"", None))),
        (b"#!/bin/sh ", Ok((b"/bin/sh", Some(b"")))),
        (b"#!/bin/sh -e ", Ok((b"/bin/sh", Some(b"-e ")))),
        (b"#!/bin/sh\0 -e\n", Ok((b"/bin/sh", None))),
    ];
    for (head, expected) in table {
        assert_eq!(parse(head), expected, "{}", head.escape_ascii());
    }
}

#[test]
fn path_has_to_end_in_the_head() {
    let line = |len: usize, rest: &[u8]| {
        let mut line = b"#!".to_vec();
        line.resize(len, b'x');
        line.extend_from_slice(rest);
        line
    };
    assert!(parse(&line(SCRIPT_HEAD_BYTES - 1, b"\n")).is_ok());
    assert!(parse(&line(SCRIPT_HEAD_BYTES - 1, b" -e\n")).is_ok());
    assert!(parse(&line(SCRIPT_HEAD_BYTES - 1, b"")).is_ok());
    for rest in [&b"\n"[..], b"", b" -e\n"] {
        assert_eq!(parse(&line(SCRIPT_HEAD_BYTES, rest)), Err(ScriptError::PathTooLong));
    }
}

#[test]
fn argument_is_cut_off() {
    let mut head = b"#!/bin/sh ".to_vec();
    head.resize(1000, b'a');
    let (interpreter, argument) = parse(&head).unwrap();
    assert_eq!(interpreter, b"/bin/sh");
    assert_eq!(argument.unwrap(), &head[10..SCRIPT_HEAD_BYTES - 1]);
}

#[test]
fn blanks_alone_are_no_interpreter() {
    let mut head = b"#!".to_vec();
    head.resize(SCRIPT_HEAD_BYTES, b' ');
    assert_eq!(parse(&head), Err(ScriptError::NoInterpreter));
    // In a shorter file a NUL follows, so the path is empty.
    assert_eq!(parse(&head[..100]), Ok((&b""[..], None)));
}

type Strings = (Vec<u8>, Option<Vec<u8>>);

/// Steps through a buffer of 256 bytes as Linux does, by indices and NULs.
fn model(head: &[u8]) -> Option<Strings> {
    let mut buffer = vec![0_u8; 256];
    let len = head.len().min(256);
    buffer[..len].copy_from_slice(&head[..len]);
    let blank = |byte: u8| byte == b' ' || byte == b'\t';
    let string = |buffer: &[u8], from: usize| -> Vec<u8> {
        buffer[from..].iter().copied().take_while(|byte| *byte != 0).collect()
    };
    if buffer[0] != b'#' || buffer[1] != b'!' {
        return None;
    }
    let first_non_blank = |buffer: &[u8], from: usize, last: usize| {
        (from..=last).find(|index| !blank(buffer[*index]))
    };
    let first_end = |buffer: &[u8], from: usize, last: usize| {
        (from..=last).find(|index| blank(buffer[*index]) || buffer[*index] == 0)
    };
    let nul = buffer.iter().position(|byte| *byte == 0).unwrap_or(256);
    let mut end = match buffer[..nul].iter().position(|byte| *byte == b'\n') {
        Some(end) => end,
        None => {
            let name = first_non_blank(&buffer, 2, 255)?;
            first_end(&buffer, name, 255)?;
            255
        }
    };
    while blank(buffer[end - 1]) {
        end -= 1;
    }
    let name = first_non_blank(&buffer, 2, end)?;
    if name == end {
        return None;
    }
    let separator = first_end(&buffer, name, end);
    let argument = match separator {
        Some(separator) if buffer[separator] != 0 => first_non_blank(&buffer, separator, end),
        _ => None,
    };
    buffer[end] = 0;
    let argument = argument.map(|argument| {
        buffer[separator.unwrap()] = 0;
        string(&buffer, argument)
    });
    Some((string(&buffer, name), argument))
}

#[test]
fn any_head_is_read_as_the_model_reads_it() {
    let mut random = Random(1);
    let mut read = 0;
    for _ in 0..200_000 {
        let len = random.pick(&[0, 1, 4, 8, 16, 250, 255, 256, 257, 300]) + random.below(4);
        // Long heads have few line feeds and NULs, so that some have none up to their end.
        let letters: &[u8] = if random.below(3) == 0 { b"a/ \t\n\0\r" } else { b"ab  \t" };
        let run = 1 + random.below(80);
        let mut head = Vec::new();
        while head.len() < len {
            let letter = random.pick(letters);
            head.resize(head.len() + 1 + random.below(run), letter);
        }
        head.truncate(len);
        if random.below(20) > 0 {
            head.splice(0..head.len().min(2), *b"#!");
        }
        let found = parse(&head).ok();
        let found = found.map(|(name, argument)| (name.to_vec(), argument.map(<[u8]>::to_vec)));
        assert_eq!(found, model(&head), "{}", head.escape_ascii());
        read += usize::from(found.is_some());
    }
    assert!(read > 50_000, "{read}");
}
