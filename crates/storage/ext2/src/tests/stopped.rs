//! Volumes that were not closed, and extended attributes.

use std::vec;

use volume::{Access, Kind, Volume, VolumeError};

use super::host;
use super::session::{NOW, Session, new};

#[test]
fn first_change_marks_the_volume_until_it_is_closed() {
    let mut session = Session::make(1024, &["-t", "ext2"]);
    session.try_find("nothing");
    session.volume.commit().unwrap();
    let is_clean = |session: &Session| {
        let opened = Session::try_open(session.disk.bytes(), Access::ReadOnly).unwrap();
        opened.volume.properties().was_clean
    };
    assert!(is_clean(&session));
    session.create("f", Kind::Regular);
    assert!(!is_clean(&session));
    session.volume.commit().unwrap();
    assert!(!is_clean(&session));
    // Committed, it has no faults, but e2fsck would look.
    host::assert_clean(&session.disk.bytes());
    session.volume.close().unwrap();
    assert!(is_clean(&session));
}

#[test]
fn volume_that_was_not_clean_stays_so() {
    let mut session = Session::make(1024, &["-t", "ext2"]);
    session.create("f", Kind::Regular);
    let mut session = Session::open(session.disk.bytes());
    assert!(!session.volume.properties().was_clean);
    session.create("g", Kind::Regular);
    session.volume.close().unwrap();
    let session = Session::open(session.disk.bytes());
    assert!(!session.volume.properties().was_clean);
}

#[test]
fn e2fsck_frees_nodes_without_names_by_itself() {
    for block_bytes in ["1024", "4096"] {
        let mut session = Session::make(2048, &["-t", "ext2", "-b", block_bytes]);
        let before = session.free();
        let root = session.volume.root();
        let nameless = session.volume.create(root, None, &new(Kind::Regular)).unwrap();
        session.write(nameless, 0, &[1; 100_000]).unwrap();
        let removed = session.create("file", Kind::Regular);
        session.write(removed, 0, &[2; 100_000]).unwrap();
        session.volume.remove(root, b"file", removed).unwrap();
        let directory = session.create("directory", Kind::Directory);
        session.volume.remove(root, b"directory", directory).unwrap();
        let link = session.link("link", &[b'x'; 300]).unwrap();
        session.volume.remove(root, b"link", link).unwrap();
        let mut committed = session.disk.bytes();
        host::mend(&mut committed);
        assert_eq!(Session::open(committed).free(), before);
        session.volume.commit().unwrap();
        let mut committed = session.disk.bytes();
        host::mend(&mut committed);
        assert_eq!(Session::open(committed).free(), before);
        for node in [nameless, removed, directory, link] {
            session.volume.forget(node, NOW).unwrap();
        }
        assert_eq!(session.free(), before);
        session.close();
    }
}

/// A clock that starts in 1970 must not look like a list of nodes without names.
#[test]
fn nodes_end_in_the_first_year() {
    let mut session = Session::make(1024, &["-t", "ext2"]);
    let file = session.create("f", Kind::Regular);
    let root = session.volume.root();
    session.volume.remove(root, b"f", file).unwrap();
    session.volume.forget(file, volume::Time(5)).unwrap();
    session.close();
}

#[test]
fn extended_attributes_are_kept_and_freed() {
    for inode_bytes in ["128", "256"] {
        let bytes = host::make(2048, &["-t", "ext2", "-b", "1024", "-I", inode_bytes]);
        let free = Session::open(bytes.clone()).free();
        let value = std::format!("ea_set /f user.name {}", "v".repeat(400));
        let mut session = Session::open(bytes);
        session.create("f", Kind::Regular);
        session.link("l", b"short").unwrap();
        let mut bytes = session.close();
        host::debugfs(
            &mut bytes,
            &[&value, "ea_set /l user.other value", "ea_set /f user.small x"],
        );
        host::assert_clean(&bytes);
        let mut session = Session::open(bytes);
        let file = session.find("f");
        let blocks = session.attributes(file).blocks_512;
        assert!(blocks >= 2);
        session.write(file, 0, &[1; 20_000]).unwrap();
        session.truncate(file, 0);
        assert_eq!(session.attributes(file).blocks_512, blocks);
        assert_eq!(session.text("l"), b"short");
        let mut bytes = session.close();
        let printed = host::debugfs(&mut bytes, &["ea_list /f", "ea_list /l"]);
        assert!(printed.contains("user.name") && printed.contains("user.other"), "{printed}");
        let mut session = Session::open(bytes);
        session.remove("f").unwrap();
        session.remove("l").unwrap();
        assert_eq!(session.free(), free);
        session.volume.commit().unwrap();
        // The next node has none of them.
        let node = session.create("next", Kind::Regular);
        assert_eq!(node, file);
        let mut bytes = session.close();
        let printed = host::debugfs(&mut bytes, &["ea_list /next"]);
        assert!(!printed.contains("user."), "{printed}");
    }
}

#[test]
fn shared_extended_attributes_lose_an_inode() {
    let mut bytes = host::make(2048, &["-t", "ext2", "-b", "1024", "-I", "128"]);
    let commands = ["mknod a p", "mknod b p", "ea_set /a user.name value"];
    host::debugfs(&mut bytes, &commands);
    // The second inode shares the block of the first one.
    let printed = host::debugfs(&mut bytes, &["stat /a"]);
    let block: u32 = printed
        .split("File ACL: ")
        .nth(1)
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|number| number.parse().ok())
        .unwrap();
    host::debugfs(&mut bytes, &[&std::format!("sif b file_acl {block}"), "sif b blocks 2"]);
    let at = block as usize * 1024 + 4;
    assert_eq!(bytes[at], 1);
    bytes[at] = 2;
    host::assert_clean(&bytes);
    let mut session = Session::open(bytes);
    let before = session.free().0;
    session.remove("a").unwrap();
    assert_eq!((session.disk.bytes()[at], session.free().0), (1, before));
    session.remove("b").unwrap();
    assert_eq!(session.free().0, before + 1);
    // The block may be that of a file then.
    let file = session.create("f", Kind::Regular);
    assert_eq!(session.write(file, 0, &vec![1; 2 << 20]), Err(VolumeError::NoSpace));
    session.close();
}
