//! Tests with several threads on one tree.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use path_walk::LastLink;

use super::tree::{Tree, mode, read, write};
use crate::fs::attributes::FileKind;
use crate::fs::file::open;
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::namespace::lookup::{self, Caller};
use crate::fs::namespace::path::Path;
use crate::fs::namespace::{create, remove, rename};
use crate::task;
use crate::testing::wait_for_threads;

/// A sequence of numbers that looks random.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % limit
    }
}

fn spawn_all(count: u64, root: &Path, body: fn(u64, &Path)) -> Vec<task::JoinHandle<()>> {
    (0..count)
        .map(|number| {
            let root = root.clone();
            task::spawn("files", move || body(number, &root)).expect("there is memory")
        })
        .collect()
}

/// Moves directories into each other, and back, at random.
fn storm(number: u64, root: &Path) {
    let caller = Caller::root(root);
    let mut numbers = Numbers(number + 1);
    for _ in 0..400 {
        let mut path = || match numbers.below(3) {
            0 => format!("{}", numbers.below(6)),
            1 => format!("{}/{}", numbers.below(6), numbers.below(6)),
            _ => format!("{}/{}/{}", numbers.below(6), numbers.below(6), numbers.below(6)),
        };
        let (from, to) = (path(), path());
        let target = match numbers.below(4) {
            0 => rename::Target::Exchange,
            1 => rename::Target::Keep,
            _ => rename::Target::Replace,
        };
        // Most renames fail, because a path doesn't exist or is below itself.
        let _ = rename::rename(&caller, from.as_bytes(), &caller, to.as_bytes(), target);
        let _ = match numbers.below(6) {
            0 => create::make_directory(&caller, from.as_bytes(), mode(0o755)).map(drop),
            1 => remove::remove_directory(&caller, to.as_bytes()),
            _ => lookup::look_up_path(&caller, to.as_bytes(), LastLink::Follow).map(drop),
        };
    }
}

/// Counts the directories below `directory`, and checks that each is its children's parent.
fn count(caller: Caller<'_>, directory: &Path, depth: usize) -> usize {
    assert!(depth < 64, "there is a circle");
    let at = caller.at(directory);
    let open = open::open(&at, b".", OpenFlags::DIRECTORY, mode(0)).expect("it is there");
    let mut names = Vec::new();
    open.read_directory(|entry| {
        if entry.name != b"." && entry.name != b".." {
            assert_eq!(entry.kind, FileKind::Directory);
            names.push(entry.name.to_vec());
        }
        true
    })
    .expect("it is a directory");
    assert_eq!(directory.inode().metadata().links as usize, names.len() + 2);
    let mut sum = names.len();
    for name in names {
        let child = lookup::look_up_path(&at, &name, LastLink::Keep).expect("it is there");
        assert!(child.parent() == *directory);
        sum += count(caller, &child, depth + 1);
    }
    sum
}

#[test_case]
fn storm_of_renames_keeps_a_tree() {
    let tree = Tree::new();
    for outer in 0..6 {
        tree.mkdir(&format!("{outer}")).expect("it is made");
        for inner in 0..6 {
            tree.mkdir(&format!("{outer}/{inner}")).expect("it is made");
        }
    }
    spawn_all(4, &tree.root, storm).into_iter().for_each(task::JoinHandle::join);
    let directories = count(tree.caller(), &tree.root, 0);
    assert_eq!(tree.used().1, directories as u64 + 1);
    wait_for_threads();
    tree.end();
}

#[test_case]
fn exclusive_creation_has_one_winner() {
    static WINNERS: AtomicUsize = AtomicUsize::new(0);
    WINNERS.store(0, Ordering::Relaxed);
    let tree = Tree::new();
    let threads = spawn_all(4, &tree.root, |_, root| {
        let caller = Caller::root(root);
        let flags = OpenFlags::CREATE | OpenFlags::EXCLUSIVE | OpenFlags::WRITE_ONLY;
        for index in 0..100 {
            let name = format!("{index}");
            if open::open(&caller, name.as_bytes(), flags, mode(0o600)).is_ok() {
                WINNERS.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    threads.into_iter().for_each(task::JoinHandle::join);
    assert_eq!(WINNERS.load(Ordering::Relaxed), 100);
    wait_for_threads();
    tree.end();
}

#[test_case]
fn appends_of_several_threads_are_whole() {
    let tree = Tree::new();
    let threads = spawn_all(4, &tree.root, |number, root| {
        let caller = Caller::root(root);
        let flags = OpenFlags::CREATE | OpenFlags::WRITE_ONLY | OpenFlags::APPEND;
        let file = open::open(&caller, b"log", flags, mode(0o600)).expect("it is made");
        for _ in 0..200 {
            assert_eq!(write(&file, &[b'a' + number as u8; 37]), Ok(37));
        }
    });
    threads.into_iter().for_each(task::JoinHandle::join);
    let bytes = tree.read("log").expect("it is there");
    assert_eq!(bytes.len(), 4 * 200 * 37);
    assert!(bytes.chunks(37).all(|line| line.iter().all(|byte| *byte == line[0])));
    wait_for_threads();
    tree.end();
}

#[test_case]
fn threads_that_share_a_position_read_each_byte_once() {
    let tree = Tree::new();
    let bytes: Vec<u8> = (0..40_000_u32).map(|index| (index % 250) as u8).collect();
    tree.write("f", &bytes).expect("there is room");
    let file = tree.open("f", OpenFlags::empty()).expect("it is there");
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let file = Arc::clone(&file);
            let body = move || {
                let (mut sum, mut len) = (0_u64, 0);
                let mut piece = [0; 100];
                loop {
                    match read(&file, &mut piece).expect("it is open") {
                        0 => return (sum, len),
                        read => {
                            sum += piece[..read].iter().map(|byte| u64::from(*byte)).sum::<u64>();
                            len += read;
                        }
                    }
                }
            };
            task::spawn("reader", body).expect("there is memory")
        })
        .collect();
    let sums: Vec<_> = threads.into_iter().map(task::JoinHandle::join).collect();
    assert_eq!(sums.iter().map(|sum| sum.1).sum::<usize>(), bytes.len());
    let expected: u64 = bytes.iter().map(|byte| u64::from(*byte)).sum();
    assert_eq!(sums.iter().map(|sum| sum.0).sum::<u64>(), expected);
    drop(file);
    wait_for_threads();
    tree.end();
}

#[test_case]
fn truncation_and_writes_at_once_leave_no_old_bytes() {
    static IS_OVER: AtomicBool = AtomicBool::new(false);
    IS_OVER.store(false, Ordering::Relaxed);
    let tree = Tree::new();
    tree.write("f", &[1; 20_000]).expect("there is room");
    let threads = spawn_all(2, &tree.root, |number, root| {
        let caller = Caller::root(root);
        let file = open::open(&caller, b"f", OpenFlags::READ_WRITE, mode(0)).expect("there");
        let mut numbers = Numbers(number + 7);
        while !IS_OVER.load(Ordering::Relaxed) {
            file.set_size(numbers.below(20_000)).expect("it is open");
            let at = numbers.below(20_000);
            let mut source = crate::fs::io::SliceSource::new(&[1; 500]);
            file.write_at(at, &mut source).expect("there is room");
            // Lets other threads run, also on a single CPU.
            task::yield_now();
        }
    });
    let file = tree.open("f", OpenFlags::empty()).expect("it is there");
    for _ in 0..300 {
        let mut bytes = [0; 6000];
        let mut sink = crate::fs::io::SliceSink::new(&mut bytes);
        let len = file.read_at(3000, &mut sink).expect("it is open");
        assert!(bytes[..len].iter().all(|byte| *byte <= 1));
        task::yield_now();
    }
    IS_OVER.store(true, Ordering::Relaxed);
    threads.into_iter().for_each(task::JoinHandle::join);
    drop(file);
    wait_for_threads();
    tree.end();
}
