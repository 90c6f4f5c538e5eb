//! The filter of requests.

use std::string::String;
use std::vec::Vec;

use proptest::prelude::*;

use super::{COLUMNS, ROWS, bytes, replies, screen};
use crate::{RequestFilter, Terminal};

/// Returns the output of the filter.
fn passed(text: &[u8]) -> Vec<u8> {
    let (mut filter, mut out) = (RequestFilter::new(), Vec::new());
    for byte in text {
        let before = out.len();
        filter.push(*byte, &mut out);
        assert!(out.len() - before <= RequestFilter::HELD_BYTES + 1);
    }
    filter.flush(&mut out);
    out
}

#[test]
fn requests_are_taken_out_and_other_sequences_pass() {
    for (text, left) in [
        ("abc", "abc"),
        ("a^[[6nb", "ab"),
        ("^[[5n^[[0c^[[c^[Z^[[?6n^[[>c^[[=0c", ""),
        ("^[^[[6n", "^["),
        ("^[[^[[6n", "^[["),
        ("^[[1;31mred^[[m^[[6n^[[K", "^[[1;31mred^[[m^[[K"),
        ("^[[?1c^[[?25h^[c^[[>4;1n^[[!p", "^[[?1c^[[?25h^[c^[[>4;1n^[[!p"),
        ("^[[00000000000000006n", "^[[00000000000000006n"),
        ("^[[6^Jn", "^[[6^Jn"),
        ("^[[6", "^[[6"),
        ("n6^[ n", "n6^[ n"),
    ] {
        assert_eq!(passed(&bytes(text)), bytes(left), "{text}");
    }
}

proptest! {
    #[test]
    fn screens_are_the_same_and_only_one_answers(
        parts in proptest::collection::vec(
            prop_oneof![
                Just(String::from("\x1b[6n")), Just(String::from("\x1b[c")), Just(String::from("\x1b[5n")),
                Just(String::from("\x1bZ")), "[ -~]{1,4}", "\x1b\\[[0-9;]{0,3}[A-Zmn]", "\x1b[78DEM]",
            ],
            0..30,
        )
    ) {
        let text: String = parts.concat();
        let make = || Terminal::try_new(ROWS, COLUMNS, 3).expect("there is memory");
        let (mut asked, mut other) = (make(), make());
        asked.write(text.as_bytes());
        other.write(&passed(text.as_bytes()));
        prop_assert_eq!(screen(&asked), screen(&other));
        prop_assert_eq!(asked.cursor(), other.cursor());
        prop_assert_eq!(replies(&mut other), "");
    }
}
