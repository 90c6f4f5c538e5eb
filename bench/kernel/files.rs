//! The cost of file operations in the kernel: `tools/bench` boots this with a time stamp counter
//! that counts instructions, and reads the lines that begin with `bench`.

#![no_std]
#![no_main]
#![feature(custom_test_frameworks)]
#![test_runner(farjump::testing::run)]
#![reexport_test_harness_main = "test_main"]
#![deny(unsafe_code)]

extern crate alloc;

use alloc::format;
use alloc::vec;

use farjump::arch::time::clock::read_tsc;
use farjump::fs;
use farjump::fs::attributes::Mode;
use farjump::fs::file::anonymous;
use farjump::fs::file::open;
use farjump::fs::file::open_flags::OpenFlags;
use farjump::fs::io::{SliceSink, SliceSource};
use farjump::fs::namespace::lookup::{self, Caller};
use farjump::fs::namespace::{create, remove};
use farjump::println;
use path_walk::LastLink;

farjump::test_kernel!(test_main);

const MIB: usize = 1 << 20;
/// The number of files in the directory of the look-ups.
const FILES: u64 = 10_000;

/// Runs `action` a few times and prints the least number of ticks, divided by `count`.
fn measure(name: &str, count: u64, mut action: impl FnMut()) {
    let ticks = (0..9).map(|_| {
        let start = read_tsc();
        action();
        read_tsc() - start
    });
    println!("bench {name} {}", ticks.min().unwrap_or(0) / count);
}

#[test_case]
fn files() {
    let caller = Caller::root(fs::root());
    let mode = Mode::from_bits_truncate(0o755);
    let open = |path: &str, flags| open::open(&caller, path.as_bytes(), flags, mode);
    let new = OpenFlags::CREATE | OpenFlags::READ_WRITE;
    create::make_directory(&caller, b"tmp", mode).expect("there is room");
    drop(open("/tmp/f", new).expect("there is room"));
    measure("file_open_close", 1, || drop(open("/tmp/f", OpenFlags::empty()).expect("there")));
    measure("file_stat", 1, || {
        let path = lookup::look_up_path(&caller, b"/tmp/f", LastLink::Follow).expect("there");
        core::hint::black_box(path.inode().metadata());
    });
    measure("file_create_unlink", 1, || {
        drop(open("/tmp/new", new).expect("there is room"));
        remove::remove_file(&caller, b"/tmp/new").expect("it is there");
    });

    let mut bytes = vec![1; MIB];
    measure("file_write_new_1m", 1, || {
        let file = open("/tmp/f", new | OpenFlags::TRUNCATE).expect("there is room");
        assert_eq!(file.write(&mut SliceSource::new(&bytes)), Ok(MIB));
    });
    let file = open("/tmp/f", OpenFlags::READ_WRITE).expect("it is there");
    measure("file_rewrite_1m", 1, || {
        assert_eq!(file.write_at(0, &mut SliceSource::new(&bytes)), Ok(MIB));
    });
    measure("file_read_1m", 1, || {
        assert_eq!(file.read_at(0, &mut SliceSink::new(&mut bytes)), Ok(MIB));
    });
    let mut page = [0; 4096];
    measure("file_read_4k", 1, || {
        assert_eq!(file.read_at(0, &mut SliceSink::new(&mut page)), Ok(page.len()));
    });

    let (reader, writer) = anonymous::pipe(OpenFlags::empty(), (0, 0)).expect("memory");
    measure("pipe_one_byte", 1, || {
        assert_eq!(writer.write(&mut SliceSource::new(b"x")), Ok(1));
        assert_eq!(reader.read(&mut SliceSink::new(&mut page[..1])), Ok(1));
    });

    for index in 0..FILES {
        drop(open(&format!("/tmp/{index}"), new).expect("there is room"));
    }
    measure("file_stat_of_10000", FILES, || {
        for index in 0..FILES {
            let path = format!("/tmp/{index}");
            let path = lookup::look_up_path(&caller, path.as_bytes(), LastLink::Follow);
            core::hint::black_box(path.expect("it is there").inode().metadata());
        }
    });
}
