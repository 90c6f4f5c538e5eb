//! The tree of a volume.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::vec;
use std::vec::Vec;

use volume::{Attributes, Kind, MapFor, Medium, NodeId, Volume, VolumeError};

use super::disk::Disk;
use super::source::{Source, device};
use crate::Iso9660;

/// A node.
pub(super) struct Node {
    pub(super) attributes: Attributes,
    /// The contents of a file, the text of a link.
    pub(super) bytes: Vec<u8>,
}

/// The nodes of a volume, by their paths.
pub(super) type Tree = BTreeMap<PathBuf, Node>;

/// Returns all nodes but the root. Checks that the operations agree.
pub(super) fn read(disk: &Disk) -> Tree {
    let mut volume = disk.open();
    let mut tree = Tree::new();
    let mut seen = BTreeSet::from([volume.root()]);
    let mut open = Vec::from([(PathBuf::new(), volume.root())]);
    while let Some((path, directory)) = open.pop() {
        for (name, id, kind) in entries(&mut volume, directory).expect("it can be read") {
            let path = path.join(OsStr::from_bytes(&name));
            assert_eq!(volume.lookup(directory, &name), Ok(Some(id)), "{path:?}");
            assert!(seen.insert(id), "{path:?} has the number of another node");
            let attributes = volume.attributes(id).expect("it can be read");
            assert_eq!(without_numbers(attributes.kind), kind, "{path:?}");
            let mut bytes = Vec::new();
            match attributes.kind {
                Kind::Directory => {
                    assert_eq!(volume.parent(id), Ok(directory), "{path:?}");
                    open.push((path.clone(), id));
                }
                Kind::Regular => {
                    bytes = contents(&mut volume, disk, id).expect("it can be read");
                    assert_eq!(volume.lookup(id, b"name"), Err(VolumeError::NotADirectory));
                }
                Kind::Symlink => volume.link_text(id, &mut bytes).expect("it can be read"),
                _ => {}
            }
            if attributes.kind != Kind::Symlink {
                let error = Err(VolumeError::NotSupported);
                assert_eq!(volume.link_text(id, &mut vec![1]), error, "{path:?}");
            }
            assert!(tree.insert(path.clone(), Node { attributes, bytes }).is_none(), "{path:?}");
        }
    }
    tree
}

/// Returns the entries of a directory: names, nodes, kinds. Reads them one by one as well.
pub(super) fn entries<M: Medium>(
    volume: &mut Iso9660<M>,
    directory: NodeId,
) -> Result<Vec<(Vec<u8>, NodeId, Kind)>, VolumeError> {
    let (mut all, mut nexts) = (Vec::new(), Vec::from([0]));
    volume.read_directory(directory, 0, &mut |entry| {
        all.push((entry.name.to_vec(), entry.node, entry.kind.expect("the kind is known")));
        nexts.push(entry.next);
        true
    })?;
    for (index, cursor) in nexts.into_iter().enumerate() {
        let mut next = None;
        volume.read_directory(directory, cursor, &mut |entry| {
            next = Some(entry.name.to_vec());
            false
        })?;
        assert_eq!(next.as_ref(), all.get(index).map(|(name, ..)| name));
    }
    Ok(all)
}

/// Returns the contents of a file.
pub(super) fn contents<M: Medium>(
    volume: &mut Iso9660<M>,
    disk: &Disk,
    file: NodeId,
) -> Result<Vec<u8>, VolumeError> {
    let size_bytes = volume.attributes(file)?.changeable.size_bytes;
    let mut bytes = Vec::new();
    loop {
        let offset = bytes.len() as u64;
        let extent = volume.map(file, offset, size_bytes + 4096 - offset, MapFor::Find)?;
        assert!(extent.len_bytes > 0 && !extent.is_new);
        let Some(place) = extent.place else {
            assert!(offset >= size_bytes);
            bytes.truncate(size_bytes as usize);
            return Ok(bytes);
        };
        assert!(offset < size_bytes);
        let range = place as usize..(place + extent.len_bytes) as usize;
        bytes.extend(disk.bytes.get(range).expect("the extent is within the disk"));
    }
}

fn without_numbers(kind: Kind) -> Kind {
    match kind {
        Kind::CharDevice(..) => Kind::CharDevice(0, 0),
        Kind::BlockDevice(..) => Kind::BlockDevice(0, 0),
        kind => kind,
    }
}

/// Checks that the tree is that of `source`, with all attributes that Unix has.
pub(super) fn assert_is(tree: &Tree, source: &Source) {
    let mut expected = source.paths();
    expected.sort();
    let found: Vec<_> = tree.keys().cloned().collect();
    assert_eq!(found, expected);
    for (path, node) in tree {
        assert_node_is(path, node, source);
    }
}

fn assert_node_is(path: &Path, node: &Node, source: &Source) {
    let metadata = source.metadata(path);
    let place = source.top().join(path);
    let (kind, bytes) = match metadata.file_type() {
        kind if kind.is_dir() => (Kind::Directory, Vec::new()),
        kind if kind.is_file() => (Kind::Regular, fs::read(place).expect("it can be read")),
        kind if kind.is_symlink() => {
            let text = fs::read_link(place).expect("it can be read");
            (Kind::Symlink, text.as_os_str().as_bytes().to_vec())
        }
        kind if kind.is_fifo() => (Kind::Fifo, Vec::new()),
        kind => {
            let (major, minor) = device(&metadata);
            if kind.is_char_device() {
                (Kind::CharDevice(major, minor), Vec::new())
            } else {
                (Kind::BlockDevice(major, minor), Vec::new())
            }
        }
    };
    let found = &node.attributes;
    let changeable = &found.changeable;
    assert_eq!(found.kind, kind, "{path:?}");
    assert!(node.bytes == bytes, "{path:?} has other bytes");
    assert_eq!(u32::from(changeable.mode), metadata.mode() & 0o7777, "{path:?}");
    assert_eq!((changeable.uid, changeable.gid), (metadata.uid(), metadata.gid()), "{path:?}");
    for (time, seconds) in
        [(changeable.modified, metadata.mtime()), (changeable.changed, metadata.ctime())]
    {
        assert_eq!(time.0, seconds * 1_000_000_000, "{path:?}");
    }
    if kind != Kind::Directory {
        assert_eq!(changeable.size_bytes, bytes.len() as u64, "{path:?}");
        assert_eq!(u64::from(found.links), metadata.nlink(), "{path:?}");
    }
}
