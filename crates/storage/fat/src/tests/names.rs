use std::collections::BTreeSet;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use ::volume::{Kind, RenameKind, Volume, VolumeError};

use super::disk::{Disk, NOW, new_node};
use super::host::{fsck_disk, mkfs};
use crate::Fat;
use crate::long_name::checksum;

fn volume() -> Fat<Disk> {
    Disk::new(mkfs(1440, "-F 12 -n LABEL")).open()
}

/// Makes a file and returns the short names of the root directory.
fn short_names(fat: &mut Fat<Disk>, name: &str) -> Vec<String> {
    let root = fat.root();
    fat.make(root, name, b"");
    raw_entries(fat)
        .iter()
        .filter(|entry| entry[11] & 0x08 == 0)
        .map(|entry| String::from_utf8_lossy(&entry[..11]).to_string())
        .collect()
}

/// Returns the used entries of the root directory.
fn raw_entries(fat: &mut Fat<Disk>) -> Vec<Vec<u8>> {
    let at = root_at(fat);
    let bytes = fat.disk().bytes();
    let entries = bytes[at..].chunks(32).take_while(|entry| entry[0] != 0);
    entries.filter(|entry| entry[0] != 0xE5).map(<[u8]>::to_vec).collect()
}

fn root_at(fat: &mut Fat<Disk>) -> usize {
    match fat.table.geometry.root {
        crate::boot_sector::Root::Fixed { at, .. } => at as usize,
        crate::boot_sector::Root::Chain(_) => panic!("the tests use FAT12"),
    }
}

fn create(fat: &mut Fat<Disk>, name: &[u8]) -> Result<(), VolumeError> {
    let root = fat.root();
    fat.create(root, Some(name), &new_node(Kind::Regular)).map(|_| ())
}

#[test]
fn short_names_are_made_of_long_ones() {
    for (name, short) in [
        ("FOO.TXT", "FOO     TXT"),
        ("foo.txt", "FOO     TXT"),
        ("FOO", "FOO        "),
        ("A1234567.ABC", "A1234567ABC"),
        ("a12345678.abc", "A12345~1ABC"),
        ("foo.text", "FOO~1   TEX"),
        ("a b.c", "AB~1    C  "),
        ("a.b.c", "AB~1    C  "),
        (".bashrc", "BASHRC~1   "),
        ("a+b", "A_B~1      "),
        ("日本.txt", "__~1    TXT"),
        (" .txt", "_~1     TXT"),
        ("FOO~1.TXT", "FOO~1   TXT"),
        ("müde", "M\u{FFFD}DE       "),
        ("naïve", "NA_VE~1    "),
    ] {
        let shorts = short_names(&mut volume(), name);
        assert_eq!(shorts, [short], "{name}");
    }
}

#[test]
fn name_in_upper_case_has_no_long_one() {
    let mut fat = volume();
    create(&mut fat, b"FOO.TXT").unwrap();
    assert_eq!(raw_entries(&mut fat).len(), 2);
    create(&mut fat, b"Bar.txt").unwrap();
    assert_eq!(raw_entries(&mut fat).len(), 4);
}

#[test]
fn names_keep_their_case_and_are_found_in_any() {
    let mut fat = volume();
    let root = fat.root();
    let names = ["Foo.Txt", "LOUD", "Ärger.über", "Ελληνικά", "𝄞 clef.wav", "ß.txt"];
    for name in names {
        create(&mut fat, name.as_bytes()).unwrap();
    }
    assert_eq!(fat.names(root), names);
    for (name, other) in
        names.iter().zip(["fOO.tXT", "loud", "äRGER.ÜBER", "ΕΛΛΗΝΙΚΆ", "𝄞 CLEF.WAV", "ß.TXT"])
    {
        let node = fat.lookup(root, name.as_bytes()).unwrap();
        assert!(node.is_some() && node == fat.lookup(root, other.as_bytes()).unwrap(), "{name}");
        assert_eq!(create(&mut fat, other.as_bytes()), Err(VolumeError::Exists));
    }
    assert_eq!(fat.lookup(root, b"foo").unwrap(), None);
    assert_eq!(fat.lookup(root, b"LABEL").unwrap(), None);
    // The short name of the file with the clef.
    assert!(fat.lookup(root, b"_clef~1.wav").unwrap().is_some());
    fat.close().unwrap();
    fsck_disk(&fat.disk());
}

#[test]
fn invalid_names_are_refused() {
    let mut fat = volume();
    let root = fat.root();
    for name in ["a\"", "a*", "a:", "a<", "a>", "a?", "a\\b", "a|", "a\x1F", "a ", "...", " "] {
        assert_eq!(create(&mut fat, name.as_bytes()), Err(VolumeError::InvalidName), "{name:?}");
        assert_eq!(fat.lookup(root, name.as_bytes()).unwrap(), None);
    }
    assert_eq!(create(&mut fat, b"\xFF\xFE"), Err(VolumeError::InvalidName));
    assert_eq!(create(&mut fat, "x".repeat(256).as_bytes()), Err(VolumeError::NameTooLong));
    assert_eq!(create(&mut fat, "𝄞".repeat(128).as_bytes()), Err(VolumeError::NameTooLong));
    assert_eq!(raw_entries(&mut fat).len(), 1);
}

#[test]
fn dots_at_the_end_are_dropped() {
    let mut fat = volume();
    let root = fat.root();
    create(&mut fat, b"name...").unwrap();
    assert_eq!(fat.names(root), ["name"]);
    let node = fat.lookup(root, b"name").unwrap();
    assert_eq!(fat.lookup(root, b"NAME..").unwrap(), node);
}

#[test]
fn longest_names_fit() {
    let mut fat = volume();
    let root = fat.root();
    let names =
        ["x".repeat(255), "語".repeat(255), format!("{}y", "𝄞".repeat(127)), "z".repeat(254)];
    for name in &names {
        create(&mut fat, name.as_bytes()).unwrap();
    }
    assert_eq!(fat.names(root), names);
    assert_eq!(names[1].len(), fat.properties().name_max_bytes as usize);
    fat.close().unwrap();
    fsck_disk(&fat.disk());
}

#[test]
fn equal_beginnings_get_different_short_names() {
    let mut fat = volume();
    let root = fat.root();
    let directory = fat.make_directory(root, "many");
    for number in 0..150 {
        let name = format!("the same beginning {number}.text");
        let node = fat.make(directory, &name, b"");
        fat.forget(node, NOW).unwrap();
    }
    for alias in ["THESAM~1.TEX", "thesam~9.tex", "thesa~10.tex", "thes~150.tex"] {
        assert!(fat.lookup(directory, alias.as_bytes()).unwrap().is_some(), "{alias}");
    }
    assert_eq!(fat.lookup(directory, b"thes~151.tex").unwrap(), None);
    let names: BTreeSet<_> = fat.names(directory).into_iter().collect();
    assert_eq!(names.len(), 150);
    fat.close().unwrap();
    fsck_disk(&fat.disk());
}

#[test]
fn flags_for_lower_case_are_shown() {
    let mut fat = volume();
    let root = fat.root();
    create(&mut fat, b"ABC.TXT").unwrap();
    let at = root_at(&mut fat) + 32;
    for (flags, name) in [(0x08, "abc.TXT"), (0x10, "ABC.txt"), (0x18, "abc.txt"), (0, "ABC.TXT")] {
        fat.disk().state().bytes[at + 12] = flags;
        assert_eq!(fat.names(root), [name]);
    }
}

#[test]
fn short_names_are_of_code_page_437() {
    let mut fat = volume();
    let root = fat.root();
    create(&mut fat, b"ABC.TXT").unwrap();
    let at = root_at(&mut fat) + 32;
    for (bytes, name) in [
        (b"\x80\x8E\x9AA    TXT", "ÇÄÜA.TXT"),
        // 0x05 stands for 0xE5.
        (b"\x05BC     TXT", "σBC.TXT"),
        (b"A B     T T", "A B.T T"),
        (b"A/\0     TXT", "A\u{FFFD}\u{FFFD}.TXT"),
        (b"           ", "\u{FFFD}"),
    ] {
        fat.disk().state().bytes[at..at + 11].copy_from_slice(bytes);
        assert_eq!(fat.names(root), [name]);
        assert!(fat.lookup(root, name.as_bytes()).unwrap().is_some(), "{name}");
    }
}

#[test]
fn wrong_parts_of_long_names_are_ignored() {
    let name = "a name of three parts, as it is long";
    for (slot, offset, byte) in [
        // Another number, checksum, and a removed part; in each part.
        (1, 0, 0x41),
        (2, 0, 0x03),
        (3, 0, 0x02),
        (1, 13, 0),
        (2, 13, 0),
        (3, 13, 0),
        (1, 0, 0xE5),
        (2, 0, 0xE5),
        (3, 0, 0xE5),
        (1, 0, 0x7F),
        (1, 0, 0x40),
    ] {
        let mut fat = volume();
        let root = fat.root();
        create(&mut fat, name.as_bytes()).unwrap();
        let at = root_at(&mut fat) + slot * 32 + offset;
        assert_eq!(fat.names(root), [name]);
        fat.disk().state().bytes[at] = byte;
        assert_eq!(fat.names(root), ["ANAMEO~1"], "{slot} {offset} {byte}");
    }
}

#[test]
fn long_name_of_another_short_one_is_ignored() {
    let mut fat = volume();
    let root = fat.root();
    create(&mut fat, b"long name").unwrap();
    // A system without long names has renamed the file.
    let at = root_at(&mut fat) + 2 * 32;
    fat.disk().state().bytes[at] = b'M';
    assert_eq!(fat.names(root), ["MONGNA~1"]);
    assert_eq!(fat.lookup(root, b"long name").unwrap(), None);
}

#[test]
fn parts_without_an_entry_belong_to_no_other_one() {
    let mut fat = volume();
    let root = fat.root();
    create(&mut fat, b"long name here").unwrap();
    create(&mut fat, b"NEXT").unwrap();
    let at = root_at(&mut fat) + 3 * 32;
    fat.disk().state().bytes[at] = 0xE5;
    assert_eq!(fat.names(root), ["NEXT"]);
}

#[test]
fn unpaired_surrogates_are_replaced_and_found() {
    let mut fat = volume();
    let root = fat.root();
    create(&mut fat, b"long name").unwrap();
    let at = root_at(&mut fat) + 32 + 1;
    fat.disk().state().bytes[at..at + 4].copy_from_slice(&[0x00, 0xD8, b'/', 0]);
    assert_eq!(fat.names(root), ["\u{FFFD}\u{FFFD}ng name"]);
    assert!(fat.lookup(root, "\u{FFFD}\u{FFFD}NG NAME".as_bytes()).unwrap().is_some());
}

#[test]
fn checksum_is_that_of_the_specification() {
    // By the C function in Microsoft's text.
    let slow = |name: &[u8; 11]| {
        name.iter().fold(0_u32, |sum, &byte| {
            (if sum & 1 != 0 { 0x80 } else { 0 } + (sum >> 1) + u32::from(byte)) & 0xFF
        })
    };
    for name in [b"FOO     TXT", b"A12345~1ABC", b"\xFF\xFE\xFD\xFC\xFB\xFA\xF9\xF8\xF7\xF6\xF5"] {
        assert_eq!(u32::from(checksum(name)), slow(name));
    }
}

#[test]
fn case_of_a_name_can_change() {
    let mut fat = volume();
    let root = fat.root();
    for (from, to) in
        [("readme.txt", "README.TXT"), ("README.TXT", "ReadMe.Txt"), ("ReadMe.Txt", "readme.txt")]
    {
        let node = fat.lookup(root, from.as_bytes()).unwrap();
        let node = node.unwrap_or_else(|| fat.make(root, from, b"text"));
        let (from, to) = (from.as_bytes(), to.as_bytes());
        fat.rename((root, from, node), (root, to, None), RenameKind::Replace).unwrap();
        assert_eq!(fat.names(root), [core::str::from_utf8(to).unwrap()]);
        assert_eq!(fat.read(node).unwrap(), b"text");
    }
    assert!(raw_entries(&mut fat).iter().any(|entry| entry.starts_with(b"README  TXT")));
    fat.close().unwrap();
    fsck_disk(&fat.disk());
}

#[test]
fn old_bytes_after_the_end_stay_invisible() {
    let mut fat = volume();
    let root = fat.root();
    create(&mut fat, b"FIRST").unwrap();
    let at = root_at(&mut fat);
    // An entry after the end of the directory, at each of the next places.
    for slot in 3..8 {
        let stale: Vec<u8> = [b"STALE   TXT".as_slice(), &[0; 21]].concat();
        fat.disk().state().bytes[at + slot * 32..][..32].copy_from_slice(&stale);
    }
    create(&mut fat, b"long name, two parts").unwrap();
    create(&mut fat, b"LAST").unwrap();
    assert_eq!(fat.names(root), ["FIRST", "long name, two parts", "LAST"]);
}

#[test]
fn cursor_in_a_name_that_was_made_later() {
    let mut fat = volume();
    let root = fat.root();
    for name in ["A", "B", "C"] {
        create(&mut fat, name.as_bytes()).unwrap();
    }
    // The entry after the cursor of A is removed with A, and a long name is put there.
    let mut cursor = 0;
    fat.read_directory(root, 0, &mut |entry| {
        cursor = entry.next;
        false
    })
    .unwrap();
    for name in [b"A", b"B"] {
        let node = fat.lookup(root, name).unwrap().unwrap();
        fat.remove(root, name, node).unwrap();
        fat.forget(node, NOW).unwrap();
    }
    create(&mut fat, b"a long one").unwrap();
    let mut names = Vec::new();
    fat.read_directory(root, cursor, &mut |entry| {
        names.push(core::str::from_utf8(entry.name).unwrap().to_string());
        true
    })
    .unwrap();
    assert_eq!(names, ["a long one", "C"]);
}

#[test]
fn directory_is_not_moved_below_itself() {
    let mut fat = volume();
    let root = fat.root();
    let upper = fat.make_directory(root, "upper");
    let inner = fat.make_directory(upper, "inner");
    let inmost = fat.make_directory(inner, "inmost");
    for to in [upper, inner, inmost] {
        let result = fat.rename((root, b"upper", upper), (to, b"new", None), RenameKind::Replace);
        assert_eq!(result, Err(VolumeError::OwnDescendant));
    }
    // After another rename, it is no longer below.
    fat.rename((inner, b"inmost", inmost), (root, b"inmost", None), RenameKind::Replace).unwrap();
    fat.rename((root, b"upper", upper), (inmost, b"upper", None), RenameKind::Replace).unwrap();
    assert_eq!(fat.lookup(inmost, b"upper"), Ok(Some(upper)));
    fat.close().unwrap();
    fsck_disk(&fat.disk());
}
