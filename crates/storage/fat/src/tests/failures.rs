//! A disk that fails once, at any access: no other file is lost, and what the volume keeps in memory
//! stays what is on the disk.

use ::volume::{Kind, MediumError, NodeId, RenameKind, Volume, VolumeError};

use super::disk::{Disk, NOW, Tree, assert_trees, new_node, tree};
use super::host::{fsck, mend, mkfs};
use crate::Fat;

/// Does some of everything. Goes on after errors, of which there is at most one.
fn operate(fat: &mut Fat<Disk>) -> u32 {
    let root = fat.root();
    let mut failures = 0;
    let mut count = |result: Result<(), VolumeError>| match result {
        Ok(()) => {}
        Err(error) => {
            assert_eq!(error, VolumeError::Medium(MediumError::Failed));
            failures += 1;
        }
    };
    let mut make = |fat: &mut Fat<Disk>, name: &[u8], kind| -> Option<NodeId> {
        let result = fat.create(root, Some(name), &new_node(kind));
        count(result.map(|_| ()));
        result.ok()
    };
    let file = make(fat, b"a new file with a long name", Kind::Regular);
    let directory = make(fat, b"a new directory", Kind::Directory);
    let other = make(fat, b"OTHER", Kind::Regular);
    if let Some(file) = file {
        count(fat.write(file, 0, &[1; 3000]));
        count(fat.truncate(file, 600));
    }
    if let (Some(directory), Some(file)) = (directory, file) {
        let (from, to) = (
            (root, b"a new file with a long name".as_slice(), file),
            (directory, b"moved".as_slice(), None),
        );
        let result = fat.rename(from, to, RenameKind::Replace);
        count(result);
        if let (Ok(()), Some(other)) = (result, other) {
            let (from, to) =
                ((root, b"OTHER".as_slice(), other), (directory, b"moved".as_slice(), Some(file)));
            count(fat.rename(from, to, RenameKind::Replace));
        }
    }
    let old = fat.lookup(root, b"an old file that is removed");
    count(old.map(|_| ()));
    if let Ok(Some(old)) = old {
        count(fat.remove(root, b"an old file that is removed", old));
        count(fat.forget(old, NOW));
    }
    for node in [file, directory, other].into_iter().flatten() {
        count(fat.forget(node, NOW));
    }
    count(fat.commit());
    failures
}

#[test]
fn disk_that_fails_once_loses_nothing_else() {
    for (kib, options) in [(200, "-F 12 -s 1"), (300, "-F 32 -s 1")] {
        let disk = Disk::new(mkfs(kib, options));
        let mut fat = disk.open();
        let root = fat.root();
        fat.make(root, "an old file that is removed", &[2; 2000]);
        fat.make(root, "an old file that stays", &[3; 5000]);
        let directory = fat.make_directory(root, "old directory");
        fat.make(directory, "in it", &[4; 100]);
        let kept = ["/an old file that stays", "/old directory", "/old directory/in it"];
        let before = tree(&mut fat).unwrap();
        fat.close().unwrap();
        let image = disk.bytes();
        let mut number = 0;
        loop {
            let what = std::format!("{options}, access {number}");
            let disk = Disk::new(image.clone());
            let mut fat = disk.open();
            disk.state().fails_after = Some(number);
            let failures = operate(&mut fat);
            let has_failed = disk.state().fails_after.take().is_none();
            assert_eq!(failures, u32::from(has_failed), "{what}");
            let in_memory = tree(&mut fat).unwrap();
            let mut reopened = disk.open();
            for cluster in 0..fat.table.geometry.clusters + 2 {
                assert_eq!(fat.table.entry(cluster), reopened.table.entry(cluster), "{what}");
            }
            fat.close().unwrap();
            assert_trees(&in_memory, &tree(&mut disk.open()).unwrap(), &what);
            let mended = mend(&disk.bytes());
            fsck(&mended);
            let after = tree(&mut Disk::new(mended).open()).unwrap();
            let only_kept = |tree: &Tree| -> Tree {
                let kept =
                    kept.iter().map(|&path| (path.into(), tree.get(path).cloned().flatten()));
                kept.collect()
            };
            assert_trees(&only_kept(&after), &only_kept(&before), &what);
            if !has_failed {
                break;
            }
            number += 1;
        }
        std::println!("{options}: {number} accesses");
        assert!(number > 60);
    }
}
