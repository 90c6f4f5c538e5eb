//! Images with Rock Ridge.

use std::format;
use std::path::Path;
use std::string::String;
use std::sync::atomic::Ordering;
use std::vec::Vec;

use volume::{Kind, Time, Volume};

use super::source::Source;
use super::tree;

const OPTIONS: &[&str] = &["-R"];

/// Compares an image of `source` with it.
fn check(source: &Source) -> tree::Tree {
    let tree = tree::read(&source.image(OPTIONS));
    tree::assert_is(&tree, source);
    tree
}

#[test]
fn files_of_all_kinds_have_their_attributes() {
    let source = Source::new();
    source.file("empty", "").file("one byte", "x").file("block", [7; 2048]);
    source.file("blocks", (0..10_000_u32).map(|index| index as u8).collect::<Vec<_>>());
    source.file("Case.TXT", "a").file("case.txt", "b").file("name; with.. all ~?*\\ ", "c");
    source.file("a/b/c", "d").directory("none").link("link", "a/b/c");
    source.mode("empty", 0o4755).mode("block", 0o600).mode("none", 0o1777).mode("a", 0o2750);
    assert!(source.run("mkfifo", &["fifo"]));
    // Only root may do these.
    source.run("mknod", &["null", "c", "1", "3"]);
    source.run("mknod", &["disk", "b", "259", "300"]);
    source.run("chown", &["123456:54321", "one byte"]);
    source.run("touch", &["-m", "-d", "1999-12-31 23:59:59 UTC", "block"]);
    // A later time of the last read isn't changed by the next one.
    source.run("touch", &["-a", "-d", "2040-01-02 03:04:05 UTC", "block"]);
    let tree = check(&source);
    let block = tree[Path::new("block")].attributes.changeable;
    assert_eq!(block.accessed, Time(2_209_086_245_000_000_000));
}

#[test]
fn hard_links_are_counted() {
    let source = Source::new();
    source.file("a", "text").hard_link("b/c", "a").hard_link("d", "a").file("e", "text");
    let tree = check(&source);
    assert_eq!(tree[Path::new("d")].attributes.links, 3);
}

#[test]
fn names_of_all_lengths_are_found() {
    let source = Source::new();
    for len in 1..=255 {
        source.file(&"n".repeat(len), format!("{len}"));
    }
    source.directory(&"d".repeat(255)).link(&"l".repeat(255), &"t".repeat(255));
    check(&source);
}

#[test]
fn texts_of_links_are_read() {
    let source = Source::new();
    let texts = [
        "/",
        ".",
        "..",
        "a",
        "/a",
        "../..",
        "../../a",
        "./a",
        "a/.",
        "a/..",
        "/a/b/./c/../d",
        "...",
        "..a",
        ".a/b.",
        " ",
        "a b/c",
    ];
    for (index, text) in texts.iter().enumerate() {
        source.link(&format!("text {index}"), text);
    }
    // xorriso refuses texts of more than 1023 bytes.
    source.link("long component", &"x".repeat(255)).link("components", &"a/".repeat(512)[..1023]);
    source
        .link("1022 bytes", &"0123456789/".repeat(93)[..1022])
        .link("parents", &"../".repeat(300)[..899]);
    source.link("long components", &format!("/{}", "y".repeat(250)).repeat(4));
    check(&source);
}

#[test]
fn text_of_4095_bytes_is_read_from_several_areas() {
    let source = Source::new();
    let mut disk = source.link("link", &"x".repeat(50)).image(OPTIONS);
    let at = disk.find(b"SL\x39\x01", 16 * 2048..disk.bytes.len());
    // The field becomes a continuation, and one that is unknown.
    let rest = [b'X', b'X', 57 - 28, 1];
    let first = disk.bytes.len();
    let continuation = |disk_bytes: usize, len: usize| {
        let mut field = Vec::from(*b"CE\x1c\x01");
        for number in [disk_bytes / 2048, disk_bytes % 2048, len] {
            field.extend((number as u32).to_le_bytes());
            field.extend((number as u32).to_be_bytes());
        }
        field
    };
    let mut expected = String::new();
    for index in 0..3 {
        let mut area = Vec::new();
        for number in 0..6 {
            let len = if (index, number) == (2, 5) { 4095 - 17 * 229 } else { 228 };
            let is_last = len != 228;
            area.extend([b'S', b'L', 7 + len as u8, 1, u8::from(!is_last), 0, len as u8]);
            let text = "t".repeat(len);
            area.extend(text.as_bytes());
            expected += &text;
            expected += if is_last { "" } else { "/" };
        }
        area.extend(continuation(first + 2048 * (index + 1), 6 * 235 + 28));
        if index == 2 {
            area.truncate(area.len() - 28);
        }
        area.resize(2048, 0);
        disk.bytes.extend(area);
    }
    disk.put(at, &continuation(first, 6 * 235 + 28));
    disk.put(at + 28, &rest);
    let tree = tree::read(&disk);
    let link = &tree[Path::new("link")];
    assert_eq!(expected.len(), 4095);
    assert_eq!(link.attributes.changeable.size_bytes, 4095);
    assert!(link.bytes == expected.as_bytes());
}

#[test]
fn relocated_directories_are_where_they_belong() {
    let source = Source::new();
    let mut path = String::new();
    for depth in 1..30 {
        path += &format!("directory {depth}/");
        source.file(&format!("{path}file"), &path);
        source.directory(&format!("{path}other"));
    }
    let disk = source.image(&["-R", "-rr_reloc_dir", "/moved"]);
    assert!(disk.bytes.windows(4).any(|bytes| bytes == b"CL\x0c\x01"));
    // The directory for those that are moved is hidden.
    tree::assert_is(&tree::read(&disk), &source);
    check(&source);
}

#[test]
fn five_thousand_files_are_found() {
    let source = Source::new();
    for number in 0..5000 {
        source.file(&format!("many/file number {number} with a long name"), format!("{number}"));
    }
    let disk = source.image(OPTIONS);
    let mut volume = disk.open();
    let directory = volume.lookup(volume.root(), b"many").unwrap().expect("it exists");
    let mut names = Vec::new();
    volume
        .read_directory(directory, 0, &mut |entry| {
            names.push(entry.name.to_vec());
            true
        })
        .expect("it can be read");
    assert_eq!(names.len(), 5000);
    for number in (0..5000).rev().step_by(97).chain((0..5000).step_by(97)) {
        let name = format!("file number {number} with a long name");
        let file = volume.lookup(directory, name.as_bytes()).unwrap().expect("it exists");
        let contents = tree::contents(&mut volume, &disk, file).expect("it can be read");
        assert_eq!(contents, format!("{number}").as_bytes());
    }
    assert_eq!(volume.lookup(directory, b"file number 5000 with a long name"), Ok(None));
    // In the order of the directory, the names before one aren't read again.
    disk.reads.store(0, Ordering::Relaxed);
    volume.read_directory(directory, 0, &mut |_| true).expect("it can be read");
    let all = disk.reads.swap(0, Ordering::Relaxed);
    for name in &names {
        volume.lookup(directory, name).unwrap().expect("it exists");
    }
    let reads = disk.reads.load(Ordering::Relaxed);
    assert!(reads < 5000 * 4 + 2 * all, "{reads} reads for 5,000 names, {all} for the directory");
    assert_eq!(volume.lookup(directory, &[b'n'; 300]), Ok(None));
}

#[test]
fn root_has_its_attributes() {
    let source = Source::new();
    source.file("a", "").directory("b");
    let disk = source.image(OPTIONS);
    let mut volume = disk.open();
    let root = volume.root();
    let attributes = volume.attributes(root).expect("it can be read");
    assert_eq!(attributes.kind, Kind::Directory);
    assert!(attributes.changeable.modified > Time(0));
    assert_eq!(volume.parent(root), Ok(root));
    assert!(volume.properties().has_owners);
    let blocks = volume.usage().expect("it is known").blocks;
    assert_eq!(blocks, disk.bytes.len() as u64 / 2048);
}
