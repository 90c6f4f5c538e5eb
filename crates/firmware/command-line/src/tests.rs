//! Lines with quotes, invalid bytes, and random lines.

extern crate std;

use super::*;
use proptest::prelude::*;
use std::format;
use std::string::String;
use std::vec::Vec;

fn word<'a>(name: &'a str, value: Option<&'a str>) -> Result<Word<'a>, Error<'a>> {
    Ok(Word { name, value })
}

#[test]
fn empty_and_blank_lines_have_no_words() {
    assert_eq!(parse(b"").next(), None);
    assert_eq!(parse(b" \t\n ").next(), None);
}

#[test]
fn names_values_and_quotes_are_separated() {
    let words: Vec<_> = parse(br#" a  b=1 c= d="x y" "e=f g" h=i=j k="" "l m"  "#).collect();
    assert_eq!(
        words,
        [
            word("a", None),
            word("b", Some("1")),
            word("c", Some("")),
            word("d", Some("x y")),
            word("e", Some("f g")),
            word("h", Some("i=j")),
            word("k", Some("")),
            word("l m", None),
        ]
    );
}

#[test]
fn unclosed_quote_is_an_error_and_ends_the_line() {
    let words: Vec<_> = parse(br#"a b="c d"#).collect();
    assert_eq!(words, [word("a", None), Err(Error::UnclosedQuote(br#"b="c d"#))]);
}

#[test]
fn bytes_that_are_not_utf_8_spoil_their_word_alone() {
    let words: Vec<_> = parse(b"safe caf\xE9 \"a \xFF b\" nosmp").collect();
    let bad: [&[u8]; 2] = [b"caf\xE9", b"\"a \xFF b\""];
    let [first, second] = bad.map(|word| Err(Error::NotUtf8(word)));
    assert_eq!(words, [word("safe", None), first, second, word("nosmp", None)]);
    let shown = format!("{}", Error::NotUtf8(bad[0]));
    assert_eq!(shown, "a word that isn't UTF-8 is ignored: caf\u{FFFD}");
}

#[test]
fn single_quote_character_is_not_stripped_twice() {
    assert_eq!(parse(b"\"").next(), Some(Err(Error::UnclosedQuote(b"\""))));
    assert_eq!(parse(b"\"\"").next(), Some(word("", None)));
}

proptest! {
    #[test]
    fn written_words_are_read_back(
        pairs in prop::collection::vec(("[a-z.]{1,8}", prop::option::of("[a-z0-9= ]{0,12}")), 0..20)
    ) {
        let mut line = String::new();
        for (name, value) in &pairs {
            line += &match value {
                Some(value) => format!("{name}=\"{value}\"  "),
                None => format!("{name} "),
            };
        }
        let words: Vec<_> = parse(line.as_bytes()).collect::<Result<_, _>>().expect("all quotes are closed");
        prop_assert_eq!(words.len(), pairs.len());
        for (word, (name, value)) in words.iter().zip(&pairs) {
            prop_assert_eq!(word.name, name);
            prop_assert_eq!(word.value, value.as_deref());
        }
    }

    #[test]
    fn any_line_ends(line in prop::collection::vec(any::<u8>(), 0..200)) {
        for word in parse(&line) {
            let _ = word.map_err(|error| format!("{error}"));
        }
        prop_assert!(parse(&line).count() <= line.len());
    }
}
