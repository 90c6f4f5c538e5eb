//! A tree of directories, files and links in memory.

use std::borrow::ToOwned;
use std::collections::BTreeMap;
use std::string::String;
use std::vec;
use std::vec::Vec;

use crate::{Link, Tree, WalkError};

/// A node's number; 0 is the root.
pub(super) type Number = usize;

#[derive(Clone, Debug)]
pub(super) enum Node {
    Directory(BTreeMap<String, Number>),
    File,
    Link(String),
    /// A link that leads directly to a node, as in procfs.
    MagicLink(Number),
}

#[derive(Clone, Debug)]
pub(super) struct Nodes {
    pub nodes: Vec<Node>,
    pub parents: Vec<Number>,
    /// The roots of mounts.
    pub mounts: Vec<Number>,
    /// A directory that can't be searched.
    pub closed: Option<Number>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Error {
    Walk(WalkError),
    Closed,
}

impl From<WalkError> for Error {
    fn from(error: WalkError) -> Self {
        Self::Walk(error)
    }
}

impl Nodes {
    pub(super) fn new() -> Self {
        Self {
            nodes: vec![Node::Directory(BTreeMap::new())],
            parents: vec![0],
            mounts: Vec::new(),
            closed: None,
        }
    }

    pub(super) fn add(&mut self, parent: Number, name: &str, node: Node) -> Number {
        let number = self.nodes.len();
        self.nodes.push(node);
        self.parents.push(parent);
        let Node::Directory(entries) = &mut self.nodes[parent] else {
            panic!("only directories have entries");
        };
        entries.insert(name.to_owned(), number);
        number
    }

    pub(super) fn directory(&mut self, parent: Number, name: &str) -> Number {
        self.add(parent, name, Node::Directory(BTreeMap::new()))
    }

    pub(super) fn link(&mut self, parent: Number, name: &str, text: &str) -> Number {
        self.add(parent, name, Node::Link(text.to_owned()))
    }

    fn mount_of(&self, mut number: Number) -> Number {
        while number != 0 && !self.mounts.contains(&number) {
            number = self.parents[number];
        }
        number
    }
}

impl Tree for Nodes {
    type Place = Number;
    type Text = Vec<u8>;
    type Error = Error;

    fn check_search(&self, place: &Number) -> Result<(), Error> {
        match self.nodes[*place] {
            _ if self.closed == Some(*place) => Err(Error::Closed),
            Node::Directory(_) => Ok(()),
            _ => Err(WalkError::NotADirectory.into()),
        }
    }

    fn child(&self, directory: &Number, name: &[u8]) -> Result<Option<Number>, Error> {
        let Node::Directory(entries) = &self.nodes[*directory] else {
            panic!("it was checked");
        };
        Ok(entries.get(core::str::from_utf8(name).expect("names of tests")).copied())
    }

    fn parent(&self, place: &Number) -> Number {
        self.parents[*place]
    }

    fn is_link(&self, place: &Number) -> bool {
        matches!(self.nodes[*place], Node::Link(_) | Node::MagicLink(_))
    }

    fn link(&self, place: &Number) -> Result<Link<Number, Vec<u8>>, Error> {
        match &self.nodes[*place] {
            Node::Link(text) => Ok(Link::Text(text.clone().into_bytes())),
            Node::MagicLink(to) => Ok(Link::Place(*to)),
            _ => panic!("not a link"),
        }
    }

    fn is_directory(&self, place: &Number) -> bool {
        matches!(self.nodes[*place], Node::Directory(_))
    }

    fn is_same(&self, one: &Number, other: &Number) -> bool {
        one == other
    }

    fn is_same_mount(&self, one: &Number, other: &Number) -> bool {
        self.mount_of(*one) == self.mount_of(*other)
    }
}
