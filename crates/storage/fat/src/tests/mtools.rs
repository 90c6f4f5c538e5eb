//! What mtools writes is read, and mtools reads what is written.

use std::format;
use std::fs;
use std::path::Path;
use std::string::{String, ToString};
use std::vec::Vec;

use ::volume::{Access, RenameKind, Volume};

use super::disk::{Disk, NOW, Tree, assert_trees, tree};
use super::host::{Scratch, VOLUMES_OF_MTOOLS, fsck, fsck_disk, mkfs, run_well};
use crate::Fat;

/// Contents that differ for each file.
fn data(seed: usize, len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 7 + at / 251 + seed * 31) as u8).collect()
}

const NAMES: [&str; 9] = [
    "UPPER.TXT",
    "lower.txt",
    "Mixed.Txt",
    "a long name with spaces.text",
    "long name number two.text",
    "no extension",
    ".hidden",
    "ünïcödé 日本語.txt",
    "a+b=c;[d].e,f",
];

fn host_tree(directory: &Path, path: &str, tree: &mut Tree) {
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{path}/{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            tree.insert(path.clone(), None);
            host_tree(&entry.path(), &path, tree);
        } else {
            tree.insert(path, Some(fs::read(entry.path()).unwrap()));
        }
    }
}

/// Reads a volume by mcopy.
fn mtools_tree(bytes: &[u8]) -> Tree {
    let (image, out) = (Scratch::image(bytes), Scratch::new("out"));
    fs::create_dir(out.path()).unwrap();
    let mut found = Tree::new();
    if !run_well("mdir", &["-b", "-i", image.text(), "::"]).trim().is_empty() {
        run_well("mcopy", &["-s", "-n", "-i", image.text(), "::*", out.text()]);
    }
    host_tree(out.path(), "", &mut found);
    found
}

#[test]
fn files_of_mtools_are_read() {
    for (kib, options) in VOLUMES_OF_MTOOLS {
        let source = Scratch::new("source");
        fs::create_dir(source.path()).unwrap();
        let mut expected = Tree::new();
        for directory in ["", "/sub", "/sub/Deep Directory"] {
            fs::create_dir_all(source.0.join(directory.trim_start_matches('/'))).unwrap();
            for (number, name) in NAMES.iter().enumerate() {
                let path = format!("{directory}/{name}");
                fs::write(source.0.join(&path[1..]), data(number, number * 2777)).unwrap();
            }
        }
        host_tree(source.path(), "", &mut expected);
        let image = Scratch::image(&mkfs(kib, options));
        let mut arguments = ["-s", "-i", image.text()].map(String::from).to_vec();
        arguments.extend(
            expected
                .keys()
                .filter(|path| path.matches('/').count() == 1)
                .map(|path| format!("{}{path}", source.text())),
        );
        arguments.push("::".to_string());
        run_well("mcopy", &arguments.iter().map(String::as_str).collect::<Vec<_>>());
        let mut fat = Fat::open(Disk::new(image.bytes()), Access::ReadOnly).unwrap();
        assert_trees(&tree(&mut fat).unwrap(), &expected, options);
        // Nothing was written.
        assert!(fat.disk().bytes() == image.bytes());
    }
}

#[test]
fn files_are_read_by_mtools() {
    for (kib, options) in VOLUMES_OF_MTOOLS {
        let disk = Disk::new(mkfs(kib, options));
        let mut fat = disk.open();
        let root = fat.root();
        let sub = fat.make_directory(root, "sub");
        let deep = fat.make_directory(sub, "Deep Directory");
        for directory in [root, sub, deep] {
            for (number, name) in NAMES.iter().enumerate() {
                let node = fat.make(directory, name, &data(number, number * 2777));
                fat.forget(node, NOW).unwrap();
            }
        }
        let expected = tree(&mut fat).unwrap();
        assert_eq!(expected.len(), 3 * NAMES.len() + 2);
        fat.close().unwrap();
        fsck_disk(&disk);
        assert_trees(&mtools_tree(&disk.bytes()), &expected, options);

        // Removes, replaces and moves.
        let mut fat = disk.open();
        let sub = fat.lookup(root, b"SUB").unwrap().unwrap();
        let deep = fat.lookup(sub, b"deep directory").unwrap().unwrap();
        for name in &NAMES[..3] {
            let node = fat.lookup(sub, name.as_bytes()).unwrap().unwrap();
            fat.remove(sub, name.as_bytes(), node).unwrap();
            fat.forget(node, NOW).unwrap();
        }
        let name = NAMES[3].as_bytes();
        let moved = fat.lookup(sub, name).unwrap().unwrap();
        let replaced = fat.lookup(deep, name).unwrap().unwrap();
        fat.rename((sub, name, moved), (deep, name, Some(replaced)), RenameKind::Replace).unwrap();
        fat.forget(replaced, NOW).unwrap();
        fat.rename((sub, b"Deep Directory", deep), (root, b"moved", None), RenameKind::Replace)
            .unwrap();
        let file = fat.lookup(deep, b".hidden").unwrap().unwrap();
        fat.truncate(file, 700).unwrap();
        let expected = tree(&mut fat).unwrap();
        assert_eq!(expected.len(), 3 * NAMES.len() + 2 - 4);
        assert_eq!(expected["/moved/.hidden"], Some(data(6, 700)));
        fat.close().unwrap();
        fsck_disk(&disk);
        assert_trees(&mtools_tree(&disk.bytes()), &expected, options);
        let listing = {
            let image = Scratch::image(&disk.bytes());
            run_well("mdir", &["-i", image.text(), "::"])
        };
        assert!(listing.contains("LOWER    TXT") && listing.contains("2023-11-14"), "{listing}");
        assert_eq!(listing.contains("LABEL"), options.contains("LABEL"), "{listing}");
    }
}

#[test]
fn mtools_goes_on_where_this_stopped() {
    let disk = Disk::new(mkfs(1440, "-F 12"));
    let mut fat = disk.open();
    let root = fat.root();
    fat.make(root, "first", &data(1, 5000));
    fat.close().unwrap();
    let image = Scratch::image(&disk.bytes());
    let file = Scratch::image(&data(2, 9000));
    run_well("mcopy", &["-i", image.text(), file.text(), "::second"]);
    run_well("mren", &["-i", image.text(), "::first", "::renamed by mtools"]);
    let disk = Disk::new(image.bytes());
    let mut fat = disk.open();
    let expected = [
        ("/renamed by mtools".to_string(), Some(data(1, 5000))),
        ("/second".to_string(), Some(data(2, 9000))),
    ];
    assert_trees(&tree(&mut fat).unwrap(), &Tree::from(expected), "");
    let root = fat.root();
    fat.make(root, "third", &data(3, 100));
    fat.close().unwrap();
    fsck(&disk.bytes());
}
