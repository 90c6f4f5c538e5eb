//! Tests of the devices of /dev.

use alloc::vec;

use super::tree::{mode, read, write};
use crate::fs;
use crate::fs::error::FsError;
use crate::fs::file::open;
use crate::fs::file::open_file::{OpenFile, Whence};
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::namespace::lookup::Caller;

fn device(name: &str) -> alloc::sync::Arc<OpenFile> {
    let caller = Caller::root(fs::root());
    open::open(&caller, name.as_bytes(), OpenFlags::READ_WRITE, mode(0)).expect("it is there")
}

#[test_case]
fn memory_devices_are_linuxs() {
    let mut bytes = vec![1; 5000];
    let null = device("/dev/null");
    assert_eq!(read(&null, &mut bytes), Ok(0));
    assert_eq!(write(&null, &bytes), Ok(5000));
    assert_eq!(null.seek(7, Whence::Start), Ok(0));
    let zero = device("/dev/zero");
    assert_eq!(read(&zero, &mut bytes), Ok(5000));
    assert!(bytes.iter().all(|byte| *byte == 0));
    let full = device("/dev/full");
    assert_eq!(read(&full, &mut bytes), Ok(5000));
    assert_eq!(write(&full, b"x"), Err(FsError::NoSpace));
    for name in ["/dev/random", "/dev/urandom"] {
        let random = device(name);
        assert_eq!(read(&random, &mut bytes), Ok(5000));
        let zeros = bytes.iter().filter(|byte| **byte == 0).count();
        assert!(zeros < 100, "{zeros}");
        assert_eq!(write(&random, b"seed"), Ok(4));
    }
}

#[test_case]
fn kmsg_has_a_record_for_each_line() {
    let kmsg = device("/dev/kmsg");
    assert_eq!(write(&kmsg, b"<6>from a program\n"), Ok(18));
    let kmsg = device("/dev/kmsg");
    let mut bytes = vec![0; 1024];
    let mut is_found = false;
    let mut number = 0;
    loop {
        let len = read(&kmsg, &mut bytes).expect("records are short");
        if len == 0 {
            break;
        }
        let record = core::str::from_utf8(&bytes[..len]).expect("it is ASCII");
        let (head, text) = record.split_once(';').expect("it has a head");
        let mut fields = head.split(',');
        assert!(fields.next().is_some_and(|priority| priority.parse::<u32>().is_ok()));
        assert_eq!(fields.next().and_then(|it| it.parse().ok()), Some(number));
        number += 1;
        is_found |= text.contains("from a program");
    }
    assert!(number > 10 && is_found);
}
