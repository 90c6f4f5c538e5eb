//! Tests of sets of files.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::tree::{read, write};
use crate::fs::error::FsError;
use crate::fs::file::anonymous::pipe;
use crate::fs::file::epoll::events::{Interest, SetEvents};
use crate::fs::file::epoll::{self, FileSet};
use crate::fs::file::open_file::OpenFile;
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::file::poll::{PollItem, PollWait, poll};
use crate::fs::file::readiness::Readiness;
use crate::task;
use crate::testing::wait_for_threads;

fn asks(readiness: Readiness, how: SetEvents, data: u64) -> Interest {
    Interest { events: SetEvents::from_bits_retain(readiness.bits().into()) | how, data }
}

fn set_of(file: &Arc<OpenFile>) -> &FileSet {
    FileSet::of(file).expect("it is a set")
}

/// Returns the files that are ready now, by the data of their requests.
fn ready(set: &Arc<OpenFile>) -> Vec<u64> {
    let mut found = Vec::new();
    let count = set_of(set).wait(8, PollWait::No, |_, data| {
        found.push(data);
        Ok(())
    });
    assert_eq!(count, Ok(found.len()));
    found
}

fn ends() -> (Arc<OpenFile>, Arc<OpenFile>) {
    pipe(OpenFlags::empty(), (0, 0)).expect("memory")
}

#[test_case]
fn set_reports_levels_changes_and_single_events() {
    let set = epoll::open().expect("memory");
    let (reader, writer) = ends();
    let none = SetEvents::empty();
    assert_eq!(set_of(&set).add(3, &reader, asks(Readiness::IN, none, 1)), Ok(()));
    let twice = set_of(&set).add(3, &reader, asks(Readiness::IN, none, 1));
    assert_eq!(twice, Err(FsError::Exists));
    let edge = asks(Readiness::IN, SetEvents::EDGE, 2);
    assert_eq!(set_of(&set).add(4, &reader, edge), Ok(()));
    let once = asks(Readiness::IN, SetEvents::ONE_SHOT, 3);
    assert_eq!(set_of(&set).add(5, &reader, once), Ok(()));
    assert!(ready(&set).is_empty());
    write(&writer, b"x").expect("it is open");
    let mut first = ready(&set);
    first.sort_unstable();
    assert_eq!(first, [1, 2, 3]);
    assert_eq!(ready(&set), [1]);
    write(&writer, b"x").expect("it is open");
    let mut second = ready(&set);
    second.sort_unstable();
    assert_eq!(second, [1, 2], "the third is disabled");
    assert_eq!(set_of(&set).change(5, &reader, once), Ok(()));
    assert_eq!(ready(&set), [1, 3]);
    assert_eq!(set_of(&set).remove(3, &reader), Ok(()));
    assert_eq!(set_of(&set).remove(3, &reader), Err(FsError::NotFound));
    read(&reader, &mut [0; 8]).expect("there are bytes");
    assert!(ready(&set).is_empty());
}

#[test_case]
fn file_leaves_its_sets_when_it_is_closed() {
    let set = epoll::open().expect("memory");
    let (reader, writer) = ends();
    let weak = Arc::downgrade(&reader);
    set_of(&set).add(3, &reader, asks(Readiness::IN, SetEvents::empty(), 1)).expect("memory");
    write(&writer, b"x").expect("it is open");
    drop(reader);
    assert!(weak.upgrade().is_none(), "the set keeps no file open");
    assert!(ready(&set).is_empty());
    // The same descriptor refers to another file now.
    let (other, other_writer) = ends();
    set_of(&set).add(3, &other, asks(Readiness::IN, SetEvents::empty(), 2)).expect("memory");
    write(&other_writer, b"x").expect("it is open");
    assert_eq!(ready(&set), [2]);
    drop(set);
    assert_eq!(other.observer_count(), 0);
}

#[test_case]
fn level_triggered_waits_miss_no_byte() {
    const BYTES: usize = 2000;
    let set = epoll::open().expect("memory");
    let (reader, writer) = ends();
    set_of(&set).add(3, &reader, asks(Readiness::IN, SetEvents::empty(), 1)).expect("memory");
    // The writer waits until its byte was read, so the file is often not ready when it is checked.
    let (acknowledged, acknowledger) = ends();
    let thread = task::spawn("writer", move || {
        for _ in 0..BYTES {
            write(&writer, b"x").expect("it is open");
            read(&acknowledged, &mut [0; 1]).expect("it is open");
        }
        writer
    })
    .expect("memory");
    for _ in 0..BYTES {
        assert_eq!(set_of(&set).wait(8, PollWait::Endless, |_, _| Ok(())), Ok(1));
        assert_eq!(read(&reader, &mut [0; 8]), Ok(1));
        write(&acknowledger, b"x").expect("it is open");
        // Removes the file from the queue if the next byte isn't there yet.
        set_of(&set).wait(8, PollWait::No, |_, _| Ok(())).expect("memory");
    }
    let _writer = thread.join();
    wait_for_threads();
}

#[test_case]
fn sets_are_in_sets_but_not_in_themselves() {
    let sets: Vec<_> = (0..7).map(|_| epoll::open().expect("memory")).collect();
    let (reader, writer) = ends();
    let level = asks(Readiness::IN, SetEvents::empty(), 9);
    set_of(&sets[0]).add(3, &reader, level).expect("memory");
    for (inner, outer) in sets.iter().zip(&sets[1..5]) {
        assert_eq!(set_of(outer).add(4, inner, level), Ok(()));
    }
    let too_deep = set_of(&sets[5]).add(4, &sets[4], level);
    assert_eq!(too_deep, Err(FsError::TooManyLinks));
    let outside = set_of(&sets[0]).add(4, &sets[6], level);
    assert_eq!(outside, Err(FsError::TooManyLinks));
    for outer in &sets[..5] {
        let in_itself = set_of(&sets[0]).add(5, outer, level);
        assert_eq!(in_itself, Err(FsError::TooManyLinks));
    }
    // A thread that polls the outermost set is woken.
    let thread = task::spawn("writer", move || {
        write(&writer, b"x").expect("it is open");
        writer
    })
    .expect("memory");
    let file = Some(sets[4].clone());
    let mut items = [PollItem { file, wanted: Readiness::IN, ready: Readiness::empty() }];
    assert_eq!(poll(&mut items, PollWait::Endless), Ok(1));
    assert_eq!(ready(&sets[4]), [9]);
    let _writer = thread.join();
    wait_for_threads();
}
