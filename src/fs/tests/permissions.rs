//! Tests of the permission bits.

use alloc::vec;

use capabilities::CapabilitySet;
use path_walk::LastLink;

use super::tree::{Tree, mode, write};
use crate::fs::attributes::Mode;
use crate::fs::credentials::{Access, Credentials, Groups};
use crate::fs::error::FsError;
use crate::fs::file::open;
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::namespace::change::{self, NewTime};
use crate::fs::namespace::lookup::{self, Caller};
use crate::fs::namespace::{create, remove};
use crate::fs::new_inode::NewKind;

fn user(uid: u32, gid: u32) -> Credentials {
    let capabilities = if uid == 0 { CapabilitySet::ALL } else { CapabilitySet::EMPTY };
    Credentials { uid, gid, groups: Groups::NONE, capabilities }
}

#[test_case]
fn owner_group_and_others_have_their_own_bits() {
    let tree = Tree::new();
    tree.write("f", b"x").expect("it is made");
    let path = tree.find("f").expect("it is there");
    let root = tree.caller();
    change::set_owner(&root, &path, Some(10), Some(20)).expect("root may");
    change::set_mode(&root, &path, mode(0o640)).expect("root may");
    let (owner, group, other) = (user(10, 1), user(2, 20), user(2, 2));
    let further = Credentials { groups: Groups::try_new(vec![5, 20]).unwrap(), ..user(3, 3) };
    let open =
        |who: &Credentials, flags| open::open(&tree.caller_of(who), b"f", flags, mode(0)).map(drop);
    let denied = Err(FsError::PermissionDenied);
    assert_eq!(open(&owner, OpenFlags::READ_WRITE), Ok(()));
    for group in [&group, &further] {
        assert_eq!(open(group, OpenFlags::empty()), Ok(()));
        assert_eq!(open(group, OpenFlags::WRITE_ONLY), denied);
        assert_eq!(open(group, OpenFlags::TRUNCATE), denied);
    }
    assert_eq!(open(&other, OpenFlags::empty()), denied);
    // The owner's bits apply to the owner, even if the others' bits allow more.
    change::set_mode(&root, &path, mode(0o077)).expect("root may");
    assert_eq!(open(&owner, OpenFlags::empty()), denied);
    assert_eq!(open(&other, OpenFlags::READ_WRITE), Ok(()));
    // Root may do everything except run a file without execute bits.
    change::set_mode(&root, &path, mode(0)).expect("root may");
    assert_eq!(open(&Credentials::ROOT, OpenFlags::READ_WRITE), Ok(()));
    let run = |path| {
        Credentials::ROOT
            .check(tree.find(path).expect("there").inode().permissions(), Access::EXECUTE)
    };
    assert_eq!(run("f"), denied);
    change::set_mode(&root, &path, mode(0o001)).expect("root may");
    assert_eq!(run("f"), Ok(()));
    drop(path);
    tree.end();
}

#[test_case]
fn directories_are_searched_and_changed_by_permission() {
    let tree = Tree::new();
    tree.mkdir("closed").expect("it is made");
    tree.write("closed/f", b"x").expect("it is made");
    let root = tree.caller();
    let closed = tree.find("closed").expect("it is there");
    change::set_mode(&root, &closed, mode(0o744)).expect("root may");
    let someone = user(7, 7);
    let caller = tree.caller_of(&someone);
    let find = |path: &[u8]| lookup::look_up_path(&caller, path, LastLink::Follow).map(drop);
    assert_eq!(find(b"closed"), Ok(()));
    assert_eq!(find(b"closed/f"), Err(FsError::PermissionDenied));
    assert_eq!(find(b"closed/missing"), Err(FsError::PermissionDenied));
    change::set_mode(&root, &closed, mode(0o755)).expect("root may");
    assert_eq!(find(b"closed/f"), Ok(()));
    let denied = Err(FsError::PermissionDenied);
    assert_eq!(create::make_directory(&caller, b"closed/d", mode(0o755)).map(drop), denied);
    assert_eq!(remove::remove_file(&caller, b"closed/f"), denied);
    // An existing file is reported before a missing permission.
    let exists = create::make_directory(&caller, b"closed/f", mode(0o755)).map(drop);
    assert_eq!(exists, Err(FsError::Exists));
    drop(closed);
    tree.end();
}

#[test_case]
fn sticky_directories_protect_their_files() {
    let tree = Tree::new();
    tree.mkdir("tmp").expect("it is made");
    let tmp = tree.find("tmp").expect("it is there");
    change::set_mode(&tree.caller(), &tmp, mode(0o1777)).expect("root may");
    let (one, other) = (user(1, 1), user(2, 2));
    let new = OpenFlags::CREATE | OpenFlags::WRITE_ONLY;
    open::open(&tree.caller_of(&one), b"tmp/f", new, mode(0o644)).expect("anybody may");
    let remove = |who| remove::remove_file(&tree.caller_of(who), b"tmp/f");
    assert_eq!(remove(&other), Err(FsError::NotPermitted));
    assert_eq!(remove(&one), Ok(()));
    drop(tmp);
    tree.end();
}

#[test_case]
fn new_files_are_their_makers_or_their_directorys_groups() {
    let tree = Tree::new();
    tree.mkdir("d").expect("it is made");
    let directory = tree.find("d").expect("it is there");
    let root = tree.caller();
    change::set_owner(&root, &directory, None, Some(50)).expect("root may");
    change::set_mode(&root, &directory, mode(0o2777)).expect("root may");
    let someone = user(7, 8);
    let caller = Caller { umask: mode(0o027), ..tree.caller_of(&someone) };
    create::make_directory(&caller, b"d/sub", mode(0o777)).expect("anybody may");
    let sub = tree.stat("d/sub").expect("it is there");
    assert_eq!((sub.uid, sub.gid, sub.mode), (7, 50, mode(0o2750)));
    let new = OpenFlags::CREATE | OpenFlags::WRITE_ONLY;
    let file = open::open(&caller, b"d/f", new, mode(0o6777)).expect("anybody may");
    let metadata = file.inode().metadata();
    // The caller isn't in the group, so the bit is cleared.
    assert_eq!((metadata.gid, metadata.mode), (50, mode(0o4750)));
    // A write clears the other bit.
    assert_eq!(write(&file, b"x"), Ok(1));
    assert_eq!(file.inode().mode(), mode(0o750));
    let device = NewKind::CharDevice(crate::fs::attributes::DeviceNumber::NONE);
    let made = create::make_node(&caller, b"d/c", device, mode(0o666)).map(drop);
    assert_eq!(made, Err(FsError::NotPermitted));
    // The open that makes a file may write it, whatever its mode is.
    let other = open::open(&caller, b"d/g", new, mode(0)).expect("it is new");
    assert_eq!(write(&other, b"x"), Ok(1));
    drop((file, other, directory));
    tree.end();
}

#[test_case]
fn only_owners_change_attributes() {
    let tree = Tree::new();
    tree.write("f", b"x").expect("it is made");
    let path = tree.find("f").expect("it is there");
    change::set_owner(&tree.caller(), &path, Some(1), Some(1)).expect("root may");
    change::set_mode(&tree.caller(), &path, mode(0o666)).expect("root may");
    let (owner, other) =
        (Credentials { groups: Groups::try_new(vec![9]).unwrap(), ..user(1, 1) }, user(2, 2));
    let (owner, other) = (tree.caller_of(&owner), tree.caller_of(&other));
    let refused = Err(FsError::NotPermitted);
    assert_eq!(change::set_mode(&other, &path, mode(0o600)), refused);
    assert_eq!(change::set_owner(&owner, &path, Some(2), None), refused);
    assert_eq!(change::set_owner(&owner, &path, None, Some(8)), refused);
    assert_eq!(change::set_owner(&owner, &path, None, Some(9)), Ok(()));
    let (now, set) = (NewTime::Now, NewTime::Ns(5));
    assert_eq!(change::set_times(&other, &path, set, set), refused);
    assert_eq!(change::set_times(&other, &path, now, now), Ok(()));
    assert_eq!(change::set_times(&owner, &path, NewTime::Keep, set), Ok(()));
    assert_eq!(path.inode().metadata().modified_ns, 5);
    // Only members of the group keep the group's bit.
    change::set_owner(&tree.caller(), &path, None, Some(100)).expect("root may");
    assert_eq!(change::set_mode(&owner, &path, mode(0o2755)), Ok(()));
    assert_eq!(path.inode().mode(), mode(0o755));
    // A change of the owner clears the bits.
    change::set_mode(&tree.caller(), &path, mode(0o6755)).expect("root may");
    change::set_owner(&tree.caller(), &path, Some(3), None).expect("root may");
    assert_eq!(path.inode().mode(), Mode::from_bits_truncate(0o755));
    assert_eq!(change::set_size(&other, &path, 0), Err(FsError::PermissionDenied));
    drop(path);
    tree.end();
}
