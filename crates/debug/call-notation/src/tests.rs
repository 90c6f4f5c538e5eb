use std::string::ToString;
use std::vec::Vec;

use crate::{
    ACCESS, AT_FLAGS, FCNTL_COMMANDS, MAP_FLAGS, OPEN_FLAGS, PROTECTION, Quoted, WAIT_OPTIONS,
    WHENCE,
};

#[test]
fn flags_are_names_and_the_rest() {
    assert_eq!(OPEN_FLAGS.show(0).to_string(), "O_RDONLY");
    assert_eq!(OPEN_FLAGS.show(0o1102).to_string(), "O_RDWR|O_CREAT|O_TRUNC");
    assert_eq!(OPEN_FLAGS.show(0o4_010_000).to_string(), "O_RDONLY|O_SYNC");
    assert_eq!(OPEN_FLAGS.show(0o10_001).to_string(), "O_WRONLY|O_DSYNC");
    assert_eq!(OPEN_FLAGS.show(1 << 40).to_string(), "O_RDONLY|0x10000000000");
    assert_eq!(PROTECTION.show(0).to_string(), "PROT_NONE");
    assert_eq!(PROTECTION.show(3).to_string(), "PROT_READ|PROT_WRITE");
    assert_eq!(MAP_FLAGS.show(0x22).to_string(), "MAP_PRIVATE|MAP_ANONYMOUS");
    assert_eq!(MAP_FLAGS.show(0x20).to_string(), "MAP_ANONYMOUS");
    assert_eq!(ACCESS.show(0).to_string(), "F_OK");
    assert_eq!(ACCESS.show(8).to_string(), "0x8");
    assert_eq!(AT_FLAGS.show(0).to_string(), "0");
    assert_eq!(WAIT_OPTIONS.show(3).to_string(), "WNOHANG|WSTOPPED");
}

#[test]
fn numbers_without_a_name_are_hexadecimal() {
    assert_eq!(WHENCE.show(2).to_string(), "SEEK_END");
    assert_eq!(FCNTL_COMMANDS.show(1030).to_string(), "F_DUPFD_CLOEXEC");
    assert_eq!(WHENCE.show(77).to_string(), "0x4d");
}

#[test]
fn strings_are_quoted_and_cut() {
    assert_eq!(Quoted::new(b"", 4).to_string(), r#""""#);
    assert_eq!(Quoted::new(b"abcd", 4).to_string(), r#""abcd""#);
    assert_eq!(Quoted::new(b"abcde", 4).to_string(), r#""abcd"..."#);
    assert_eq!(Quoted::new(b"a\"\\\n\r\t", 32).to_string(), r#""a\"\\\n\r\t""#);
    assert_eq!(Quoted::new(b"\0a\x011\xFF", 32).to_string(), r#""\0a\0011\377""#);
}

/// Reads a quoted string back, as C does.
fn unquote(text: &str) -> Vec<u8> {
    let inner = text.strip_prefix('"').and_then(|it| it.strip_suffix('"')).expect("it has quotes");
    let mut bytes = inner.bytes().peekable();
    let mut result = Vec::new();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            result.push(byte);
            continue;
        }
        let next = bytes.next().expect("a backslash is followed by something");
        result.push(match next {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 0x0B,
            b'f' => 0x0C,
            b'0'..=b'7' => {
                let mut number = u32::from(next - b'0');
                for _ in 0..2 {
                    if let Some(digit) = bytes.next_if(|it| (b'0'..=b'7').contains(it)) {
                        number = number * 8 + u32::from(digit - b'0');
                    }
                }
                number as u8
            }
            other => other,
        });
    }
    result
}

#[test]
fn quoted_strings_can_be_read_back() {
    for first in 0..=255_u8 {
        for second in 0..=255_u8 {
            let bytes = [first, second, b'7'];
            assert_eq!(unquote(&Quoted::new(&bytes, 32).to_string()), bytes);
        }
    }
}
