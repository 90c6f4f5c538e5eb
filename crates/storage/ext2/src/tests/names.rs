//! Names and nodes: made, moved, removed.

use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

use volume::{Kind, MapFor, NewNode, RenameKind, Volume, VolumeError};

use super::host;
use super::images::OPTIONS;
use super::session::{NOW, Session, new};

#[test]
fn nodes_of_all_kinds() {
    for options in OPTIONS {
        let mut session = Session::make(4096, options);
        let before = session.free();
        let kinds = [
            ("file", Kind::Regular),
            ("directory", Kind::Directory),
            ("fifo", Kind::Fifo),
            ("socket", Kind::Socket),
            ("tty", Kind::CharDevice(4, 64)),
            ("disk", Kind::BlockDevice(255, 255)),
            ("many", Kind::BlockDevice(256, 3)),
            ("wide", Kind::CharDevice(4095, 0xF_FFFF)),
        ];
        for (name, kind) in kinds {
            session.create(name, kind);
        }
        let mut session = session.reopen();
        for (name, kind) in kinds {
            let node = session.find(name);
            let attributes = session.attributes(node);
            assert_eq!(attributes.kind, kind);
            let attributes = attributes.changeable;
            assert_eq!((attributes.mode, attributes.uid, attributes.gid), (0o644, 1000, 100_000));
        }
        for major in [(4096, 0), (0, 0x10_0000)] {
            let result = session.try_create("no", &new(Kind::CharDevice(major.0, major.1)));
            assert_eq!(result, Err(VolumeError::NotSupported));
        }
        let mut bytes = session.disk.bytes();
        let printed = host::debugfs(&mut bytes, &["stat /wide", "stat /tty"]);
        assert!(
            printed.contains("(New-style) Device number: 4095:1048575") || printed.contains("4095"),
            "{printed}"
        );
        for (name, _) in kinds {
            session.remove(name).unwrap();
        }
        let mut session = session.reopen();
        assert_eq!(session.free(), before);
        assert_eq!(session.names(""), ["lost+found"]);
    }
}

#[test]
fn counts_of_names_follow_directories() {
    let mut session = Session::make(2048, &["-t", "ext2"]);
    for path in ["a", "b", "a/one", "a/two", "b/three"] {
        session.create(path, Kind::Directory);
    }
    let file = session.create("a/file", Kind::Regular);
    let links = |session: &mut Session| {
        ["", "a", "b"].map(|path| {
            let node = session.find(path);
            session.attributes(node).links
        })
    };
    assert_eq!(links(&mut session), [5, 4, 3]);
    session.rename("a/one", "b/one", RenameKind::Replace).unwrap();
    assert_eq!(links(&mut session), [5, 3, 4]);
    let one = session.find("b/one");
    assert_eq!(session.volume.parent(one).unwrap(), session.find("b"));
    // Onto an empty directory, and onto one that isn't.
    session.rename("a/two", "b/three", RenameKind::Replace).unwrap();
    assert_eq!(links(&mut session), [5, 2, 4]);
    session.create("b/three/deep", Kind::Regular);
    let full = session.rename("b/one", "b/three", RenameKind::Replace);
    assert_eq!(full, Err(VolumeError::NotEmpty));
    // A file and a directory.
    session.rename("a/file", "b/three", RenameKind::Exchange).unwrap();
    assert_eq!(links(&mut session), [5, 3, 3]);
    assert_eq!(session.find("b/three"), file);
    assert_eq!(session.names("a/file"), ["deep"]);
    // Two directories, and two names in one directory.
    session.rename("a/file", "b/one", RenameKind::Exchange).unwrap();
    session.rename("b/one", "b/three", RenameKind::Exchange).unwrap();
    assert_eq!(session.find("b/one"), file);
    assert_eq!(links(&mut session), [5, 3, 3]);
    session.rename("b/one", "b/another name, which is longer", RenameKind::Replace).unwrap();
    let mut session = session.reopen();
    assert_eq!(session.names("b"), ["another name, which is longer", "three"]);
    assert_eq!(session.remove("b/three"), Err(VolumeError::NotEmpty));
    session.close();
}

#[test]
fn file_with_several_names_ends_with_the_last() {
    let mut session = Session::make(2048, &["-t", "ext2"]);
    let before = session.free();
    let root = session.volume.root();
    let file = session.create("a", Kind::Regular);
    session.write(file, 0, &[7; 300_000]).unwrap();
    session.volume.link(root, b"b", file).unwrap();
    session.volume.link(root, b"c", file).unwrap();
    session.remove("a").unwrap();
    session.rename("b", "c", RenameKind::Replace).unwrap();
    assert_eq!(session.attributes(file).links, 2);
    session.remove("b").unwrap();
    assert_eq!(session.attributes(file).links, 1);
    session.volume.remove(root, b"c", file).unwrap();
    // It is in use still.
    assert_eq!(session.attributes(file).links, 0);
    assert_eq!(session.read(file, 299_000, 1000), [7; 1000]);
    assert_ne!(session.free(), before);
    session.volume.forget(file, NOW).unwrap();
    assert_eq!(session.free(), before);
    session.close();
}

#[test]
fn node_with_a_time_of_its_end_is_no_free_one() {
    let mut session = Session::make(2048, &["-t", "ext2"]);
    let before = session.free();
    session.create("f", Kind::Regular);
    let mut bytes = session.close();
    host::debugfs(&mut bytes, &["sif f dtime 20200101"]);
    let mut session = Session::open(bytes);
    session.remove("f").unwrap();
    assert_eq!(session.free(), before);
    session.close();
}

#[test]
fn node_without_a_name_ends_or_gets_one() {
    let mut session = Session::make(2048, &["-t", "ext2"]);
    let before = session.free();
    let root = session.volume.root();
    let one = session.volume.create(root, None, &new(Kind::Regular)).unwrap();
    let two = session.volume.create(root, None, &new(Kind::Regular)).unwrap();
    session.write(one, 0, b"one").unwrap();
    session.write(two, 0, b"two").unwrap();
    session.volume.forget(one, NOW).unwrap();
    session.volume.link(root, b"two", two).unwrap();
    session.volume.forget(two, NOW).unwrap();
    let mut session = session.reopen();
    assert_eq!(session.contents("two"), b"two");
    let directory = session.volume.create(root, None, &new(Kind::Directory));
    assert_eq!(directory, Err(VolumeError::NotSupported));
    session.remove("two").unwrap();
    assert_eq!(session.free(), before);
    session.close();
}

#[test]
fn removed_directory_is_empty_and_gets_no_names() {
    let mut session = Session::make(2048, &["-t", "ext2"]);
    let before = session.free();
    let root = session.volume.root();
    let directory = session.create("a", Kind::Directory);
    session.volume.remove(root, b"a", directory).unwrap();
    assert!(session.entries(directory, 9).is_empty());
    let result = session.volume.create(directory, Some(b"b"), &new(Kind::Regular));
    assert_eq!(result, Err(VolumeError::NotSupported));
    assert_eq!(session.volume.parent(directory), Ok(root));
    session.volume.forget(directory, NOW).unwrap();
    assert_eq!(session.free(), before);
    session.close();
}

/// The kernel relies on a tree without circles.
#[test]
fn directory_in_two_directories_is_damage() {
    let mut session = Session::make(2048, &["-t", "ext2"]);
    for path in ["a", "a/b", "a/b/c"] {
        session.create(path, Kind::Directory);
    }
    let mut bytes = session.close();
    host::debugfs(&mut bytes, &["ln /a /a/b/up", "ln / /a/b/root", "ln / /self", "ln /a/b /same"]);
    let mut session = Session::open(bytes);
    let directory = session.find("a/b");
    let root = session.volume.root();
    let damage = Err(VolumeError::Damaged("a directory in two directories"));
    assert_eq!(session.volume.lookup(directory, b"up"), damage);
    assert_eq!(session.volume.lookup(directory, b"root"), damage);
    assert_eq!(session.volume.lookup(root, b"self"), damage);
    assert_eq!(session.volume.lookup(root, b"same"), damage);
    session.find("a/b/c");
}

#[test]
fn texts_of_links() {
    for block_bytes in [1024_usize, 2048, 4096] {
        let mut session = Session::make(2048, &["-t", "ext2", "-b", &format!("{block_bytes}")]);
        let before = session.free();
        let lens = [1, 58, 59, 60, 61, 500, block_bytes - 1];
        let text = |len: usize| -> Vec<u8> { (0..len).map(|at| b'a' + (at % 23) as u8).collect() };
        for len in lens {
            let node = session.link(&format!("l{len}"), &text(len)).unwrap();
            let blocks = session.attributes(node).blocks_512;
            assert_eq!(blocks > 0, len > 59, "{len}");
        }
        assert_eq!(session.link("no", &text(block_bytes)), Err(VolumeError::NameTooLong));
        assert_eq!(session.link("no", b""), Err(VolumeError::InvalidName));
        let mut session = session.reopen();
        for len in lens {
            let name = format!("l{len}");
            assert_eq!(session.text(&name), text(len));
            let mut bytes = session.disk.bytes();
            let printed = host::debugfs(&mut bytes, &[&format!("stat /{name}")]);
            assert!(printed.contains("Type: symlink"), "{printed}");
            session.remove(&name).unwrap();
        }
        let root = session.volume.root();
        assert_eq!(session.volume.link_text(root, &mut vec![]), Err(VolumeError::NotSupported));
        assert_eq!(session.free(), before);
        session.close();
    }
}

#[test]
fn names_of_up_to_255_bytes() {
    let mut session = Session::make(4096, &["-t", "ext2", "-b", "1024"]);
    let names: Vec<String> = (1..=255).map(|len| "n".repeat(len)).collect();
    for name in &names {
        session.create(name, Kind::Regular);
    }
    let long = "n".repeat(256);
    let result = session.try_create(&long, &new(Kind::Regular));
    assert_eq!(result, Err(VolumeError::NameTooLong));
    assert_eq!(session.try_find(&long), None);
    let renamed = session.rename("n", &long, RenameKind::Replace);
    assert_eq!(renamed, Err(VolumeError::NameTooLong));
    let mut session = session.reopen();
    for name in &names {
        session.find(name);
    }
    assert_eq!(session.names("").len(), 256);
    for name in names.iter().step_by(2) {
        session.remove(name).unwrap();
    }
    assert_eq!(session.names("").len(), 128);
    session.close();
}

#[test]
fn directories_500_deep() {
    let mut session = Session::make(4096, &["-t", "ext2", "-b", "1024"]);
    let before = session.free();
    let mut nodes = vec![session.volume.root()];
    for _ in 0..500 {
        let parent = *nodes.last().unwrap();
        nodes.push(session.volume.create(parent, Some(b"d"), &new(Kind::Directory)).unwrap());
    }
    let mut session = session.reopen();
    for pair in nodes.windows(2).rev() {
        assert_eq!(session.volume.lookup(pair[0], b"d"), Ok(Some(pair[1])));
        assert_eq!(session.volume.parent(pair[1]), Ok(pair[0]));
        session.volume.remove(pair[0], b"d", pair[1]).unwrap();
        session.volume.forget(pair[1], NOW).unwrap();
    }
    assert_eq!(session.free(), before);
    session.close();
}

#[test]
fn directory_has_at_most_32000_names() {
    let mut session = Session::make(65_536, &["-t", "ext2", "-b", "1024", "-N", "33000"]);
    let root = session.volume.root();
    let file = session.create("f", Kind::Regular);
    session.create("d", Kind::Directory);
    let full = session.create("full", Kind::Directory);
    for number in 2..32_000 {
        let name = format!("{number}");
        session.volume.create(full, Some(name.as_bytes()), &new(Kind::Directory)).unwrap();
    }
    assert_eq!(session.attributes(full).links, 32_000);
    let more = session.try_create("full/d", &new(Kind::Directory));
    assert_eq!(more, Err(VolumeError::TooManyNames));
    let moved = session.rename("d", "full/d", RenameKind::Replace);
    assert_eq!(moved, Err(VolumeError::TooManyNames));
    session.create("full/file", Kind::Regular);
    for (from, to) in [("full/file", "d"), ("d", "full/file")] {
        let exchanged = session.rename(from, to, RenameKind::Exchange);
        assert_eq!(exchanged, Err(VolumeError::TooManyNames));
    }
    // A directory for another one is no more, a file is one less.
    session.rename("d", "full/5", RenameKind::Replace).unwrap();
    session.rename("f", "full/6", RenameKind::Exchange).unwrap();
    assert_eq!(session.attributes(full).links, 31_999);
    session.volume.link(root, b"g", file).unwrap();
    session.close();
}

#[test]
fn entries_that_stay_are_passed_once_while_others_change() {
    let mut session = Session::make(4096, &["-t", "ext2", "-b", "1024"]);
    let root = session.volume.root();
    let stays = |number: u32| number.is_multiple_of(3);
    for number in 0..300 {
        session.create(&format!("{number}"), Kind::Regular);
    }
    let mut seen = Vec::new();
    let mut cursor = 0;
    for round in 0_u32.. {
        let mut count = 0;
        session
            .volume
            .read_directory(root, cursor, &mut |entry| {
                seen.push(String::from_utf8_lossy(entry.name).into_owned());
                cursor = entry.next;
                count += 1;
                count < 4
            })
            .unwrap();
        if count < 4 {
            break;
        }
        // Names around the cursor go, and others with more and less bytes come.
        let last: u32 = seen.last().unwrap().parse().unwrap_or(0);
        for number in last.saturating_sub(3)..=last + 3 {
            let name = format!("{number}");
            if !stays(number) && session.try_find(&name).is_some() {
                session.remove(&name).unwrap();
            }
        }
        session
            .create(&format!("n{round}{}", "n".repeat((round * 37 % 90) as usize)), Kind::Regular);
    }
    for number in (0..300).filter(|number| stays(*number)) {
        let name = format!("{number}");
        assert_eq!(seen.iter().filter(|one| **one == name).count(), 1, "{name}");
    }
    session.close();
}

#[test]
fn room_in_directories_is_used_again() {
    let mut session = Session::make(4096, &["-t", "ext2", "-b", "1024"]);
    let directory = session.create("d", Kind::Directory);
    let size = |session: &mut Session, path: &str| {
        let node = session.find(path);
        session.attributes(node).changeable.size_bytes
    };
    let long = |number: u32| format!("d/{number:03}{}", "l".repeat(200));
    for number in 0..80 {
        session.create(&long(number), Kind::Fifo);
    }
    let before = size(&mut session, "d");
    assert_eq!(before, 20 * 1024);
    // Short names have room after the long ones, and others in the place of those.
    for number in 0..100 {
        session.create(&format!("d/s{number}"), Kind::Fifo);
    }
    for number in 0..40 {
        session.remove(&long(number)).unwrap();
    }
    session.volume.commit().unwrap();
    for number in 100..140 {
        session.create(&long(number), Kind::Fifo);
    }
    assert_eq!(size(&mut session, "d"), before);
    for name in session.names("d") {
        session.remove(&format!("d/{name}")).unwrap();
    }
    session.create("d/last", Kind::Fifo);
    session.remove("d/last").unwrap();
    session.volume.commit().unwrap();
    for number in 0..80 {
        session.create(&long(number), Kind::Fifo);
    }
    for name in session.names("d") {
        session.remove(&format!("d/{name}")).unwrap();
    }
    session.volume.remove(session.volume.root(), b"d", directory).unwrap();
    session.volume.forget(directory, NOW).unwrap();
    session.volume.commit().unwrap();
    // The next directory has the inode, but not the blocks.
    assert_eq!(session.create("e", Kind::Directory), directory);
    session.create("e/first", Kind::Fifo);
    assert_eq!(size(&mut session, "e"), 1024);
    session.close();
}

#[test]
fn directory_of_20000_entries() {
    let mut session = Session::make(16_384, &["-t", "ext2", "-b", "1024", "-N", "21000"]);
    let before = session.free();
    let root = session.volume.root();
    let directory = session.create("many", Kind::Directory);
    let name = |number: u32| format!("entry number {number}");
    for number in 0..20_000 {
        session.volume.create(directory, Some(name(number).as_bytes()), &new(Kind::Fifo)).unwrap();
    }
    let mut session = session.reopen();
    let entries = session.entries(directory, 1000);
    assert_eq!(entries.len(), 20_000);
    // Names that are used in their order aren't searched from the start on.
    for (name, node, _) in &entries {
        session.disk.limit_transfers(8);
        assert_eq!(session.volume.lookup(directory, name.as_bytes()), Ok(Some(*node)));
    }
    session.disk.limit_transfers(1000);
    assert_eq!(session.volume.lookup(directory, b"none"), Ok(None));
    // Nor are others any longer, present or not.
    for (name, node, _) in entries.iter().rev().step_by(7) {
        session.disk.limit_transfers(8);
        assert_eq!(session.volume.lookup(directory, name.as_bytes()), Ok(Some(*node)));
        assert_eq!(session.volume.lookup(directory, &name.as_bytes()[1..]), Ok(None));
    }
    session.disk.limit_transfers(u64::MAX);
    let file = session.create("file", Kind::Regular);
    session.remove("file").unwrap();
    let hole = session.volume.map(file, 0, 1, MapFor::Find);
    assert!(hole.is_ok_and(|extent| extent.place.is_none()));
    for (name, node, _) in entries {
        session.volume.remove(directory, name.as_bytes(), node).unwrap();
        session.volume.forget(node, NOW).unwrap();
    }
    session.volume.remove(root, b"many", directory).unwrap();
    session.volume.forget(directory, NOW).unwrap();
    assert_eq!(session.free(), before);
    session.close();
}

/// Names are found or not as they should be, in whatever order names are added, removed and moved.
#[test]
fn names_of_large_directories_are_known() {
    let mut session = Session::make(8192, &["-t", "ext2", "-b", "1024"]);
    let name = |number: u32| format!("{number}{}", "-".repeat(number as usize % 40));
    let mut there = [[false; 400]; 2];
    for directory in ["0", "1"] {
        session.create(directory, Kind::Directory);
    }
    let mut state = 1_u32;
    let mut random = |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % below
    };
    let mut has_known = 0;
    for step in 0..6000 {
        let (directory, number) = (step / 500 % 2, random(400));
        let path = format!("{directory}/{}", name(number as u32));
        let is_there = &mut there[directory][number];
        assert_eq!(session.try_find(&path).is_some(), *is_there, "{path}");
        match (*is_there, random(3)) {
            (false, _) => {
                session.create(&path, Kind::Fifo);
                *is_there = true;
            }
            (true, 0) => {
                session.remove(&path).unwrap();
                *is_there = false;
            }
            (true, _) => {
                let to = random(400);
                let target = format!("{directory}/{}", name(to as u32));
                if to != number {
                    session.rename(&path, &target, RenameKind::Replace).unwrap();
                    (there[directory][number], there[directory][to]) = (false, true);
                }
            }
        }
        has_known += u32::from(session.volume.known_names.is_some());
        if step % 97 == 0 {
            session.volume.commit().unwrap();
        }
    }
    assert!(has_known > 4000, "{has_known}");
    let mut session = session.reopen();
    for (directory, there) in there.iter().enumerate() {
        let names = session.names(&format!("{directory}"));
        assert_eq!(names.len(), there.iter().filter(|is_there| **is_there).count());
    }
}

#[test]
fn new_node_needs_a_directory() {
    let mut session = Session::make(1024, &["-t", "ext2"]);
    let file = session.create("f", Kind::Regular);
    let link = NewNode { link_text: b"x", ..new(Kind::Symlink) };
    let result = session.volume.create(file, Some(b"l"), &link);
    assert_eq!(result, Err(VolumeError::NotADirectory));
    assert_eq!(session.volume.lookup(file, b"l"), Err(VolumeError::NotADirectory));
    assert_eq!(session.volume.parent(file), Err(VolumeError::NotADirectory));
    let listed = session.volume.read_directory(file, 0, &mut |_| true);
    assert_eq!(listed, Err(VolumeError::NotADirectory));
    let root = session.volume.root();
    let mapped = session.volume.map(root, 0, 1, MapFor::Write);
    assert_eq!(mapped, Err(VolumeError::NotSupported));
    session.close();
}
