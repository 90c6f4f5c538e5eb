//! A medium in memory, and helpers to use a volume as a kernel does.

use std::collections::{BTreeMap, BTreeSet};
use std::string::{String, ToString};
use std::sync::{Arc, Mutex, MutexGuard};
use std::vec;
use std::vec::Vec;

use ::volume::*;

use crate::Fat;

pub const NOW: Time = Time(1_700_000_000_000_000_000);
const BLOCK_BYTES: u64 = 512;

/// A write: where it is, and the bytes.
pub type Write = (u64, Vec<u8>);

#[derive(Default)]
pub struct State {
    pub bytes: Vec<u8>,
    /// All writes, if they are recorded.
    pub log: Option<Vec<Write>>,
    /// What the writes replaced, if that is recorded.
    pub undo: Option<Vec<Write>>,
    /// The number of accesses that are still allowed.
    pub budget: u64,
    /// The number of accesses before the one that fails.
    pub fails_after: Option<u64>,
    /// The blocks that a cache of the volume's structures may have to write.
    written: BTreeSet<u64>,
}

/// A disk. Clones are the same disk.
#[derive(Clone)]
pub struct Disk(Arc<Mutex<State>>);

impl Disk {
    pub fn new(bytes: Vec<u8>) -> Self {
        let state = State { bytes, budget: u64::MAX, ..State::default() };
        Self(Arc::new(Mutex::new(state)))
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.state().bytes.clone()
    }

    pub fn open(&self) -> Fat<Disk> {
        Fat::open(self.clone(), Access::ReadWrite).unwrap()
    }

    /// Writes bytes of a file, past the volume.
    pub fn put(&self, at: u64, from: &[u8]) {
        let mut state = self.state();
        let blocks = at / BLOCK_BYTES..(at + from.len() as u64).div_ceil(BLOCK_BYTES);
        let stale = state.written.range(blocks).next();
        assert_eq!(stale, None, "a cached block of a directory would overwrite a file");
        state.write(at, from);
    }
}

impl State {
    pub fn write(&mut self, at: u64, from: &[u8]) {
        let range = at as usize..at as usize + from.len();
        if let Some(undo) = &mut self.undo {
            undo.push((at, self.bytes[range.clone()].to_vec()));
        }
        if let Some(log) = &mut self.log {
            log.push((at, from.to_vec()));
        }
        self.bytes[range].copy_from_slice(from);
    }

    /// Reverts all recorded writes.
    pub fn revert(&mut self) {
        for (at, old) in self.undo.replace(Vec::new()).unwrap().into_iter().rev() {
            self.bytes[at as usize..at as usize + old.len()].copy_from_slice(&old);
        }
    }

    fn spend(&mut self) -> Result<(), MediumError> {
        if let Some(left) = self.fails_after.take() {
            self.fails_after = Some(left.checked_sub(1).ok_or(MediumError::Failed)?);
        }
        self.budget = self.budget.checked_sub(1).expect("an operation accesses the disk too often");
        Ok(())
    }
}

impl Medium for Disk {
    fn len_bytes(&self) -> u64 {
        self.state().bytes.len() as u64
    }

    fn read(&self, at: u64, to: &mut [u8]) -> Result<(), MediumError> {
        let mut state = self.state();
        state.spend()?;
        // Panics outside of the disk.
        to.copy_from_slice(&state.bytes[at as usize..at as usize + to.len()]);
        Ok(())
    }

    fn write(&self, _stage: Stage, at: u64, from: &[u8]) -> Result<(), MediumError> {
        let mut state = self.state();
        state.spend()?;
        state.written.extend(at / BLOCK_BYTES..(at + from.len() as u64).div_ceil(BLOCK_BYTES));
        state.write(at, from);
        Ok(())
    }

    fn flush(&self) -> Result<(), MediumError> {
        self.state().spend()
    }

    fn discard(&self, range: core::ops::Range<u64>) {
        let mut state = self.state();
        assert!(range.start < range.end && range.end <= state.bytes.len() as u64);
        state.written.retain(|block| !range.contains(&(block * BLOCK_BYTES)));
    }
}

pub fn new_node(kind: Kind) -> NewNode<'static> {
    NewNode { kind, link_text: &[], mode: 0o644, uid: 0, gid: 0, now: NOW }
}

/// What a kernel does with a volume.
impl Fat<Disk> {
    pub(super) fn disk(&self) -> Disk {
        self.table.medium.clone()
    }

    /// Writes `data` at `offset`, which is not after the end.
    pub(super) fn write(
        &mut self,
        node: NodeId,
        offset: u64,
        data: &[u8],
    ) -> Result<(), VolumeError> {
        let mut at = 0;
        let mut result = Ok(());
        while at < data.len() {
            let left = (data.len() - at) as u64;
            match self.map(node, offset + at as u64, left, MapFor::Write) {
                Ok(extent) => {
                    assert!((1..=left).contains(&extent.len_bytes));
                    let end = at + extent.len_bytes as usize;
                    self.disk().put(extent.place.unwrap(), &data[at..end]);
                    at = end;
                }
                Err(error) => {
                    result = Err(error);
                    break;
                }
            }
        }
        let mut changeable = self.attributes(node)?.changeable;
        changeable.size_bytes = changeable.size_bytes.max(offset + at as u64);
        self.set_attributes(node, &changeable)?;
        result
    }

    pub(super) fn read(&mut self, node: NodeId) -> Result<Vec<u8>, VolumeError> {
        let size = self.attributes(node)?.changeable.size_bytes;
        let (mut data, len) = (Vec::new(), self.disk().len_bytes());
        // A damaged file may claim any size.
        while (data.len() as u64) < size.min(len) {
            let at = data.len() as u64;
            let extent = self.map(node, at, size.min(len) - at, MapFor::Find)?;
            let bytes = extent.len_bytes as usize;
            match extent.place {
                Some(place) => {
                    data.extend(&self.disk().state().bytes[place as usize..place as usize + bytes]);
                }
                None => data.extend(vec![0; bytes]),
            }
        }
        Ok(data)
    }

    pub(super) fn make(&mut self, directory: NodeId, name: &str, data: &[u8]) -> NodeId {
        let new = new_node(Kind::Regular);
        let node = self.create(directory, Some(name.as_bytes()), &new).unwrap();
        self.write(node, 0, data).unwrap();
        node
    }

    pub(super) fn make_directory(&mut self, directory: NodeId, name: &str) -> NodeId {
        let new = new_node(Kind::Directory);
        self.create(directory, Some(name.as_bytes()), &new).unwrap()
    }

    pub(super) fn names(&mut self, directory: NodeId) -> Vec<String> {
        let mut names = Vec::new();
        self.read_directory(directory, 0, &mut |entry| {
            names.push(core::str::from_utf8(entry.name).unwrap().to_string());
            true
        })
        .unwrap();
        names
    }

    pub(super) fn free(&mut self) -> u64 {
        self.usage().unwrap().free_blocks
    }
}

/// Files and directories by their paths; directories have no contents.
pub type Tree = BTreeMap<String, Option<Vec<u8>>>;

/// Fails if two trees differ, and prints the paths that do.
pub fn assert_trees(found: &Tree, expected: &Tree, what: &str) {
    let differ: Vec<_> = (found.keys().chain(expected.keys()))
        .filter(|path| found.get(*path) != expected.get(*path))
        .map(|path| {
            let len = |tree: &Tree| tree.get(path).map(|data| data.as_ref().map(Vec::len));
            (path, len(found), len(expected))
        })
        .collect();
    assert!(differ.is_empty(), "{what}: found and expected differ: {differ:?}");
}

/// Reads all files and directories.
pub fn tree(fat: &mut Fat<Disk>) -> Result<Tree, VolumeError> {
    let mut tree = Tree::new();
    let root = fat.root();
    walk(fat, root, "", 0, &mut tree)?;
    Ok(tree)
}

/// Reads a directory and all below it. Goes on after errors, and returns the first one.
pub fn walk(
    fat: &mut Fat<Disk>,
    directory: NodeId,
    path: &str,
    depth: u32,
    tree: &mut Tree,
) -> Result<(), VolumeError> {
    let mut entries = Vec::new();
    let mut result = fat.read_directory(directory, 0, &mut |entry| {
        let name = core::str::from_utf8(entry.name).unwrap().to_string();
        assert!(!name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\0']));
        entries.push((name, entry.node, entry.kind.unwrap()));
        entries.len() < 20_000
    });
    for (name, number, kind) in entries {
        if tree.len() > 20_000 {
            break;
        }
        let path = std::format!("{path}/{name}");
        let read = (|| {
            // Damage can give two entries one name, or a name that ends with a space and a dot.
            let Some(node) = fat.lookup(directory, name.as_bytes())? else {
                return Ok(());
            };
            let attributes = fat.attributes(node);
            let read = match kind {
                Kind::Directory if node == number && depth < 40 => {
                    tree.insert(path.clone(), None);
                    walk(fat, node, &path, depth + 1, tree)
                }
                Kind::Regular if node == number => fat.read(node).map(|data| {
                    tree.insert(path.clone(), Some(data));
                }),
                _ => Ok(()),
            };
            fat.forget(node, NOW)?;
            attributes.and(read)
        })();
        result = result.and(read);
    }
    result
}
