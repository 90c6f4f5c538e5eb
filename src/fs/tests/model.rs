//! Random operations on a tmpfs and on a map of paths to bytes, compared step by step.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use super::tree::{Tree, forget_names};
use crate::fs::error::FsError;
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::io::{SliceSink, SliceSource};

/// The model's node at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    Directory,
    File(Vec<u8>),
}

/// All paths, without a leading slash, and their nodes.
#[derive(Default)]
struct Model(BTreeMap<String, Node>);

impl Model {
    fn check_parent(&self, path: &str) -> Result<(), FsError> {
        let Some((parent, _)) = path.rsplit_once('/') else {
            return Ok(());
        };
        self.check_parent(parent)?;
        match self.0.get(parent) {
            Some(Node::Directory) => Ok(()),
            Some(Node::File(_)) => Err(FsError::NotADirectory),
            None => Err(FsError::NotFound),
        }
    }

    fn get(&self, path: &str) -> Result<&Node, FsError> {
        self.check_parent(path)?;
        self.0.get(path).ok_or(FsError::NotFound)
    }

    fn file(&self, path: &str) -> Result<&Vec<u8>, FsError> {
        match self.get(path)? {
            Node::File(bytes) => Ok(bytes),
            Node::Directory => Err(FsError::IsADirectory),
        }
    }

    fn has_children(&self, path: &str) -> bool {
        let below = format!("{path}/");
        self.0.keys().any(|other| other.starts_with(&below))
    }

    fn mkdir(&mut self, path: &str) -> Result<(), FsError> {
        match self.get(path) {
            Ok(_) => Err(FsError::Exists),
            Err(FsError::NotFound) => {
                self.check_parent(path)?;
                self.0.insert(path.to_string(), Node::Directory);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn write(&mut self, path: &str, bytes: &[u8]) -> Result<(), FsError> {
        self.check_parent(path)?;
        if let Some(Node::Directory) = self.0.get(path) {
            return Err(FsError::IsADirectory);
        }
        self.0.insert(path.to_string(), Node::File(bytes.to_vec()));
        Ok(())
    }

    fn change(&mut self, path: &str, change: impl FnOnce(&mut Vec<u8>)) -> Result<(), FsError> {
        let mut bytes = self.file(path)?.clone();
        change(&mut bytes);
        self.0.insert(path.to_string(), Node::File(bytes));
        Ok(())
    }

    fn unlink(&mut self, path: &str) -> Result<(), FsError> {
        self.file(path)?;
        self.0.remove(path);
        Ok(())
    }

    fn rmdir(&mut self, path: &str) -> Result<(), FsError> {
        match self.get(path)? {
            Node::File(_) => Err(FsError::NotADirectory),
            Node::Directory if self.has_children(path) => Err(FsError::NotEmpty),
            Node::Directory => {
                self.0.remove(path);
                Ok(())
            }
        }
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), FsError> {
        self.check_parent(from)?;
        self.check_parent(to)?;
        let moved = self.get(from)?.clone();
        if to.starts_with(&format!("{from}/")) {
            return Err(FsError::InvalidArgument);
        }
        if from.starts_with(&format!("{to}/")) {
            return Err(FsError::NotEmpty);
        }
        if from == to {
            return Ok(());
        }
        match (&moved, self.0.get(to)) {
            (Node::Directory, Some(Node::File(_))) => return Err(FsError::NotADirectory),
            (Node::File(_), Some(Node::Directory)) => return Err(FsError::IsADirectory),
            (_, Some(Node::Directory)) if self.has_children(to) => return Err(FsError::NotEmpty),
            _ => {}
        }
        let below = format!("{from}/");
        let moved: Vec<_> = self
            .0
            .keys()
            .filter(|path| *path == from || path.starts_with(&below))
            .cloned()
            .collect();
        for path in moved {
            let node = self.0.remove(&path).expect("it was just found");
            self.0.insert(format!("{to}{}", &path[from.len()..]), node);
        }
        Ok(())
    }
}

/// A sequence of numbers that looks random.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % limit
    }

    fn path(&mut self) -> String {
        let parts = 1 + self.below(3);
        let names: Vec<_> = (0..parts).map(|_| format!("{}", self.below(3))).collect();
        names.join("/")
    }
}

fn step(tree: &Tree, model: &mut Model, numbers: &mut Numbers) {
    let path = numbers.path();
    match numbers.below(10) {
        0 | 1 => assert_eq!(tree.mkdir(&path), model.mkdir(&path), "mkdir {path}"),
        2 | 3 => {
            let bytes = vec![numbers.below(256) as u8; numbers.below(10_000) as usize];
            assert_eq!(tree.write(&path, &bytes), model.write(&path, &bytes), "write {path}");
        }
        4 => assert_eq!(tree.unlink(&path), model.unlink(&path), "unlink {path}"),
        5 => assert_eq!(tree.rmdir(&path), model.rmdir(&path), "rmdir {path}"),
        6 | 7 => {
            let to = numbers.path();
            let expected = model.rename(&path, &to);
            assert_eq!(tree.rename(&path, &to), expected, "rename {path} {to}");
        }
        8 => {
            let size = numbers.below(12_000) as usize;
            let done = tree.open(&path, OpenFlags::WRITE_ONLY);
            let done = done.and_then(|file| file.set_size(size as u64));
            let expected = model.change(&path, |bytes| bytes.resize(size, 0));
            assert_eq!(done, expected, "truncate {path}");
        }
        _ => {
            let (at, byte) = (numbers.below(12_000) as usize, numbers.below(256) as u8);
            let new = vec![byte; 1 + numbers.below(5000) as usize];
            let done = tree.open(&path, OpenFlags::WRITE_ONLY);
            let done = done.and_then(|file| file.write_at(at as u64, &mut SliceSource::new(&new)));
            let expected = model.change(&path, |bytes| {
                let end = at + new.len();
                bytes.resize(end.max(bytes.len()), 0);
                bytes[at..end].copy_from_slice(&new);
            });
            assert_eq!(done.map(drop), expected, "write at {at} of {path}");
        }
    }
    let read = tree.open(&path, OpenFlags::empty()).and_then(|file| {
        let mut bytes = vec![0; 20_000];
        let len = file.read_at(0, &mut SliceSink::new(&mut bytes))?;
        bytes.truncate(len);
        Ok(bytes)
    });
    assert_eq!(read.as_ref(), model.file(&path).as_ref().copied(), "read {path}");
}

#[test_case]
fn tmpfs_is_the_models() {
    for seed in 1..=6 {
        let tree = Tree::new();
        let mut model = Model::default();
        let mut numbers = Numbers(seed);
        for round in 0..500 {
            step(&tree, &mut model, &mut numbers);
            if round % 100 == 0 {
                forget_names();
            }
        }
        let mut all = 0;
        for (path, node) in &model.0 {
            all += 1;
            let names = match node {
                Node::Directory => tree.list(path).expect("it is a directory").len() - 2,
                Node::File(bytes) => {
                    assert_eq!(tree.read(path).as_ref(), Ok(bytes));
                    continue;
                }
            };
            let below = format!("{path}/");
            let children = model
                .0
                .keys()
                .filter(|other| other.strip_prefix(&below).is_some_and(|name| !name.contains('/')));
            assert_eq!(names, children.count(), "{path}");
        }
        assert_eq!(tree.used().1, all + 1);
        tree.end();
    }
}
