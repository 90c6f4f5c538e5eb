//! Texts of symbolic links.

use std::vec::Vec;

use volume::VolumeError;

use crate::link_text::LinkText;

/// Returns the text of fields: whether each goes on, and its components, flags and content.
fn read(fields: &[(bool, &[(u8, &str)])]) -> Result<Option<Vec<u8>>, VolumeError> {
    let mut text = Vec::new();
    let mut sink = |piece: &[u8]| {
        text.extend_from_slice(piece);
        Ok(())
    };
    let mut reader = LinkText::new(&mut sink);
    for (continues, components) in fields {
        let mut data = Vec::from([u8::from(*continues)]);
        for (flags, content) in *components {
            data.extend([*flags, content.len() as u8]);
            data.extend(content.as_bytes());
        }
        reader.add_field(&data)?;
    }
    let len_bytes = reader.finish()?;
    assert!(len_bytes.is_none_or(|len_bytes| len_bytes == text.len()));
    Ok(len_bytes.map(|_| text))
}

#[test]
fn components_are_joined() {
    let text = |fields: &[(bool, &[(u8, &str)])]| {
        std::string::String::from_utf8(read(fields).unwrap().unwrap()).unwrap()
    };
    assert_eq!(text(&[(false, &[(0, "a"), (0, "b")])]), "a/b");
    assert_eq!(text(&[(false, &[(8, ""), (0, "a"), (4, ""), (2, "")])]), "/a/../.");
    assert_eq!(text(&[(true, &[(1, "ab")]), (false, &[(0, "cd"), (0, "e")])]), "abcd/e");
    assert_eq!(text(&[(true, &[(0, "ab")]), (true, &[]), (false, &[(0, "cd")])]), "ab/cd");
    assert_eq!(read(&[]), Ok(None));
}

#[test]
fn longest_text_has_4095_bytes() {
    let components = [(0, "a"); 80];
    let mut fields = std::vec![(true, &components[..]); 25];
    let last = [(0, "a"); 48];
    fields.push((false, &last));
    assert_eq!(read(&fields).unwrap().unwrap().len(), 4095);
    let last = [(0, "a"); 49];
    fields[25] = (false, &last);
    assert!(read(&fields).is_err());
}

#[test]
fn nonsense_is_refused() {
    for fields in [
        &[(false, &[(16, "")][..])][..],
        &[(false, &[(32, "")])],
        &[(false, &[(6, "")])],
        &[(false, &[(0, "a\0b")])],
        &[(false, &[(0, "")])],
        &[(false, &[])],
        &[(true, &[(0, "a")])],
        &[(false, &[(0, "a")]), (false, &[(0, "b")])],
    ] {
        assert!(read(fields).is_err(), "{fields:?}");
    }
    let mut sink = |_: &[u8]| Ok(());
    for data in [&[][..], &[0, 0], &[0, 0, 2, b'a'], &[0, 0, 1, b'a', 0]] {
        assert!(LinkText::new(&mut sink).add_field(data).is_err());
    }
}
