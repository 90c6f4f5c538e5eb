use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use ed25519_compact::{KeyPair, Seed};
use hash_tree::hash_of;
use proptest::prelude::*;

use super::*;

const FILE_BYTES: usize = 4096;

fn key_pair(seed: u8) -> KeyPair {
    KeyPair::from_seed(Seed::new([seed; 32]))
}

fn key(seed: u8) -> Key {
    Key(*key_pair(seed).pk)
}

fn medium() -> Medium {
    Medium {
        len_bytes: 1 << 20,
        root: hash_of(b"root"),
        manifest_start: 8192,
        manifest_bytes: FILE_BYTES as u64,
        tree_start: 65536,
    }
}

fn disk() -> Disk {
    Disk { len_bytes: 1 << 20, root: hash_of(b"disk") }
}

/// The entries of a small image.
fn entries() -> Vec<Entry<'static>> {
    vec![
        Entry::Section { name: "text", contents: Contents::of(b"code") },
        Entry::Module { arguments: "symbols", contents: Contents::of(b"names") },
        Entry::Module { arguments: "two words", contents: Contents::of(b"") },
        Entry::CommandLine(""),
        Entry::CommandLine("init=/bin/sh -- \"a b\""),
        Entry::Medium(medium()),
        Entry::Disk(disk()),
    ]
}

fn sealed() -> Vec<u8> {
    write(&entries(), &key_pair(1), FILE_BYTES).unwrap()
}

fn module<'m>(arguments: &'m str, bytes: &[u8]) -> Module<'m> {
    Module { arguments: arguments.as_bytes(), contents: Contents::of(bytes) }
}

#[test]
fn what_was_written_is_read() {
    let file = sealed();
    assert_eq!(file.len(), FILE_BYTES);
    let manifest = Manifest::open(&file, &key(1)).unwrap();
    assert_eq!(manifest.entries().collect::<Vec<_>>(), entries());
    assert_eq!(manifest.medium(), Some(medium()));
    assert_eq!(manifest.disk(), Some(disk()));
    assert_eq!(disk().hashes_bytes(), 256 * 32);
}

/// The same entries and the same key always give the same bytes.
#[test]
fn manifest_is_reproducible() {
    assert_eq!(sealed(), sealed());
}

#[test]
fn checks_compare_all_that_was_loaded() {
    let file = sealed();
    let manifest = Manifest::open(&file, &key(1)).unwrap();
    assert_eq!(manifest.check_section("text", b"code"), Ok(()));
    assert_eq!(manifest.check_section("text", b"cod"), Err(Refusal::Section("text")));
    assert_eq!(manifest.check_section("data", b"code"), Err(Refusal::UnknownSection("data")));

    for (line, is_sealed) in
        [("", true), ("init=/bin/sh -- \"a b\"", true), ("init=/bin/sh", false), (" ", false)]
    {
        let expected = if is_sealed { Ok(()) } else { Err(Refusal::CommandLine) };
        assert_eq!(manifest.check_command_line(line.as_bytes()), expected, "{line:?}");
    }

    let (symbols, other) = (module("symbols", b"names"), module("two words", b""));
    assert_eq!(manifest.check_modules([symbols, other]), Ok(()));
    assert_eq!(manifest.check_modules([symbols]), Err(Refusal::MissingModule("two words")));
    assert_eq!(manifest.check_modules([other, symbols]), Err(Refusal::UnknownModule { number: 1 }));
    assert_eq!(
        manifest.check_modules([symbols, other, other]),
        Err(Refusal::UnknownModule { number: 3 })
    );
    assert_eq!(
        manifest.check_modules([module("symbols", b"name"), other]),
        Err(Refusal::ModuleLength { arguments: "symbols", is: 4, sealed: 5 })
    );
    assert_eq!(
        manifest.check_modules([module("symbols", b"Names"), other]),
        Err(Refusal::Module("symbols"))
    );
}

#[test]
fn other_keys_are_refused() {
    let refused = |key| Manifest::open(&sealed(), &key).err();
    assert_eq!(refused(key(2)), Some(Refusal::Signature));
    assert_eq!(refused(Key::NONE), Some(Refusal::WeakKey));
}

/// For these points anybody can make a signature that some verifiers accept.
///
/// Source: "Taming the many EdDSAs", table 6: the points of small order.
#[test]
fn weak_points_of_the_curve_are_refused() {
    let points = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ];
    for point in points {
        let key: Key = point.parse().unwrap();
        assert_eq!(Manifest::open(&sealed(), &key).err(), Some(Refusal::WeakKey), "{point}");
        assert_eq!(key.to_string(), point);
    }
}

/// Signs a text as it is.
fn signed(text: &str) -> Vec<u8> {
    let signature = key_pair(1).sk.sign(text, None);
    let digits: String = signature.iter().map(|byte| std::format!("{byte:02x}")).collect();
    std::format!("{text}signature {digits}\n").into_bytes()
}

#[test]
fn signed_lines_of_another_version_are_refused() {
    let hash = hash_of(b"");
    for (text, line) in [
        ("Farjump seal 2\n".to_string(), 1),
        ("Farjump seal 1\nnew 1\n".to_string(), 2),
        ("Farjump seal 1\ncommand-line\n".to_string(), 2),
        (std::format!("Farjump seal 1\ncommand-line \nsection text 5 {hash} 6\n"), 3),
        (std::format!("Farjump seal 1\nsection text +5 {hash}\n"), 2),
        (std::format!("Farjump seal 1\nsection text  {hash}\n"), 2),
        (std::format!("Farjump seal 1\nmodule 18446744073709551616 {hash} m\n"), 2),
        // The manifest or the tree is outside of the medium.
        (std::format!("Farjump seal 1\nmedium 8192 {hash} 4097 4096 0\n"), 2),
        (std::format!("Farjump seal 1\nmedium 8192 {hash} 4096 4096 4097\n"), 2),
        (std::format!("Farjump seal 1\nmedium 8192 {hash} 18446744073709551615 4096 0\n"), 2),
    ] {
        let refused = Manifest::open(&signed(&text), &key(1)).err();
        assert_eq!(refused, Some(Refusal::Line(line)), "{text}");
    }
}

#[test]
fn texts_that_break_lines_are_not_sealed() {
    let contents = Contents::of(b"");
    for bad in [
        Entry::CommandLine("a\nb"),
        Entry::CommandLine("a\0"),
        Entry::CommandLine("a\r"),
        Entry::Module { arguments: "a\n", contents },
        Entry::Section { name: "two words", contents },
        Entry::Section { name: "", contents },
    ] {
        assert!(matches!(write(&[bad], &key_pair(1), 4096), Err(WriteError::Text(_))), "{bad:?}");
    }
    let long = write(&entries(), &key_pair(1), 500);
    assert!(matches!(long, Err(WriteError::Length { max: 500, .. })), "{long:?}");
}

#[test]
fn key_has_one_place_in_a_file() {
    let mut file = vec![7; 100];
    assert_eq!(stamp(&mut file, &key(1)), Err(StampError::NoPlace));
    file[20..36].copy_from_slice(&STAMP_MARK);
    stamp(&mut file, &key(1)).unwrap();
    assert_eq!(file[36..68], key(1).0);
    assert_eq!((file[35], file[68]), (b'y', 7));
    file[80..96].copy_from_slice(&STAMP_MARK);
    assert_eq!(stamp(&mut file, &key(1)), Ok(()), "no room for a key after the second one");
    file.resize(128, 0);
    assert_eq!(stamp(&mut file, &key(2)), Err(StampError::Ambiguous));
    assert_eq!(file[36..68], key(1).0);
    assert_eq!(stamp(&mut [], &key(1)), Err(StampError::NoPlace));
}

#[test]
fn what_is_left_out_are_the_manifest_and_the_tree() {
    let medium = medium();
    // 256 blocks: two blocks of hashes, and one above them.
    assert_eq!(medium.left_out(), [8192..12288, 65536..65536 + 3 * 4096]);
    let mut bytes = [1; 8192];
    medium.leave_out(8000, &mut bytes);
    let zeros = bytes.iter().filter(|&&byte| byte == 0).count();
    assert_eq!(
        (zeros, bytes[191], bytes[192], bytes[192 + 4095], bytes[192 + 4096]),
        (4096, 1, 0, 0, 1)
    );
}

proptest! {
    /// Each changed bit of the file is refused, in its zeros too.
    #[test]
    fn changed_bit_is_refused(place in 0..FILE_BYTES, bit in 0..8_u8) {
        let mut file = sealed();
        file[place] ^= 1 << bit;
        prop_assert!(Manifest::open(&file, &key(1)).is_err());
    }

    /// Files that aren't signed are never read, whatever they hold.
    #[test]
    fn any_bytes_are_refused(file: Vec<u8>) {
        prop_assert!(Manifest::open(&file, &key(1)).is_err());
    }

    /// A signed text is read or refused, whatever it holds; what is read is written the same.
    #[test]
    fn any_signed_text_is_read_or_refused(
        lines in proptest::collection::vec(
            "(section|module|command-line|medium|[a-z]*)( ([0-9]{0,20}|[0-9a-f]{64}|[ -~]{0,5})){0,6}",
            0..6,
        ),
    ) {
        let mut text = String::from("Farjump seal 1\n");
        lines.iter().for_each(|line| text += &std::format!("{line}\n"));
        let file = signed(&text);
        if let Ok(manifest) = Manifest::open(&file, &key(1)) {
            let entries: Vec<_> = manifest.entries().collect();
            prop_assert_eq!(entries.len(), lines.len());
            let again = write(&entries, &key_pair(1), 1 << 16).unwrap();
            let reopened = Manifest::open(&again, &key(1)).unwrap();
            prop_assert_eq!(reopened.entries().collect::<Vec<_>>(), entries);
        }
    }

    /// Each entry that can be written is read as it was.
    #[test]
    fn entries_are_read_as_they_were(line in "\\PC*", arguments in "\\PC*", len_bytes: u64) {
        let contents = Contents { len_bytes, hash: hash_of(line.as_bytes()) };
        let entries = [
            Entry::CommandLine(&line),
            Entry::Module { arguments: &arguments, contents },
        ];
        let file = write(&entries, &key_pair(1), 1 << 16).unwrap();
        let manifest = Manifest::open(&file, &key(1)).unwrap();
        prop_assert_eq!(manifest.entries().collect::<Vec<_>>(), entries);
    }
}
