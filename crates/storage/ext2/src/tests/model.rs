//! Random operations, against a model in memory.

use std::collections::BTreeMap;
use std::format;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use proptest::prelude::*;
use volume::{Kind, NewNode, NodeId, RenameKind, Volume};

use super::host;
use super::images::OPTIONS;
use super::session::{NOW, Session, new};

const FILE_BYTES_MAX: usize = 330_000;

/// What a node of the model holds.
#[derive(Clone, Debug)]
enum Contents {
    File(Vec<u8>),
    Directory(BTreeMap<String, usize>),
    Link(Vec<u8>),
    Other(Kind),
}

#[derive(Clone, Debug)]
struct Node {
    id: NodeId,
    contents: Contents,
    names: u32,
    /// The kernel uses it, so that it stays without a name.
    is_held: bool,
}

struct Model {
    session: Session,
    /// The nodes. Those that have ended are `None`.
    nodes: Vec<Option<Node>>,
    top: usize,
    counter: usize,
}

/// A random operation: its kind, and what it is applied to.
type Operation = (u8, u16, u16, u32);

/// Names of many lengths, which differ in the first bytes.
fn name(number: u16) -> String {
    let number = usize::from(number % 16);
    let len = [1, 2, 3, 4, 5, 8, 12, 30, 60, 100, 120, 150, 200, 240, 254, 255][number];
    let mut name = format!("{number:x}");
    name.push_str(&"-".repeat(len - 1));
    name
}

fn pattern(len: usize, seed: u32) -> Vec<u8> {
    (0..len).map(|index| (index as u32).wrapping_mul(31).wrapping_add(seed) as u8).collect()
}

impl Model {
    fn new(mut session: Session) -> Self {
        let id = session.create("top", Kind::Directory);
        let contents = Contents::Directory(BTreeMap::new());
        let top = Node { id, contents, names: 1, is_held: true };
        Self { session, nodes: vec![Some(top)], top: 0, counter: 0 }
    }

    fn node(&mut self, index: usize) -> &mut Node {
        self.nodes[index].as_mut().unwrap()
    }

    fn select(&self, number: u32, condition: impl Fn(&Node) -> bool) -> Option<usize> {
        let matching: Vec<_> = (0..self.nodes.len())
            .filter(|index| self.nodes[*index].as_ref().is_some_and(&condition))
            .collect();
        (!matching.is_empty()).then(|| matching[number as usize % matching.len()])
    }

    fn directory(&self, number: u16) -> usize {
        let is_directory =
            |node: &Node| node.names > 0 && matches!(node.contents, Contents::Directory(_));
        self.select(number.into(), is_directory).unwrap()
    }

    fn entries(&mut self, directory: usize) -> &mut BTreeMap<String, usize> {
        match &mut self.node(directory).contents {
            Contents::Directory(entries) => entries,
            _ => unreachable!("it is a directory"),
        }
    }

    fn is_directory(&self, index: usize) -> bool {
        matches!(self.nodes[index].as_ref().unwrap().contents, Contents::Directory(_))
    }

    /// Returns whether `below` is `directory` or in it.
    fn contains(&mut self, directory: usize, below: usize) -> bool {
        directory == below
            || self.is_directory(directory)
                && self
                    .entries(directory)
                    .clone()
                    .into_values()
                    .any(|child| self.contains(child, below))
    }

    /// Forgets a node that has neither a name nor a user.
    fn settle(&mut self, index: usize) {
        let node = self.node(index).clone();
        if node.names == 0 && !node.is_held {
            self.session.volume.forget(node.id, NOW).unwrap();
            self.nodes[index] = None;
        }
    }

    fn create(&mut self, directory: usize, name: Option<String>, contents: Contents) {
        let directory_id = self.node(directory).id;
        let text = if let Contents::Link(text) = &contents { text.clone() } else { vec![] };
        let kind = match &contents {
            Contents::File(_) => Kind::Regular,
            Contents::Directory(_) => Kind::Directory,
            Contents::Link(_) => Kind::Symlink,
            Contents::Other(kind) => *kind,
        };
        let new = NewNode { link_text: &text, ..new(kind) };
        let id = self.session.volume.create(
            directory_id,
            name.as_ref().map(|name| name.as_bytes()),
            &new,
        );
        let names = u32::from(name.is_some());
        let node = Node { id: id.unwrap(), contents, names, is_held: name.is_none() };
        assert!(self.nodes.iter().flatten().all(|other| other.id != node.id));
        self.nodes.push(Some(node));
        let index = self.nodes.len() - 1;
        if let Some(name) = name {
            self.entries(directory).insert(name, index);
        }
    }

    fn apply(&mut self, (kind, a, b, c): Operation) {
        self.counter += 1;
        let directory = self.directory(a);
        let directory_id = self.node(directory).id;
        let name = name(b);
        let found = self.entries(directory).get(&name).copied();
        let is_file = |node: &Node| matches!(node.contents, Contents::File(_));
        match kind {
            0 | 1 if found.is_none() => self.create(directory, Some(name), Contents::File(vec![])),
            2 | 3 if found.is_none() => {
                self.create(directory, Some(name), Contents::Directory(BTreeMap::new()));
            }
            4 if found.is_none() => {
                let text = pattern(1 + c as usize % 300, c).into_iter().map(|byte| byte.max(1));
                self.create(directory, Some(name), Contents::Link(text.collect()));
            }
            5 if found.is_none() => {
                self.create(
                    directory,
                    Some(name),
                    Contents::Other(Kind::CharDevice(c & 0xFFF, c >> 12)),
                );
            }
            6 => self.create(directory, None, Contents::File(vec![])),
            7 | 8 if found.is_none() => {
                let other = |node: &Node| !matches!(node.contents, Contents::Directory(_));
                if let Some(index) = self.select(c, other) {
                    let id = self.node(index).id;
                    self.session.volume.link(directory_id, name.as_bytes(), id).unwrap();
                    self.node(index).names += 1;
                    self.entries(directory).insert(name, index);
                }
            }
            9..=11 => {
                let Some(index) = found else { return };
                let is_full = self.is_directory(index) && !self.entries(index).is_empty();
                let id = self.node(index).id;
                let result = self.session.volume.remove(directory_id, name.as_bytes(), id);
                assert_eq!(result.is_ok(), !is_full);
                if !is_full {
                    self.entries(directory).remove(&name);
                    let node = self.node(index);
                    node.names -= 1;
                    node.is_held |= c & 1 != 0;
                    self.settle(index);
                }
            }
            12..=14 => {
                if let Some(index) = found {
                    self.rename((directory, name, index), c);
                }
            }
            15..=17 => {
                if let Some(index) = self.select(c, is_file) {
                    self.write(index, a, b);
                }
            }
            18 => {
                if let Some(index) = self.select(c, is_file) {
                    let id = self.node(index).id;
                    let Contents::File(bytes) = &mut self.node(index).contents else {
                        unreachable!()
                    };
                    let size = (usize::from(a) << 16 | usize::from(b)) % FILE_BYTES_MAX;
                    bytes.resize(size, 0);
                    self.session.truncate(id, size as u64);
                }
            }
            19 | 20 => {
                if let Some(index) = self.select(c, |node| node.is_held)
                    && index != self.top
                {
                    self.node(index).is_held = false;
                    self.settle(index);
                }
            }
            21 => {
                self.session.volume.commit().unwrap();
                // If the machine stops now, only nodes without names are left to be freed.
                if c.is_multiple_of(8) {
                    host::mend(&mut self.session.disk.bytes());
                }
            }
            22 => {
                if let Some(index) = self.select(c, |_| true) {
                    self.check(index);
                }
            }
            _ => {}
        }
    }

    fn rename(&mut self, (directory, from, index): (usize, String, usize), number: u32) {
        let to_directory = self.directory(number as u16);
        let to = name((number >> 16) as u16);
        let replaced = self.entries(to_directory).get(&to).copied();
        let exchanges = number >> 31 != 0 && replaced.is_some();
        // What the kernel has to check.
        let is_impossible = replaced == Some(index)
            || self.contains(index, to_directory)
            || replaced.is_some_and(|replaced| {
                let same = self.is_directory(index) == self.is_directory(replaced);
                if exchanges { self.contains(replaced, directory) } else { !same }
            });
        if is_impossible {
            return;
        }
        let is_full = !exchanges
            && replaced.is_some_and(|replaced| {
                self.is_directory(replaced) && !self.entries(replaced).is_empty()
            });
        let ids = [directory, index, to_directory].map(|index| self.node(index).id);
        let replaced_id = replaced.map(|replaced| self.node(replaced).id);
        let result = self.session.volume.rename(
            (ids[0], from.as_bytes(), ids[1]),
            (ids[2], to.as_bytes(), replaced_id),
            if exchanges { RenameKind::Exchange } else { RenameKind::Replace },
        );
        assert_eq!(result.is_ok(), !is_full, "{result:?}");
        if is_full {
            return;
        }
        self.entries(directory).remove(&from);
        self.entries(to_directory).insert(to, index);
        if let Some(replaced) = replaced {
            if exchanges {
                self.entries(directory).insert(from, replaced);
            } else {
                self.node(replaced).names -= 1;
                self.settle(replaced);
            }
        }
    }

    fn write(&mut self, index: usize, a: u16, b: u16) {
        let id = self.node(index).id;
        let Contents::File(bytes) = &mut self.node(index).contents else { unreachable!() };
        let offset = (usize::from(a) * 7) % FILE_BYTES_MAX;
        let len = (1 + usize::from(b)).min(FILE_BYTES_MAX - offset);
        let data = pattern(len, (a ^ b).into());
        bytes.resize(bytes.len().max(offset + len), 0);
        bytes[offset..offset + len].copy_from_slice(&data);
        self.session.write(id, offset as u64, &data).unwrap();
    }

    /// Compares a node with that of the volume.
    fn check(&mut self, index: usize) {
        let node = self.node(index).clone();
        let attributes = self.session.attributes(node.id);
        match node.contents {
            Contents::File(bytes) => {
                assert_eq!((attributes.kind, attributes.links), (Kind::Regular, node.names));
                assert_eq!(attributes.changeable.size_bytes, bytes.len() as u64);
                assert!(self.session.read(node.id, 0, bytes.len()) == bytes);
            }
            Contents::Directory(entries) => {
                assert_eq!(attributes.kind, Kind::Directory);
                let directories =
                    entries.values().filter(|child| self.is_directory(**child)).count();
                let own = if node.names > 0 { 2 } else { 0 };
                assert_eq!(attributes.links as usize, own + directories);
                let mut found: Vec<_> = self
                    .session
                    .entries(node.id, 3)
                    .into_iter()
                    .map(|entry| (entry.0, entry.1))
                    .collect();
                found.sort();
                let expected: Vec<_> = entries
                    .iter()
                    .map(|(name, child)| (name.to_string(), self.node(*child).id))
                    .collect();
                assert_eq!(found, expected);
                for (name, child) in entries {
                    let id = self.node(child).id;
                    assert_eq!(self.session.volume.lookup(node.id, name.as_bytes()), Ok(Some(id)));
                    if self.is_directory(child) {
                        assert_eq!(self.session.volume.parent(id), Ok(node.id));
                    }
                }
            }
            Contents::Link(text) => {
                let mut found = vec![];
                self.session.volume.link_text(node.id, &mut found).unwrap();
                assert_eq!(
                    (attributes.kind, attributes.links, found),
                    (Kind::Symlink, node.names, text)
                );
            }
            Contents::Other(kind) => {
                assert_eq!((attributes.kind, attributes.links), (kind, node.names))
            }
        }
    }

    fn check_all(&mut self) {
        for index in 0..self.nodes.len() {
            if self.nodes[index].is_some() {
                self.check(index);
            }
        }
    }

    fn remove_all(&mut self, directory: usize) {
        let directory_id = self.node(directory).id;
        for (name, child) in self.entries(directory).clone() {
            if self.is_directory(child) {
                self.remove_all(child);
            }
            let id = self.node(child).id;
            self.session.volume.remove(directory_id, name.as_bytes(), id).unwrap();
            self.node(child).names -= 1;
            self.settle(child);
        }
    }
}

fn operations(options: &[&str], operations: Vec<Operation>) {
    let session = Session::open(host::make(16_384, options));
    let before = Session::open(session.disk.bytes()).free();
    let mut model = Model::new(session);
    for operation in operations {
        model.apply(operation);
    }
    model.check_all();
    for index in 1..model.nodes.len() {
        if model.nodes[index].is_some() {
            model.node(index).is_held = false;
            model.settle(index);
        }
    }
    model.session = model.session.reopen();
    model.check_all();
    model.remove_all(model.top);
    model.session.remove("top").unwrap();
    assert_eq!(model.session.free(), before);
    model.session.close();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 16, ..ProptestConfig::default() })]

    #[test]
    fn random_operations(
        options in 0..OPTIONS.len(),
        list in prop::collection::vec((0_u8..23, any::<u16>(), any::<u16>(), any::<u32>()), 1..250),
    ) {
        operations(OPTIONS[options], list);
    }
}
