//! The last column: the next character is written to the next row, unless a sequence before
//! it ends the pending wrap.

use super::{FILLED, check, terminal};
use std::format;

/// Fills the second row.
const FULL: &str = "^[[2;1H123456";

#[test]
fn a_character_after_the_last_column_goes_to_the_next_row() {
    check(
        "",
        &[
            ("the last column is written", "123456", "123456", (0, 5)),
            ("one more", "1234567", "123456|7", (1, 1)),
            ("two rows", "123456789012", "123456|789012", (1, 5)),
            ("at the end it scrolls", "^[[4;1H1234567", "||123456|7", (3, 1)),
            ("CR LF makes no empty row", "123456^M^J7", "123456|7", (1, 1)),
            ("region", "^[[1;2r^[[2;1H1234567", "123456|7", (1, 1)),
            ("below the region", "^[[1;2r^[[4;1H1234567", "|||723456", (3, 1)),
            ("DECAWM off", "^[[?7l12345678", "123458", (0, 5)),
            ("DECAWM off and on", "^[[?7l1234567^[[?7h89", "123458|9", (1, 1)),
        ],
    );
}

#[test]
fn a_pending_wrap_is_kept_or_ended() {
    check(
        &format!("{FILLED}{FULL}"),
        &[
            ("nothing", "X", "abcdef|123456|Xnopqr|stuvwx", (2, 1)),
            ("BEL", "^GX", "abcdef|123456|Xnopqr|stuvwx", (2, 1)),
            ("HT", "^IX", "abcdef|123456|Xnopqr|stuvwx", (2, 1)),
            ("SI", "^OX", "abcdef|123456|Xnopqr|stuvwx", (2, 1)),
            ("SGR", "^[[1mX", "abcdef|123456|Xnopqr|stuvwx", (2, 1)),
            ("HTS", "^[HX", "abcdef|123456|Xnopqr|stuvwx", (2, 1)),
            ("DSR", "^[[6nX", "abcdef|123456|Xnopqr|stuvwx", (2, 1)),
            ("IRM", "^[[4hX", "abcdef|123456|Xmnopq|stuvwx", (2, 1)),
            ("REP", "^[[2bX", "abcdef|123456|66Xpqr|stuvwx", (2, 3)),
            ("SU", "^[[SX", "123456|mnopqr|Xtuvwx", (2, 1)),
            ("SD", "^[[TX", "|abcdef|X23456|mnopqr", (2, 1)),
            ("DECSC", "^[7X", "abcdef|123456|Xnopqr|stuvwx", (2, 1)),
            ("DECRC brings it back", "^[7^[[H^[8X", "abcdef|123456|Xnopqr|stuvwx", (2, 1)),
            ("CR", "^MX", "abcdef|X23456|mnopqr|stuvwx", (1, 1)),
            ("BS", "^HX", "abcdef|1234X6|mnopqr|stuvwx", (1, 5)),
            ("LF", "^JX", "abcdef|123456|mnopqX|stuvwx", (2, 5)),
            ("IND", "^[DX", "abcdef|123456|mnopqX|stuvwx", (2, 5)),
            ("NEL", "^[EX", "abcdef|123456|Xnopqr|stuvwx", (2, 1)),
            ("RI", "^[MX", "abcdeX|123456|mnopqr|stuvwx", (0, 5)),
            ("CUU", "^[[AX", "abcdeX|123456|mnopqr|stuvwx", (0, 5)),
            ("CUD", "^[[BX", "abcdef|123456|mnopqX|stuvwx", (2, 5)),
            ("CUF", "^[[CX", "abcdef|12345X|mnopqr|stuvwx", (1, 5)),
            ("CUB", "^[[DX", "abcdef|1234X6|mnopqr|stuvwx", (1, 5)),
            ("CNL", "^[[EX", "abcdef|123456|Xnopqr|stuvwx", (2, 1)),
            ("CPL", "^[[FX", "Xbcdef|123456|mnopqr|stuvwx", (0, 1)),
            ("CHA", "^[[6GX", "abcdef|12345X|mnopqr|stuvwx", (1, 5)),
            ("HPA", "^[[6`X", "abcdef|12345X|mnopqr|stuvwx", (1, 5)),
            ("VPA", "^[[2dX", "abcdef|12345X|mnopqr|stuvwx", (1, 5)),
            ("CUP", "^[[2;6HX", "abcdef|12345X|mnopqr|stuvwx", (1, 5)),
            ("HVP", "^[[2;6fX", "abcdef|12345X|mnopqr|stuvwx", (1, 5)),
            ("CBT", "^[[ZX", "abcdef|X23456|mnopqr|stuvwx", (1, 1)),
            ("EL", "^[[KX", "abcdef|12345X|mnopqr|stuvwx", (1, 5)),
            ("EL 1", "^[[1KX", "abcdef|     X|mnopqr|stuvwx", (1, 5)),
            ("ED", "^[[JX", "abcdef|12345X", (1, 5)),
            ("ED 2", "^[[2JX", "|     X", (1, 5)),
            ("ECH", "^[[XX", "abcdef|12345X|mnopqr|stuvwx", (1, 5)),
            ("ICH", "^[[@X", "abcdef|12345X|mnopqr|stuvwx", (1, 5)),
            ("DCH", "^[[PX", "abcdef|12345X|mnopqr|stuvwx", (1, 5)),
            ("IL", "^[[LX", "abcdef|     X|123456|mnopqr", (1, 5)),
            ("DL", "^[[MX", "abcdef|mnopqX|stuvwx", (1, 5)),
            ("DECAWM off", "^[[?7lX", "abcdef|12345X|mnopqr|stuvwx", (1, 5)),
            ("DECAWM off and on", "^[[?7l^[[?7hX", "abcdef|12345X|mnopqr|stuvwx", (1, 5)),
            ("DECSTR", "^[[!pX", "abcdef|12345X|mnopqr|stuvwx", (1, 5)),
        ],
    );
}

#[test]
fn a_single_cell_is_written_over_and_over() {
    let mut tiny = crate::Terminal::try_new(1, 1, 0).unwrap();
    for (input, expected) in [("a", 'a'), ("b", 'b'), ("\x1b[4hc", 'c'), ("\t\r\n", ' ')] {
        tiny.write(input.as_bytes());
        assert_eq!((tiny.row(0)[0].character, tiny.cursor()), (expected, Some((0, 0))));
    }
    assert_eq!(terminal("x").size(), (super::ROWS, super::COLUMNS));
}
