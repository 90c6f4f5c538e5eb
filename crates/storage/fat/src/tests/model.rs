//! Random operations, against a map of paths.

use std::collections::BTreeMap;
use std::format;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use ::volume::{Kind, NodeId, RenameKind, Volume, VolumeError};
use proptest::prelude::*;

use super::disk::{Disk, NOW, Tree, assert_trees, new_node, tree};
use super::host::{VOLUMES, fsck_disk, mkfs};
use super::random::Random;
use crate::Fat;

const NAMES: [&str; 14] = [
    "A",
    "b.txt",
    "README",
    "Mixed Case.Text",
    "a long name with many letters 1.text",
    "a long name with many letters 2.text",
    "a long name with many letters 3.text",
    "ALONGN~1.TEX",
    "ünïcödé",
    "日本語.txt",
    "𝄞 clef",
    ".hidden",
    "x.y.z",
    "trailing dots...",
];

/// A file or directory of the model.
#[derive(Clone)]
struct Item {
    /// The name as it is shown.
    name: String,
    data: Option<Vec<u8>>,
}

/// The volume, the model, and what both are doing.
struct Pair {
    fat: Fat<Disk>,
    /// By the folded paths.
    items: BTreeMap<String, Item>,
    /// Files in use that have lost their names, with their contents.
    removed: Vec<(NodeId, Vec<u8>)>,
    /// Files in use, by their folded paths.
    held: BTreeMap<String, NodeId>,
    /// How many times each node is in use.
    uses: BTreeMap<NodeId, u32>,
    random: Random,
}

fn fold(path: &str) -> String {
    path.chars().flat_map(char::to_uppercase).collect()
}

fn parent_of(path: &str) -> &str {
    &path[..path.rfind('/').unwrap()]
}

impl Pair {
    fn new(fat: Fat<Disk>, seed: u64) -> Self {
        let (items, held) = (BTreeMap::new(), BTreeMap::new());
        let (removed, uses) = (Vec::new(), BTreeMap::new());
        Self { fat, items, removed, held, uses, random: Random(seed | 1) }
    }

    /// Returns the folded path of a random directory.
    fn any_directory(&mut self) -> String {
        let mut paths = vec![String::new()];
        paths.extend(
            self.items.iter().filter(|(_, item)| item.data.is_none()).map(|(p, _)| p.clone()),
        );
        self.random.pick(&paths).clone()
    }

    /// Returns a name with some letters in another case.
    fn any_name(&mut self) -> String {
        let name = *self.random.pick(&NAMES);
        match self.random.below(4) {
            0 => name.to_uppercase(),
            1 => name.to_lowercase(),
            _ => name.to_string(),
        }
    }

    /// Looks a directory up; the result has to be passed to `leave`.
    fn enter(&mut self, path: &str) -> NodeId {
        let mut directory = self.fat.root();
        for name in path.split('/').skip(1) {
            let next = self.look(directory, name).unwrap();
            self.leave(directory);
            directory = next;
        }
        directory
    }

    fn look(&mut self, directory: NodeId, name: &str) -> Option<NodeId> {
        let node = self.fat.lookup(directory, name.as_bytes()).unwrap()?;
        *self.uses.entry(node).or_default() += 1;
        Some(node)
    }

    fn leave(&mut self, node: NodeId) {
        if node == self.fat.root() {
            return;
        }
        let uses = self.uses.get_mut(&node).unwrap();
        *uses -= 1;
        if *uses == 0 {
            self.uses.remove(&node);
            self.fat.forget(node, NOW).unwrap();
        }
    }

    fn has_children(&self, path: &str) -> bool {
        let prefix = format!("{path}/");
        self.items.keys().any(|other| other.starts_with(&prefix))
    }

    fn write(&mut self, node: NodeId, path: &str) {
        let old = self.items[path].data.clone().unwrap();
        let (offset, len) = (self.random.below(old.len() + 1), self.random.below(9000));
        let bytes: Vec<u8> = (0..len).map(|_| self.random.next() as u8).collect();
        let result = self.fat.write(node, offset as u64, &bytes);
        let stored = match result {
            Ok(()) => len,
            Err(VolumeError::NoSpace) => {
                // As far as it went. The kernel frees what it has allocated and not written.
                let size = self.fat.attributes(node).unwrap().changeable.size_bytes as usize;
                self.fat.read(node).unwrap()[offset..]
                    .iter()
                    .zip(&bytes)
                    .take_while(|(stored, byte)| stored == byte)
                    .count()
                    .min(size - offset)
            }
            Err(error) => panic!("{error}"),
        };
        let mut data = old;
        data.resize(data.len().max(offset + stored), 0);
        data[offset..offset + stored].copy_from_slice(&bytes[..stored]);
        self.items.get_mut(path).unwrap().data = Some(data);
    }

    fn step(&mut self) {
        let directory = self.any_directory();
        let name = self.any_name();
        let shown = name.trim_end_matches('.').to_string();
        let path = format!("{directory}/{}", fold(&shown));
        let parent = self.enter(&directory);
        let found = self.look(parent, &name);
        // A short name finds a file with another long name, which the model doesn't know.
        let is_alias = found.is_some() && !self.items.contains_key(&path);
        assert!(
            is_alias && path.ends_with("ALONGN~1.TEX")
                || found.is_some() == self.items.contains_key(&path)
        );
        if let Some(held) = self.held.get(&path) {
            assert_eq!(found, Some(*held));
        }
        match (found, self.random.below(10)) {
            _ if is_alias => self.leave(found.unwrap()),
            (None, choice) => self.create(parent, &name, &shown, &path, choice),
            (Some(node), 0..3) => self.remove(parent, &name, &path, node),
            (Some(node), 3..6) => self.rename(parent, &name, &path, node),
            (Some(node), choice) if self.items[&path].data.is_some() => {
                if choice < 8 {
                    self.write(node, &path);
                } else {
                    let data = self.items.get_mut(&path).unwrap().data.as_mut().unwrap();
                    let size = self.random.below(data.len() + 2000);
                    data.truncate(size);
                    self.fat.truncate(node, size as u64).unwrap();
                }
                let data = self.items[&path].data.clone().unwrap();
                assert!(self.fat.read(node).unwrap() == data);
                match self.random.below(3) {
                    0 if !self.held.contains_key(&path) => drop(self.held.insert(path, node)),
                    1 => {
                        if self.held.remove(&path).is_some() {
                            self.leave(node);
                        }
                        self.leave(node);
                    }
                    _ => self.leave(node),
                }
            }
            (Some(node), _) => self.leave(node),
        }
        self.leave(parent);
        if self.random.below(8) == 0 && !self.removed.is_empty() {
            let index = self.random.below(self.removed.len());
            let (node, data) = self.removed.swap_remove(index);
            assert!(self.fat.read(node).unwrap() == data);
            self.leave(node);
        }
    }

    fn create(&mut self, parent: NodeId, name: &str, shown: &str, path: &str, choice: usize) {
        let kind = if choice < 3 { Kind::Directory } else { Kind::Regular };
        match self.fat.create(parent, Some(name.as_bytes()), &new_node(kind)) {
            Ok(node) => {
                *self.uses.entry(node).or_default() += 1;
                let data = (kind == Kind::Regular).then(Vec::new);
                self.items.insert(path.to_string(), Item { name: shown.to_string(), data });
                if kind == Kind::Regular {
                    self.write(node, path);
                }
                self.leave(node);
            }
            Err(error) => assert_eq!(error, VolumeError::NoSpace),
        }
    }

    /// Records that a node has lost its name, and forgets it at once or later.
    fn lose(&mut self, path: &str, node: NodeId) {
        let item = self.items.remove(path).unwrap();
        if self.held.remove(path).is_some() {
            self.leave(node);
        }
        match item.data {
            Some(data) if self.random.below(2) == 0 => self.removed.push((node, data)),
            _ => self.leave(node),
        }
    }

    fn remove(&mut self, parent: NodeId, name: &str, path: &str, node: NodeId) {
        let result = self.fat.remove(parent, name.as_bytes(), node);
        if self.has_children(path) {
            assert_eq!(result, Err(VolumeError::NotEmpty));
            self.leave(node);
        } else {
            result.unwrap();
            self.lose(path, node);
        }
    }

    fn rename(&mut self, parent: NodeId, name: &str, path: &str, node: NodeId) {
        let (to, to_name) = (self.any_directory(), self.any_name());
        let mut shown = to_name.trim_end_matches('.').to_string();
        let to_path = format!("{to}/{}", fold(&shown));
        if format!("{to}/").starts_with(&format!("{path}/")) {
            return self.leave(node);
        }
        let to_parent = self.enter(&to);
        let found = self.look(to_parent, &to_name);
        let is_same = found == Some(node);
        let is_directory = self.items[path].data.is_none();
        let replaced = found.filter(|_| !is_same);
        let is_impossible = match (replaced, self.items.get(&to_path)) {
            (Some(_), Some(item)) => {
                item.data.is_none() != is_directory || self.has_children(&to_path)
            }
            // By an alias.
            (Some(_), None) => true,
            (None, _) => false,
        };
        if is_same {
            self.leave(node);
        }
        if is_impossible || is_same && to_path != path {
            if let Some(replaced) = replaced {
                self.leave(replaced);
            }
        } else {
            let source = (parent, name.as_bytes(), node);
            let target = (to_parent, to_name.as_bytes(), replaced);
            match self.fat.rename(source, target, RenameKind::Replace) {
                Ok(()) => {
                    if let Some(replaced) = replaced {
                        shown = self.items[&to_path].name.clone();
                        self.lose(&to_path, replaced);
                    }
                    self.move_items(path, &to_path, shown);
                }
                Err(error) => {
                    assert_eq!(error, VolumeError::NoSpace);
                    assert_eq!(replaced, None);
                }
            }
        }
        self.leave(to_parent);
        self.leave(node);
    }

    fn move_items(&mut self, from: &str, to: &str, shown: String) {
        let prefix = format!("{from}/");
        let is_moved = |path: &str| path == from || path.starts_with(&prefix);
        let moved = |path: &str| format!("{to}{}", &path[from.len()..]);
        let items = core::mem::take(&mut self.items);
        self.items = items
            .into_iter()
            .map(|(path, item)| if is_moved(&path) { (moved(&path), item) } else { (path, item) })
            .collect();
        let held = core::mem::take(&mut self.held);
        self.held = held
            .into_iter()
            .map(|(path, node)| if is_moved(&path) { (moved(&path), node) } else { (path, node) })
            .collect();
        self.items.get_mut(to).unwrap().name = shown;
    }

    /// Returns the tree that the model describes.
    fn tree(&self) -> Tree {
        let shown = |path: &str| {
            let mut shown = String::new();
            for (at, _) in path.match_indices('/').skip(1).chain([(path.len(), "")]) {
                shown += &format!("/{}", self.items[&path[..at]].name);
            }
            shown
        };
        self.items.iter().map(|(path, item)| (shown(path), item.data.clone())).collect()
    }
}

fn check(kib: u32, options: &str, seed: u64, steps: usize) {
    let what = format!("{options}, seed {seed}");
    let disk = Disk::new(mkfs(kib, options));
    let mut fat = disk.open();
    let free = fat.free();
    let mut pair = Pair::new(fat, seed);
    for _ in 0..steps {
        pair.step();
    }
    let held = core::mem::take(&mut pair.held);
    for (path, node) in held {
        assert!(pair.fat.read(node).unwrap() == *pair.items[&path].data.as_ref().unwrap());
        pair.leave(node);
    }
    let expected = pair.tree();
    assert_trees(&tree(&mut pair.fat).unwrap(), &expected, &what);
    for (node, data) in core::mem::take(&mut pair.removed) {
        assert!(pair.fat.read(node).unwrap() == data);
        pair.leave(node);
    }
    assert_eq!(pair.uses, BTreeMap::new());
    pair.fat.close().unwrap();
    fsck_disk(&disk);
    let mut fat = disk.open();
    assert_trees(&tree(&mut fat).unwrap(), &expected, &what);

    // Removes all, from the deepest path on.
    pair.fat = fat;
    let paths: Vec<_> = pair.items.keys().cloned().collect();
    for path in paths.iter().rev() {
        let parent = pair.enter(parent_of(path));
        let name = &path[parent_of(path).len() + 1..];
        let node = pair.look(parent, name).unwrap();
        pair.fat.remove(parent, name.as_bytes(), node).unwrap();
        pair.leave(node);
        pair.leave(parent);
    }
    // The root directory of FAT32 may have grown.
    let root = pair.fat.root();
    let grown = match pair.fat.table.geometry.root {
        crate::boot_sector::Root::Chain(_) => {
            let size = pair.fat.attributes(root).unwrap().changeable.size_bytes;
            size / u64::from(pair.fat.properties().block_bytes) - 1
        }
        crate::boot_sector::Root::Fixed { .. } => 0,
    };
    assert_eq!(pair.fat.free() + grown, free, "{what}");
    pair.fat.close().unwrap();
    fsck_disk(&disk);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn random_operations_do_what_the_model_says(seed: u64) {
        for (kib, options) in VOLUMES {
            check(kib, options, seed, 200);
        }
        // With little room.
        check(100, "-F 12 -s 1 -r 48", seed, 300);
        check(200, "-F 32 -s 1", seed, 300);
    }
}
