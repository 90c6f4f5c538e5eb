//! Tests of names: making, removing, moving and walking them.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::tree::{Tree, forget_names, mode, read, write};
use crate::fs::attributes::{DeviceNumber, FileKind};
use crate::fs::error::FsError;
use crate::fs::file::open;
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::namespace::{create, dentry_cache, lookup, rename};
use crate::fs::new_inode::NewKind;

#[test_case]
fn names_come_and_go() {
    let tree = Tree::new();
    assert_eq!(tree.mkdir("a"), Ok(()));
    assert_eq!(tree.mkdir("a/b/"), Ok(()));
    assert_eq!(tree.mkdir("a"), Err(FsError::Exists));
    assert_eq!(tree.mkdir("/"), Err(FsError::Exists));
    assert_eq!(tree.mkdir("x/y"), Err(FsError::NotFound));
    assert_eq!(tree.write("a/f", b"text"), Ok(()));
    assert_eq!(tree.mkdir("a/f/x"), Err(FsError::NotADirectory));
    assert_eq!(tree.rmdir("a"), Err(FsError::NotEmpty));
    assert_eq!(tree.rmdir("a/f"), Err(FsError::NotADirectory));
    assert_eq!(tree.unlink("a/b"), Err(FsError::IsADirectory));
    assert_eq!(tree.unlink("a/f/"), Err(FsError::NotADirectory));
    assert_eq!(tree.rmdir("a/b/."), Err(FsError::InvalidArgument));
    assert_eq!(tree.rmdir("a/b/.."), Err(FsError::NotEmpty));
    assert_eq!(tree.rmdir("/"), Err(FsError::Busy));
    assert_eq!(tree.stat("a").map(|it| (it.links, it.size_bytes)), Ok((3, 80)));
    assert_eq!(tree.unlink("a/f"), Ok(()));
    assert_eq!(tree.unlink("a/f"), Err(FsError::NotFound));
    assert_eq!(tree.rmdir("a/b"), Ok(()));
    assert_eq!(tree.stat("a").map(|it| (it.links, it.size_bytes)), Ok((2, 40)));
    assert_eq!(tree.rmdir("a"), Ok(()));
    assert_eq!(tree.find("a").map(drop), Err(FsError::NotFound));
    assert_eq!(tree.used(), (0, 1));
    tree.end();
}

#[test_case]
fn a_file_lives_as_long_as_it_has_a_name_or_is_open() {
    let tree = Tree::new();
    tree.write("one", b"text").expect("it is made");
    tree.link("one", "two").expect("it is linked");
    assert_eq!(tree.stat("two").map(|it| it.links), Ok(2));
    tree.unlink("one").expect("it is there");
    assert_eq!(tree.read("two"), Ok(b"text".to_vec()));
    let file = tree.open("two", OpenFlags::READ_WRITE).expect("it is there");
    tree.unlink("two").expect("it is there");
    assert_eq!(file.inode().metadata().links, 0);
    let mut bytes = [0; 8];
    assert_eq!(read(&file, &mut bytes), Ok(4));
    assert_eq!(write(&file, b" more"), Ok(5));
    assert_eq!(tree.used(), (1, 2));
    let text = file.path().text(&tree.root).expect("memory");
    assert_eq!(text.as_deref(), Some(&b"/two (deleted)"[..]));
    drop(file);
    assert_eq!(tree.used(), (0, 1));
    // A directory can't have two names.
    tree.mkdir("d").expect("it is made");
    assert_eq!(tree.link("d", "e"), Err(FsError::NotPermitted));
    tree.end();
}

#[test_case]
fn open_flags_are_linuxs() {
    let tree = Tree::new();
    let open = |path, flags| tree.open(path, flags).map(drop);
    let create = OpenFlags::CREATE | OpenFlags::READ_WRITE;
    tree.mkdir("d").expect("it is made");
    assert_eq!(open("f", OpenFlags::empty()), Err(FsError::NotFound));
    assert_eq!(open("f/", create), Err(FsError::IsADirectory));
    assert_eq!(open("f", create), Ok(()));
    assert_eq!(open("f", create | OpenFlags::EXCLUSIVE), Err(FsError::Exists));
    assert_eq!(open("d", create), Err(FsError::IsADirectory));
    assert_eq!(open("d", OpenFlags::WRITE_ONLY), Err(FsError::IsADirectory));
    assert_eq!(open("d", OpenFlags::empty()), Ok(()));
    assert_eq!(open("f", OpenFlags::DIRECTORY), Err(FsError::NotADirectory));
    assert_eq!(open("f/", OpenFlags::empty()), Err(FsError::NotADirectory));
    tree.symlink("f", "link").expect("it is made");
    tree.symlink("new", "to-new").expect("it is made");
    assert_eq!(open("link", OpenFlags::empty()), Ok(()));
    assert_eq!(open("link", OpenFlags::NO_FOLLOW), Err(FsError::TooManyLinks));
    assert_eq!(open("link", OpenFlags::NO_FOLLOW | OpenFlags::PATH), Ok(()));
    assert_eq!(open("to-new", create | OpenFlags::EXCLUSIVE), Err(FsError::Exists));
    assert_eq!(open("to-new", create), Ok(()));
    assert_eq!(tree.stat("new").map(|it| it.kind), Ok(FileKind::Regular));
    tree.write("f", b"text").expect("it is there");
    assert_eq!(open("f", OpenFlags::WRITE_ONLY | OpenFlags::TRUNCATE), Ok(()));
    assert_eq!(tree.stat("f").map(|it| it.size_bytes), Ok(0));
    // Opened only as a path.
    let place = tree.open("f", OpenFlags::PATH).expect("it is there");
    assert_eq!(read(&place, &mut [0; 1]), Err(FsError::NotOpenForThis));
    assert_eq!(write(&place, b"x"), Err(FsError::NotOpenForThis));
    drop(place);
    // A file without a name.
    let unnamed = tree.open("d", OpenFlags::UNNAMED | OpenFlags::READ_WRITE).expect("memory");
    assert_eq!(write(&unnamed, b"text"), Ok(4));
    assert_eq!(unnamed.inode().metadata().links, 0);
    assert_eq!(tree.list("d"), Ok(vec![b".".to_vec(), b"..".to_vec()]));
    drop(unnamed);
    tree.end();
}

#[test_case]
fn links_are_followed_up_to_a_limit() {
    let tree = Tree::new();
    tree.write("0", b"end").expect("it is made");
    for index in 1..=1000 {
        tree.symlink(&format!("{}", index - 1), &format!("{index}")).expect("it is made");
    }
    assert_eq!(tree.read("40"), Ok(b"end".to_vec()));
    assert_eq!(tree.read("41"), Err(FsError::TooManyLinks));
    assert_eq!(tree.read("1000"), Err(FsError::TooManyLinks));
    let link = tree.stat("1000").expect("it isn't followed");
    assert_eq!((link.kind, link.size_bytes, link.mode), (FileKind::Symlink, 3, mode(0o777)));
    assert_eq!(tree.symlink("", "empty"), Err(FsError::NotFound));
    let long = "x".repeat(4095);
    assert_eq!(tree.symlink(&long, "long"), Ok(()));
    assert_eq!(tree.symlink(&"x".repeat(4096), "longer"), Err(FsError::NameTooLong));
    let path = lookup::look_up_path(&tree.caller(), b"long", path_walk::LastLink::Keep);
    let path = path.expect("it is there");
    let len = lookup::read_link(&path, &tree.root, |text| text.len());
    assert_eq!(len, Ok(4095));
    assert_eq!(tree.write(&"n".repeat(256), b""), Err(FsError::NameTooLong));
    assert_eq!(tree.write(&"n".repeat(255), b""), Ok(()));
    drop(path);
    tree.end();
}

#[test_case]
fn renames_keep_what_moves() {
    let tree = Tree::new();
    for path in ["a", "b", "a/d", "a/d/e", "b/empty", "b/full", "b/full/x"] {
        tree.mkdir(path).expect("it is made");
    }
    tree.write("a/f", b"f").expect("it is made");
    tree.write("b/g", b"g").expect("it is made");
    assert_eq!(tree.rename("a/f", "b/h"), Ok(()));
    assert_eq!(tree.read("b/h"), Ok(b"f".to_vec()));
    assert_eq!(tree.read("a/f"), Err(FsError::NotFound));
    assert_eq!(tree.rename("b/h", "b/g"), Ok(()));
    assert_eq!(tree.read("b/g"), Ok(b"f".to_vec()));
    assert_eq!(tree.rename("a/d", "a/d/e/x"), Err(FsError::InvalidArgument));
    assert_eq!(tree.rename("a/d", "a/d"), Ok(()));
    assert_eq!(tree.rename("a/d/e", "a"), Err(FsError::NotEmpty));
    assert_eq!(tree.rename("a/d", "b/full"), Err(FsError::NotEmpty));
    assert_eq!(tree.rename("a/d", "b/g"), Err(FsError::NotADirectory));
    assert_eq!(tree.rename("b/g", "a/d"), Err(FsError::IsADirectory));
    assert_eq!(tree.rename("b/g", "b/new/"), Err(FsError::NotADirectory));
    assert_eq!(tree.rename("missing", "b/new"), Err(FsError::NotFound));
    assert_eq!(tree.rename("a/.", "b/new"), Err(FsError::Busy));
    assert_eq!(tree.rename("a/d/..", "b/new"), Err(FsError::Busy));
    let inside = tree.find("a/d/e").expect("it is there");
    assert_eq!(tree.rename("a/d", "b/empty"), Ok(()));
    assert_eq!(inside.text(&tree.root), Ok(Some(b"/b/empty/e".to_vec())));
    assert_eq!(inside.parent().parent().text(&tree.root), Ok(Some(b"/b".to_vec())));
    drop(inside);
    assert_eq!(tree.stat("a").map(|it| it.links), Ok(2));
    assert_eq!(tree.stat("b").map(|it| it.links), Ok(4));

    assert_eq!(tree.rename_as("b/g", "b/full", rename::Target::Keep), Err(FsError::Exists));
    assert_eq!(tree.rename_as("b/g", "a/none", rename::Target::Exchange), Err(FsError::NotFound));
    assert_eq!(tree.rename_as("b/g", "b/full", rename::Target::Exchange), Ok(()));
    assert_eq!(tree.read("b/full"), Ok(b"f".to_vec()));
    assert_eq!(tree.stat("b/g/x").map(|it| it.kind), Ok(FileKind::Directory));
    assert_eq!(tree.rename_as("b", "b/g", rename::Target::Exchange), Err(FsError::InvalidArgument));
    assert_eq!(
        tree.rename_as("b/g/x", "b", rename::Target::Exchange),
        Err(FsError::InvalidArgument)
    );
    assert_eq!(tree.rename_as("b/g", "a", rename::Target::Exchange), Ok(()));
    assert_eq!(tree.stat("a/x").map(|it| it.kind), Ok(FileKind::Directory));
    // For two names of one file, nothing happens.
    tree.link("b/full", "b/twin").expect("it is linked");
    assert_eq!(tree.rename("b/full", "b/twin"), Ok(()));
    assert_eq!(tree.stat("b/full").map(|it| it.links), Ok(2));
    tree.end();
}

#[test_case]
fn removed_directories_take_no_names() {
    let tree = Tree::new();
    tree.mkdir("d").expect("it is made");
    let directory = tree.find("d").expect("it is there");
    let open = tree.open("d", OpenFlags::DIRECTORY).expect("it is there");
    let caller = tree.caller().at(&directory);
    // A free name is cached until the directory is removed.
    assert!(lookup::look_up_path(&caller, b"x", path_walk::LastLink::Keep).is_err());
    tree.rmdir("d").expect("it is empty");
    let made = create::make_directory(&caller, b"x", mode(0o755)).map(drop);
    assert_eq!(made, Err(FsError::NotFound));
    let made = open::open(&caller, b"x", OpenFlags::CREATE, mode(0o644)).map(drop);
    assert_eq!(made, Err(FsError::NotFound));
    assert_eq!(open.read_directory(|_| true), Err(FsError::NotFound));
    // Its parent is still known.
    let parent = lookup::look_up_path(&caller, b"..", path_walk::LastLink::Keep);
    assert_eq!(parent.as_ref(), Ok(&tree.root));
    drop((directory, open, parent));
    tree.end();
}

#[test_case]
fn directories_are_read_in_pieces_while_they_change() {
    let tree = Tree::new();
    for index in 0..300 {
        tree.write(&format!("{index}"), b"").expect("it is made");
    }
    let file = tree.open(".", OpenFlags::DIRECTORY).expect("it is there");
    let mut names: Vec<Vec<u8>> = Vec::new();
    let mut round = 0;
    loop {
        let before = names.len();
        let mut taken = 0;
        file.read_directory(|entry| {
            taken += 1;
            if taken <= 7 {
                names.push(entry.name.to_vec());
            }
            taken <= 7
        })
        .expect("it is a directory");
        if names.len() == before {
            break;
        }
        // Some of the names that were read are removed, and new ones are made.
        let last = String::from_utf8(names.last().expect("there is one").clone()).expect("ASCII");
        if last != ".." && last != "." {
            tree.unlink(&last).expect("it is there");
        }
        if round < 20 {
            tree.write(&format!("new{round}"), b"").expect("it is made");
        }
        round += 1;
    }
    assert_eq!(names[..2], [b".".to_vec(), b"..".to_vec()]);
    for index in 0..300 {
        let name = format!("{index}").into_bytes();
        assert_eq!(names.iter().filter(|other| **other == name).count(), 1, "{index}");
    }
    assert_eq!(names.len(), 322);
    drop(file);
    tree.end();
}

#[test_case]
fn deep_trees_end_without_a_deep_recursion() {
    let tree = Tree::new();
    let mut at = tree.root.clone();
    for _ in 0..3000 {
        let caller = tree.caller().at(&at);
        at = create::make_directory(&caller, b"d", mode(0o755)).expect("there is room");
    }
    let text = at.text(&tree.root).expect("memory").expect("it is in the tree");
    assert_eq!(text.len(), 6000);
    // Each of these directories is kept alive only by the one below it.
    forget_names();
    drop(at);
    forget_names();
    tree.end();
}

#[test_case]
fn devices_and_fifos_are_nodes() {
    let tree = Tree::new();
    let number = DeviceNumber { major: 240, minor: 7 };
    let made = create::make_node(&tree.caller(), b"c", NewKind::CharDevice(number), mode(0o600));
    assert_eq!(made.map(|path| path.inode().represents()), Ok(number));
    assert_eq!(tree.open("c", OpenFlags::empty()).map(drop), Err(FsError::NoDevice));
    let made = create::make_node(&tree.caller(), b"s", NewKind::Socket, mode(0o600));
    assert!(made.is_ok());
    drop(made);
    assert_eq!(tree.open("s", OpenFlags::empty()).map(drop), Err(FsError::NoDevice));
    tree.end();
}

#[test_case]
fn file_system_that_is_full_stays_whole() {
    let tree = Tree::new();
    let mut made = 0;
    loop {
        match tree.write(&format!("{made}"), b"") {
            Ok(()) => made += 1,
            Err(error) => break assert_eq!(error, FsError::NoSpace),
        }
    }
    assert_eq!(made, super::tree::LIMITS.inodes - 1);
    assert_eq!(tree.mkdir("x"), Err(FsError::NoSpace));
    assert_eq!(tree.symlink("x", "x"), Err(FsError::NoSpace));
    assert_eq!(tree.unlink("7"), Ok(()));
    assert_eq!(tree.mkdir("x"), Ok(()));
    let before = dentry_cache::len();
    assert!(before > 0);
    tree.end();
}
