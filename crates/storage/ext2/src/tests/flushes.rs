//! What can't be used again before a flush, because the disk still has it in use.

use std::vec::Vec;

use volume::{Kind, MapFor, NodeId, Volume, VolumeError};

use super::session::Session;

const BLOCK_BYTES: u64 = 1024;

/// Returns where the blocks of a file are.
fn places(session: &mut Session, node: NodeId) -> Vec<u64> {
    let size_bytes = session.attributes(node).changeable.size_bytes;
    let offsets = (0..size_bytes).step_by(BLOCK_BYTES as usize);
    let place = |at| session.volume.map(node, at, BLOCK_BYTES, MapFor::Find).unwrap().place;
    offsets.map(place).map(Option::unwrap).collect()
}

#[test]
fn blocks_and_inodes_are_used_again_after_a_flush() {
    let mut session = Session::make(1024, &["-t", "ext2", "-b", "1024"]);
    let first = session.create("first", Kind::Regular);
    session.write(first, 0, &[1; 20_000]).unwrap();
    let before = places(&mut session, first);
    session.volume.commit().unwrap();
    session.remove("first").unwrap();
    let second = session.create("second", Kind::Regular);
    assert_ne!(second, first);
    session.write(second, 0, &[2; 20_000]).unwrap();
    assert!(places(&mut session, second).iter().all(|place| !before.contains(place)));
    session.volume.commit().unwrap();
    let third = session.create("third", Kind::Regular);
    assert_eq!(third, first);
    session.write(third, 0, &[3; 20_000]).unwrap();
    assert_eq!(places(&mut session, third), before);
    session.close();
}

#[test]
fn full_volume_uses_what_was_just_freed() {
    let mut session = Session::make(1024, &["-t", "ext2", "-b", "1024"]);
    let file = session.create("file", Kind::Regular);
    let fill = |session: &mut Session, node| {
        for block in 0.. {
            match session.write(node, block * BLOCK_BYTES, &[1; BLOCK_BYTES as usize]) {
                Ok(()) => {}
                Err(error) => return (error, block),
            }
        }
        unreachable!("the volume is full some time")
    };
    let (error, blocks) = fill(&mut session, file);
    assert_eq!(error, VolumeError::NoSpace);
    session.remove("file").unwrap();
    let next = session.create("next", Kind::Regular);
    assert_eq!(fill(&mut session, next), (VolumeError::NoSpace, blocks));
    session.close();
}

#[test]
fn name_that_is_removed_and_made_again_is_there_once() {
    let mut session = Session::make(1024, &["-t", "ext2", "-b", "1024"]);
    let count = |session: &Session| {
        session.disk.bytes().windows(9).filter(|bytes| *bytes == b"made once").count()
    };
    for (index, kind) in [Kind::Regular, Kind::Directory, Kind::Fifo].into_iter().enumerate() {
        session.create(&std::format!("{index}"), Kind::Regular);
        session.create("made once", kind);
        assert_eq!(count(&session), 1);
        session.remove("made once").unwrap();
        assert_eq!(session.try_find("made once"), None);
        assert_eq!(session.names("").len(), index + 2, "lost+found and the numbers");
    }
    session.volume.commit().unwrap();
    session.reopen().close();
}
