//! Tests of pipes, FIFOs, and waiting for several files.

use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use super::tree::{Tree, mode, read, write};
use crate::fs::error::FsError;
use crate::fs::file::anonymous::pipe;
use crate::fs::file::file_ops;
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::file::poll::{PollItem, PollWait, poll};
use crate::fs::file::readiness::Readiness;
use crate::fs::namespace::create;
use crate::fs::new_inode::NewKind;
use crate::fs::pipe::PipeEnd;
use crate::mm::kernel::frames::{self, Purpose};
use crate::task;
use crate::testing::wait_for_threads;

const NONBLOCK: OpenFlags = OpenFlags::NONBLOCK;

#[test_case]
fn bytes_come_out_in_the_order_in_which_they_went_in() {
    let used = frames::counts().used_for(Purpose::Files);
    let (reader, writer) = pipe(NONBLOCK, (0, 0)).expect("memory");
    assert_eq!(read(&reader, &mut [0; 1]), Err(FsError::WouldBlock));
    assert_eq!(read(&reader, &mut []), Ok(0));
    assert_eq!(write(&writer, b"one "), Ok(4));
    assert_eq!(write(&writer, b"two"), Ok(3));
    let mut bytes = [0; 5];
    assert_eq!(read(&reader, &mut bytes), Ok(5));
    assert_eq!(&bytes, b"one t");
    assert_eq!(read(&reader, &mut bytes), Ok(2));
    assert_eq!(write(&reader, b"x"), Err(FsError::NotOpenForThis));
    assert_eq!(read(&writer, &mut bytes), Err(FsError::NotOpenForThis));
    assert_eq!(
        reader.seek(0, crate::fs::file::open_file::Whence::Start),
        Err(FsError::NotSeekable)
    );
    // A pipe holds 64 KiB.
    assert_eq!(write(&writer, &vec![1; 100_000]), Ok(65_536));
    assert_eq!(write(&writer, b"x"), Err(FsError::WouldBlock));
    let ops: &Arc<_> = reader.special().expect("it is a pipe");
    let end: &PipeEnd = file_ops::downcast(&**ops).expect("it is a pipe");
    assert_eq!((end.len_bytes(), end.capacity_bytes()), (65_536, 65_536));
    assert_eq!(end.set_capacity_bytes(70_000), Ok(131_072));
    assert_eq!(write(&writer, b"x"), Ok(1));
    assert_eq!(end.set_capacity_bytes(4096), Err(FsError::Busy));
    assert_eq!(end.set_capacity_bytes(2 << 20), Err(FsError::NotPermitted));
    drop(writer);
    let mut all = vec![0; 70_000];
    assert_eq!(read(&reader, &mut all), Ok(65_537));
    assert_eq!(read(&reader, &mut all), Ok(0), "the end");
    drop(reader);
    assert_eq!(frames::counts().used_for(Purpose::Files), used);
}

#[test_case]
fn small_writes_are_whole_or_wait() {
    let (reader, writer) = pipe(NONBLOCK, (0, 0)).expect("memory");
    for _ in 0..16 {
        assert_eq!(write(&writer, &[1; 4000]), Ok(4000));
    }
    // Each page has 96 bytes left, but not in one piece.
    assert_eq!(write(&writer, &[2; 100]), Err(FsError::WouldBlock));
    assert_eq!(write(&writer, &[2; 96]), Ok(96));
    assert_eq!(read(&reader, &mut [0; 4000]), Ok(4000));
    assert_eq!(write(&writer, &[3; 4096]), Ok(4096));
    assert_eq!(write(&writer, &[3; 1]), Err(FsError::WouldBlock));
}

#[test_case]
fn write_without_a_reader_fails_also_while_it_waits() {
    let (reader, writer) = pipe(OpenFlags::empty(), (0, 0)).expect("memory");
    let thread = {
        let writer = writer.clone();
        task::spawn("writer", move || {
            let first = write(&writer, &vec![1; 80_000]);
            (first, write(&writer, b"x"))
        })
        .expect("memory")
    };
    // The writer has filled the pipe, and waits.
    crate::testing::wait_until(|| {
        !reader.readiness().is_empty() && { !writer.readiness().contains(Readiness::OUT) }
    });
    drop(reader);
    assert_eq!(thread.join(), (Ok(65_536), Err(FsError::BrokenPipe)));
    assert_eq!(writer.readiness(), Readiness::ERROR);
    drop(writer);
    wait_for_threads();
}

#[test_case]
fn a_million_bytes_go_through_a_pipe() {
    const BYTES: usize = 1_000_000;
    let (reader, writer) = pipe(OpenFlags::empty(), (0, 0)).expect("memory");
    let thread = task::spawn("writer", move || {
        let bytes: Vec<u8> = (0..BYTES).map(|index| (index % 251) as u8).collect();
        let mut rest = &bytes[..];
        for len in [1, 4095, 4097, 70_000, 12].into_iter().cycle() {
            let (now, later) = rest.split_at(len.min(rest.len()));
            assert_eq!(write(&writer, now), Ok(now.len()));
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
    })
    .expect("memory");
    let mut all = Vec::new();
    let mut piece = vec![0; 5000];
    loop {
        match read(&reader, &mut piece).expect("it is open") {
            0 => break,
            len => all.extend_from_slice(&piece[..len]),
        }
    }
    assert_eq!(all.len(), BYTES);
    assert!(all.iter().enumerate().all(|(index, byte)| *byte == (index % 251) as u8));
    thread.join();
    wait_for_threads();
}

#[test_case]
fn fifo_opens_when_both_ends_are_there() {
    let tree = Tree::new();
    create::make_node(&tree.caller(), b"fifo", NewKind::Fifo, mode(0o600)).expect("memory");
    let open = |flags| tree.open("fifo", flags);
    let write_only = OpenFlags::WRITE_ONLY;
    assert_eq!(open(write_only | NONBLOCK).map(drop), Err(FsError::NoDevice));
    let reader = open(NONBLOCK).expect("it doesn't wait");
    assert_eq!(reader.readiness(), Readiness::empty(), "no writer was there yet");
    assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    let writer = open(write_only).expect("there is a reader");
    assert_eq!(write(&writer, b"text"), Ok(4));
    assert_eq!(reader.readiness(), Readiness::IN);
    drop(writer);
    assert_eq!(reader.readiness(), Readiness::IN | Readiness::HANG_UP);
    let mut bytes = [0; 8];
    assert_eq!(read(&reader, &mut bytes), Ok(4));
    drop(reader);
    // An open for both directions never waits.
    let both = open(OpenFlags::READ_WRITE).expect("it doesn't wait");
    assert_eq!(write(&both, b"x"), Ok(1));
    assert_eq!(read(&both, &mut bytes), Ok(1));
    drop(both);

    let root = tree.root.clone();
    let thread = task::spawn("reader", move || {
        let caller = crate::fs::namespace::lookup::Caller::root(&root);
        let flags = OpenFlags::empty();
        let reader = crate::fs::file::open::open(&caller, b"fifo", flags, mode(0))?;
        let mut bytes = [0; 8];
        read(&reader, &mut bytes)
    })
    .expect("memory");
    let writer = open(write_only).expect("it waits for the reader");
    assert_eq!(write(&writer, b"hello"), Ok(5));
    assert_eq!(thread.join(), Ok(5));
    drop(writer);
    wait_for_threads();
    tree.end();
}

#[test_case]
fn poll_waits_for_the_first_of_several() {
    let (one_reader, one_writer) = pipe(OpenFlags::empty(), (0, 0)).expect("memory");
    let (other_reader, other_writer) = pipe(OpenFlags::empty(), (0, 0)).expect("memory");
    let item = |file: &Arc<_>, wanted| PollItem {
        file: Some(Arc::clone(file)),
        wanted: wanted | Readiness::ALWAYS,
        ready: Readiness::empty(),
    };
    let mut items = [
        item(&one_reader, Readiness::IN),
        item(&other_reader, Readiness::IN),
        PollItem { file: None, wanted: Readiness::IN, ready: Readiness::empty() },
    ];
    assert_eq!(poll(&mut items, PollWait::No), Ok(0));
    assert_eq!(poll(&mut items, PollWait::Until(0)), Ok(0));
    let thread = task::spawn("writer", move || {
        write(&other_writer, b"x").expect("it is open");
        other_writer
    })
    .expect("memory");
    assert_eq!(poll(&mut items, PollWait::Endless), Ok(1));
    assert_eq!(items[1].ready, Readiness::IN);
    assert_eq!(items[0].ready, Readiness::empty());
    let other_writer = thread.join();
    let mut all = [
        item(&one_writer, Readiness::OUT | Readiness::IN),
        item(&other_reader, Readiness::empty()),
    ];
    assert_eq!(poll(&mut all, PollWait::Endless), Ok(1));
    assert_eq!(all[0].ready, Readiness::OUT);
    drop(other_writer);
    // A hang-up is reported even if it wasn't requested.
    assert_eq!(poll(&mut all[1..], PollWait::Endless), Ok(1));
    assert_eq!(all[1].ready, Readiness::HANG_UP);
    wait_for_threads();
}
