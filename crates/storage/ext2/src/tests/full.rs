//! Volumes without room, and disks that fail.

use std::format;
use std::vec;

use volume::{Kind, MapFor, RenameKind, Volume, VolumeError};

use super::host;
use super::images::OPTIONS;
use super::session::{NOW, Session, new};

#[test]
fn full_volume_has_all_its_room_again() {
    for options in OPTIONS {
        let mut session = Session::make(3072, options);
        let before = session.free();
        let root = session.volume.root();
        let directory = session.create("d", Kind::Directory);
        let mut number = 0_u64;
        'full: loop {
            let name = format!("{number}");
            let file = match session.volume.create(
                directory,
                Some(name.as_bytes()),
                &new(Kind::Regular),
            ) {
                Ok(file) => file,
                Err(VolumeError::NoSpace) => break,
                Err(error) => panic!("{error}"),
            };
            number += 1;
            // With holes, so that tables are needed at all places.
            for part in 0..number % 40 {
                match session.write(file, part * part * 3000, &[number as u8; 2500]) {
                    Ok(()) => {}
                    Err(VolumeError::NoSpace) => break 'full,
                    Err(error) => panic!("{error}"),
                }
            }
        }
        // Each operation that needs a block fails, and leaves nothing.
        let (blocks, _) = session.free();
        if blocks == 0 {
            let no_space = |result: Result<_, VolumeError>| {
                assert_eq!(result.map(drop), Err(VolumeError::NoSpace))
            };
            let nodes = session.free();
            no_space(session.try_create("d/none", &new(Kind::Directory)));
            no_space(session.link("d/none", &[b'x'; 100]));
            let file = session.find("d/0");
            no_space(session.write(file, 5000, b"x").map(|()| file));
            assert_eq!(session.free(), nodes);
        }
        let mut session = session.reopen();
        let last = format!("d/{}", number - 1);
        let file = session.find(&last);
        session.truncate(file, 100);
        let mut session = session.reopen();
        for number in 0..number {
            session.remove(&format!("d/{number}")).unwrap();
        }
        session.volume.remove(root, b"d", directory).unwrap();
        session.volume.forget(directory, NOW).unwrap();
        assert_eq!(session.free(), before, "{options:?}");
        session.reopen().close();
    }
}

#[test]
fn no_inode_is_left() {
    let mut session = Session::make(4096, &["-t", "ext2", "-b", "1024", "-N", "64", "-g", "1024"]);
    let before = session.free();
    let mut number = 0;
    while session.try_create(&format!("{number}"), &new(Kind::Regular)).is_ok() {
        number += 1;
    }
    assert_eq!(session.free().1, 0);
    assert!(number > 40);
    let result = session.try_create("none", &new(Kind::Directory));
    assert_eq!(result, Err(VolumeError::NoSpace));
    let mut session = session.reopen();
    for number in 0..number {
        session.remove(&format!("{number}")).unwrap();
    }
    assert_eq!(session.free(), before);
    session.close();
}

/// Tables that are needed for a block are taken with it, or not at all.
#[test]
fn block_without_room_for_its_tables_leaves_nothing() {
    let mut session = Session::make(1024, &["-t", "ext2", "-b", "1024"]);
    let filler = session.create("filler", Kind::Regular);
    let file = session.create("file", Kind::Regular);
    while session.free().0 > 3 {
        let (blocks, _) = session.free();
        let size = session.attributes(filler).changeable.size_bytes;
        let part = (blocks - 3).min(64) as usize * 1024;
        if session.write(filler, size, &vec![1; part]).is_err() {
            break;
        }
        let (left, _) = session.free();
        assert!(left >= 1);
    }
    while session.free().0 < 3 {
        let size = session.attributes(filler).changeable.size_bytes;
        session.truncate(filler, size - 1024);
    }
    let free = session.free();
    let triple = (12 + 256 + 256 * 256 + 5) * 1024;
    let result = session.volume.map(file, triple, 1024, MapFor::Write);
    assert_eq!(result, Err(VolumeError::NoSpace));
    assert_eq!(session.free(), free);
    session.close();
}

#[test]
fn name_without_room_changes_nothing() {
    let mut session = Session::make(1024, &["-t", "ext2", "-b", "1024"]);
    session.create("d", Kind::Directory);
    session.create("file", Kind::Regular);
    let filler = session.create("filler", Kind::Regular);
    for number in 0..7 {
        session.create(&format!("d/{number}{}", "n".repeat(130)), Kind::Fifo);
    }
    while session.free().0 > 0 {
        let size = session.attributes(filler).changeable.size_bytes;
        let _ = session.write(filler, size, &[1; 1024]);
        if session.free().0 == 1 {
            let other = session.create("other", Kind::Regular);
            session.write(other, 0, &[1]).unwrap();
        }
    }
    let to = format!("d/{}", "m".repeat(200));
    let result = session.rename("file", &to, RenameKind::Replace);
    assert_eq!(result, Err(VolumeError::NoSpace));
    session.find("file");
    // Nor is anything left of a node whose name has no room.
    let free = session.free();
    assert_eq!(session.try_create(&to, &new(Kind::Fifo)), Err(VolumeError::NoSpace));
    assert_eq!(session.free(), free);
    let mut session = session.reopen();
    session.rename("file", "d/short", RenameKind::Replace).unwrap();
    session.close();
}

#[test]
fn blocks_for_files_are_free_or_of_files() {
    let cases: [&[&str]; 4] = [
        &["-b", "1024", "-g", "256", "-O", "^resize_inode"],
        &["-b", "1024", "-g", "256", "-O", "^resize_inode,^sparse_super"],
        &["-b", "1024", "-g", "256", "-O", "^resize_inode,sparse_super2"],
        &["-b", "4096", "-g", "256", "-O", "^resize_inode"],
    ];
    for options in cases {
        let mut session = Session::make(32_768, options);
        let usage = session.volume.usage().unwrap();
        let nodes = ["", "lost+found"].map(|path| session.find(path));
        let sectors = nodes.map(|node| session.attributes(node).blocks_512).iter().sum::<u64>();
        let used = sectors * 512 / u64::from(session.volume.properties().block_bytes);
        assert_eq!(usage.blocks - usage.free_blocks, used, "{options:?}");
    }
}

#[test]
fn reserved_blocks_are_not_for_everybody() {
    let mut session = Session::make(4096, &["-t", "ext2", "-b", "1024", "-m", "10"]);
    let usage = session.volume.usage().unwrap();
    assert_eq!(usage.free_blocks - usage.available_blocks, 409);
    assert!(usage.free_blocks < usage.blocks && usage.blocks < 4096);
    assert!(usage.free_nodes < usage.nodes);
}

/// After a failure of the disk no pointer leads to a block that another file can get.
#[test]
fn disk_that_fails_leaves_no_block_twice() {
    let made = host::make(2048, &["-t", "ext2", "-b", "1024"]);
    for limit in 0..150 {
        let mut session = Session::open(made.clone());
        session.create("d", Kind::Directory);
        let file = session.create("d/file", Kind::Regular);
        session.write(file, 0, &[5; 400_000]).unwrap();
        session.volume.commit().unwrap();
        session.disk.fail_after(Some(limit));
        let root = session.volume.root();
        let directory = session.volume.lookup(root, b"d");
        let _ = directory.and_then(|directory| {
            session.volume.truncate(file, 100_000)?;
            let other =
                session.volume.create(directory.unwrap(), Some(b"x"), &new(Kind::Regular))?;
            session.volume.map(other, 300_000, 50_000, MapFor::Write)?;
            session.volume.remove(directory.unwrap(), b"file", file)?;
            session.volume.forget(file, NOW)
        });
        session.disk.fail_after(None);
        // What is free now is given to another file.
        let root = session.volume.root();
        if let Ok(other) = session.volume.create(root, Some(b"other"), &new(Kind::Regular)) {
            let _ = session.write(other, 0, &vec![1; 2 << 20]);
        }
        let _ = session.volume.commit();
        let bytes = session.disk.bytes();
        let file = host::Temporary::with(&bytes);
        let output = host::run("e2fsck", &["-f", "-n", file.name()]);
        let printed = std::string::String::from_utf8_lossy(&output.stdout).into_owned();
        let is_twice =
            ["Multiply-claimed", "illegal block"].iter().any(|fault| printed.contains(fault));
        assert!(!is_twice, "after {limit} transfers: {printed}");
    }
}
