//! Images with Joliet.

use std::path::PathBuf;
use std::vec::Vec;

use volume::VolumeError;

use super::source::Source;
use super::tree;
use crate::name::Name;

#[test]
fn names_are_in_utf_8() {
    let source = Source::new();
    source.file("A long name with Capitals.text", "1").file("größer/日本語", "2").file("é", "3");
    source.file("a/b/c/d/e/f", "4").directory(&"n".repeat(64)).file("no extension", "");
    let tree = tree::read(&source.image(&["--norock", "-J", "-input-charset", "utf-8"]));
    let mut expected = source.paths();
    expected.sort();
    assert_eq!(tree.keys().cloned().collect::<Vec<_>>(), expected);
    assert_eq!(tree[&PathBuf::from("größer/日本語")].bytes, b"2");
    assert_eq!(tree[&PathBuf::from("a/b/c/d/e/f")].bytes, b"4");
}

#[test]
fn rock_ridge_comes_before_joliet() {
    let source = Source::new();
    source.file("Name", "1").link("link", "Name").directory(&"n".repeat(200));
    tree::assert_is(&tree::read(&source.image(&["-J", "-R"])), &source);
}

#[test]
fn identifiers_become_names_as_on_linux() {
    let name = |text: &str| {
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        Name::of_joliet(&bytes).map(|name| name.as_bytes().to_vec())
    };
    assert_eq!(name("Ä;1"), Ok("Ä".into()));
    assert_eq!(name("a..."), Ok("a".into()));
    assert_eq!(name("\u{1F600}"), Ok("\u{1F600}".into()));
    let error = Err(VolumeError::Unsupported("a name of more than 255 bytes"));
    assert_eq!(name(&"語".repeat(86)), error);
    let lone = Name::of_joliet(&[0xD8, 0]).map(|name| name.as_bytes().to_vec());
    assert_eq!(lone, Ok("\u{FFFD}".into()));
}
