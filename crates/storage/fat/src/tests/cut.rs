//! Power that fails between any two writes: no file is lost, before and after fsck.fat mends the
//! volume.

use std::format;

use std::vec;
use std::vec::Vec;

use ::volume::{Access, Kind, NodeId, RenameKind, Volume};

use super::disk::{Disk, NOW, Tree, new_node, tree};
use super::host::{fsck, mend, mkfs};
use crate::Fat;

/// What an operation may change.
enum Change {
    Nothing,
    /// A path is made.
    Made(&'static str),
    /// A file gets longer.
    Longer(&'static str),
    /// A file gets shorter.
    Shorter(&'static str),
    Removed(&'static str),
    /// A path becomes another one, which may be replaced.
    Moved(&'static str, &'static str),
}

/// Checks the files of a mended volume against those before the operation.
fn check(before: &Tree, mended: &Tree, change: &Change, what: &str) {
    for (path, data) in before {
        let found = mended.get(path);
        let is_kept = match change {
            Change::Removed(removed) if path == removed => true,
            Change::Longer(longer) if path == longer => {
                let (old, new) = (data.as_ref().unwrap(), found.and_then(Option::as_ref));
                new.is_some_and(|new| new.starts_with(old))
            }
            Change::Shorter(shorter) if path == shorter => {
                let (old, new) = (data.as_ref().unwrap(), found.and_then(Option::as_ref));
                new.is_some_and(|new| old.starts_with(new))
            }
            Change::Moved(from, to) if path == from || path.starts_with(&format!("{from}/")) => {
                found == Some(data)
                    || mended.get(&format!("{to}{}", &path[from.len()..])) == Some(data)
            }
            Change::Moved(from, to) if path == to => {
                found == Some(data) || found.is_some_and(|found| *found == before[*from])
            }
            _ => found == Some(data),
        };
        assert!(is_kept, "{what}: {path} is lost or changed");
    }
    for path in mended.keys() {
        // The second is a chain without an entry that fsck.fat has made a file of.
        let is_expected = before.contains_key(path)
            || path.starts_with("/FSCK") && path.ends_with(".REC")
            || match change {
                Change::Made(made) => path == made,
                Change::Moved(_, to) => path == to || path.starts_with(&format!("{to}/")),
                _ => false,
            };
        assert!(is_expected, "{what}: {path} has come into being");
    }
}

/// A volume whose writes are recorded.
struct Recorder {
    fat: Fat<Disk>,
    options: &'static str,
    /// The number of cuts that were tried.
    cuts: u32,
}

impl Recorder {
    fn find(&mut self, path: &str) -> NodeId {
        path.split('/').skip(1).fold(self.fat.root(), |directory, name| {
            self.fat.lookup(directory, name.as_bytes()).unwrap().unwrap()
        })
    }

    /// Returns the directory of a path, and the name in it.
    fn split<'a>(&mut self, path: &'a str) -> (NodeId, &'a [u8]) {
        let (directory, name) = path.rsplit_once('/').unwrap();
        (self.find(directory), name.as_bytes())
    }

    /// Does an operation, and cuts it off after each of its writes.
    fn step(&mut self, change: Change, operation: impl FnOnce(&mut Self)) {
        let before = tree(&mut self.fat).unwrap();
        let disk = self.fat.disk();
        let mut image = disk.bytes();
        disk.state().log = Some(Vec::new());
        operation(self);
        let log = disk.state().log.take().unwrap();
        for (count, (at, bytes)) in log.iter().enumerate() {
            let what = format!("{}, {count} of {} writes", self.options, log.len());
            // Without a check, as a user may use it.
            let mut fat = Fat::open(Disk::new(image.clone()), Access::ReadOnly).unwrap();
            check(&before, &tree(&mut fat).unwrap(), &change, &what);
            let mended = mend(&image);
            fsck(&mended);
            let mut fat = Disk::new(mended).open();
            check(&before, &tree(&mut fat).unwrap(), &change, &what);
            image[*at as usize..*at as usize + bytes.len()].copy_from_slice(bytes);
            self.cuts += 1;
        }
    }

    fn create(&mut self, path: &'static str, kind: Kind) {
        self.step(Change::Made(path), |recorder| {
            let (directory, name) = recorder.split(path);
            recorder.fat.create(directory, Some(name), &new_node(kind)).unwrap();
        });
    }

    fn append(&mut self, path: &'static str, data: &[u8]) {
        self.step(Change::Longer(path), |recorder| {
            let node = recorder.find(path);
            let size = recorder.fat.attributes(node).unwrap().changeable.size_bytes;
            recorder.fat.write(node, size, data).unwrap();
        });
    }

    fn rename(&mut self, from: &'static str, to: &'static str) {
        self.step(Change::Moved(from, to), |recorder| {
            let node = recorder.find(from);
            let (source, target) = (recorder.split(from), recorder.split(to));
            let replaced = recorder.fat.lookup(target.0, target.1).unwrap();
            let result = recorder.fat.rename(
                (source.0, source.1, node),
                (target.0, target.1, replaced),
                RenameKind::Replace,
            );
            result.unwrap();
        });
    }

    fn remove(&mut self, path: &'static str) {
        let mut node = self.fat.root();
        self.step(Change::Removed(path), |recorder| {
            node = recorder.find(path);
            let (directory, name) = recorder.split(path);
            recorder.fat.remove(directory, name, node).unwrap();
        });
        self.step(Change::Nothing, |recorder| recorder.fat.forget(node, NOW).unwrap());
    }
}

fn series(kib: u32, options: &'static str) -> u32 {
    let disk = Disk::new(mkfs(kib, options));
    let mut fat = disk.open();
    let root = fat.root();
    let data = |seed: u8, len: usize| vec![seed; len];
    fat.make(root, "STILL", &data(1, 3000));
    fat.make(root, "a long name that stays.text", &data(2, 6000));
    let directory = fat.make_directory(root, "directory");
    let inner = fat.make_directory(directory, "inner");
    fat.make(inner, "deep file", &data(3, 2500));
    fat.make(directory, "gap", &data(4, 700));
    let gap = fat.make(root, "gap one", &data(5, 1500));
    fat.make(root, "after", &data(6, 1500));
    fat.remove(root, b"gap one", gap).unwrap();
    fat.forget(gap, NOW).unwrap();
    fat.close().unwrap();

    let mut recorder = Recorder { fat: disk.open(), options, cuts: 0 };
    recorder.create("/new file with a long name", Kind::Regular);
    recorder.append("/new file with a long name", &data(7, 5000));
    recorder.append("/directory/gap", &data(8, 4000));
    recorder.create("/directory/made", Kind::Directory);
    for name in [
        "/directory/made/first of several",
        "/directory/made/second, with a long name",
        "/directory/made/third, with an even longer name than before",
        "/directory/made/fourth, with an even longer name than before",
    ] {
        recorder.create(name, Kind::Regular);
    }
    recorder.append("/directory/made/first of several", &data(9, 1300));
    recorder.rename("/directory/made/first of several", "/moved");
    recorder.rename("/moved", "/STILL");
    recorder.rename("/STILL", "/still with another name");
    recorder.rename("/directory/inner", "/inner is here");
    recorder.rename("/inner is here", "/directory/made/inner again");
    recorder.step(Change::Nothing, |recorder| recorder.fat.commit().unwrap());
    recorder.remove("/directory/made/second, with a long name");
    recorder.step(Change::Shorter("/new file with a long name"), |recorder| {
        let node = recorder.find("/new file with a long name");
        recorder.fat.truncate(node, 1700).unwrap();
    });
    recorder.step(Change::Shorter("/directory/gap"), |recorder| {
        let node = recorder.find("/directory/gap");
        recorder.fat.truncate(node, 0).unwrap();
    });
    recorder.remove("/new file with a long name");
    recorder.create("/empty", Kind::Directory);
    recorder.remove("/empty");
    recorder.step(Change::Nothing, |recorder| recorder.fat.close().unwrap());
    fsck(&disk.bytes());
    recorder.cuts
}

#[test]
fn cut_of_power_loses_no_file() {
    let volumes = [(200, "-F 12 -s 1"), (2400, "-F 16 -s 1"), (300, "-F 32 -s 1")];
    for (kib, options) in volumes {
        let cuts = series(kib, options);
        std::println!("{options}: {cuts} cuts");
        assert!(cuts >= 90);
    }
}
