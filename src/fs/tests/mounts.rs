//! Tests of mounts: crossing, restricting and removing them.

use super::tree::{LIMITS, Tree, mode};
use crate::fs::error::FsError;
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::namespace::attach;
use crate::fs::namespace::mount::{self, MountFlags, Unmount};
use crate::fs::namespace::path::Path;
use crate::fs::tmpfs;

fn mount_on(tree: &Tree, point: &str, flags: MountFlags) -> Path {
    let super_block = tmpfs::make("tmpfs", LIMITS, mode(0o755)).expect("there is memory");
    let point = tree.find(point).expect("it is there");
    attach::mount(super_block, &point, flags, b"test").expect("it is a directory")
}

#[test_case]
fn mounts_are_crossed_both_ways() {
    let tree = Tree::new();
    tree.mkdir("m").expect("it is made");
    tree.write("m/below", b"hidden").expect("it is made");
    let root = mount_on(&tree, "m", MountFlags::empty());
    assert_eq!(tree.read("m/below"), Err(FsError::NotFound));
    tree.mkdir("m/d").expect("it is made");
    tree.write("m/d/f", b"text").expect("it is made");
    assert_eq!(tree.find("m/d/../..").as_ref(), Ok(&tree.root));
    assert_eq!(tree.find("m/d/..").as_ref(), Ok(&root));
    let file = tree.find("m/d/f").expect("it is there");
    assert_eq!(file.text(&tree.root), Ok(Some(b"/m/d/f".to_vec())));
    drop(file);
    // A second mount covers the first.
    let second = mount_on(&tree, "m", MountFlags::empty());
    assert_eq!(tree.read("m/d/f"), Err(FsError::NotFound));
    assert_eq!(tree.find("m/..").as_ref(), Ok(&tree.root));
    assert_eq!(tree.link("m/..", "m/x"), Err(FsError::CrossesMount));
    tree.write("f", b"x").expect("it is made");
    assert_eq!(tree.rename("f", "m/f"), Err(FsError::CrossesMount));
    assert_eq!(tree.rmdir("m"), Err(FsError::Busy));
    assert_eq!(tree.rename("m", "n"), Err(FsError::Busy));
    assert_eq!(attach::unmount(second, Unmount::Unused), Ok(()));
    assert_eq!(tree.read("m/d/f"), Ok(b"text".to_vec()));
    assert_eq!(attach::unmount(root, Unmount::Unused), Ok(()));
    assert_eq!(tree.read("m/below"), Ok(b"hidden".to_vec()));
    tree.end();
}

#[test_case]
fn mount_that_is_used_stays_unless_lazy() {
    let tree = Tree::new();
    tree.mkdir("m").expect("it is made");
    let root = mount_on(&tree, "m", MountFlags::empty());
    let super_block = root.mount().super_block().clone();
    tree.write("m/f", b"text").expect("it is made");
    let file = tree.open("m/f", OpenFlags::empty()).expect("it is there");
    assert_eq!(attach::unmount(root.clone(), Unmount::Unused), Err(FsError::Busy));
    assert_eq!(attach::unmount(tree.root.clone(), Unmount::Unused), Err(FsError::InvalidArgument));
    let inner = tree.find("m/f").expect("it is there");
    assert_eq!(attach::unmount(inner, Unmount::Unused), Err(FsError::InvalidArgument));
    assert_eq!(attach::unmount(root, Unmount::Lazy), Ok(()));
    assert_eq!(tree.read("m/f"), Err(FsError::NotFound));
    // Open files stay usable.
    let mut bytes = [0; 4];
    assert_eq!(super::tree::read(&file, &mut bytes), Ok(4));
    assert_eq!(file.path().text(&tree.root), Ok(None));
    drop(file);
    assert_eq!(super_block.usage().free_inodes, LIMITS.inodes - 1, "it has ended");
    tree.end();
}

#[test_case]
fn read_only_mounts_are_not_changed() {
    let tree = Tree::new();
    tree.mkdir("m").expect("it is made");
    let root = mount_on(&tree, "m", MountFlags::empty());
    tree.write("m/f", b"text").expect("it is made");
    root.mount().set_flags(MountFlags::READ_ONLY | MountFlags::NO_DEV);
    let read_only = Err(FsError::ReadOnly);
    assert_eq!(tree.write("m/f", b"x"), read_only);
    assert_eq!(tree.write("m/new", b"x"), read_only);
    assert_eq!(tree.mkdir("m/d"), read_only);
    assert_eq!(tree.mkdir("m/f"), Err(FsError::Exists));
    assert_eq!(tree.unlink("m/f"), read_only);
    assert_eq!(tree.rename("m/f", "m/g"), read_only);
    assert_eq!(tree.symlink("x", "m/s"), read_only);
    assert_eq!(tree.open("m/f", OpenFlags::READ_WRITE).map(drop), read_only);
    let accessed = tree.stat("m/f").map(|it| it.accessed_ns);
    assert_eq!(tree.read("m/f"), Ok(b"text".to_vec()));
    assert_eq!(tree.stat("m/f").map(|it| it.accessed_ns), accessed);
    let mounts = mount::all().expect("memory");
    assert!(mounts.iter().any(|mount| mount.source() == b"test"));
    drop(mounts);
    assert_eq!(attach::unmount(root, Unmount::Unused), Ok(()));
    tree.end();
}
