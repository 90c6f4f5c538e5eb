//! Styles of characters and of erased cells.

use super::{FILLED, terminal};
use crate::Color::{Indexed, Rgb};
use crate::{Cell, Color, Style};
use std::format;

const PLAIN: Style = Style {
    foreground: Color::Default,
    background: Color::Default,
    bold: false,
    faint: false,
    underline: false,
    reverse: false,
};

const fn foreground(foreground: Color) -> Style {
    Style { foreground, ..PLAIN }
}

const fn background(background: Color) -> Style {
    Style { background, ..PLAIN }
}

const RED: Style = foreground(Indexed(1));
const BOLD: Style = Style { bold: true, ..PLAIN };
const UNDERLINE: Style = Style { underline: true, ..PLAIN };

/// Parameters of SGR, and the style that they select.
const SELECTED: &[(&str, Style)] = &[
    ("", PLAIN),
    ("1", BOLD),
    ("2", Style { faint: true, ..PLAIN }),
    ("4", UNDERLINE),
    ("21", UNDERLINE),
    ("7", Style { reverse: true, ..PLAIN }),
    ("1;2;4;7", Style { bold: true, faint: true, underline: true, reverse: true, ..PLAIN }),
    ("1;2;22", PLAIN),
    ("4;24", PLAIN),
    ("7;27", PLAIN),
    ("1;4;31;42;0", PLAIN),
    ("1;4;31;42;", PLAIN),
    ("1;;4", UNDERLINE),
    ("30", foreground(Indexed(0))),
    ("31", RED),
    ("37", foreground(Indexed(7))),
    ("31;39", PLAIN),
    ("90", foreground(Indexed(8))),
    ("97", foreground(Indexed(15))),
    ("40", background(Indexed(0))),
    ("47", background(Indexed(7))),
    ("41;49", PLAIN),
    ("100", background(Indexed(8))),
    ("107", background(Indexed(15))),
    ("38;5;0", foreground(Indexed(0))),
    ("38;5;255", foreground(Indexed(255))),
    ("48;5;200", background(Indexed(200))),
    ("38;2;1;2;3", foreground(Rgb(1, 2, 3))),
    ("48;2;255;0;128", background(Rgb(255, 0, 128))),
    ("38;5;9;1", Style { bold: true, ..foreground(Indexed(9)) }),
    ("38;2;1;2;3;1", Style { bold: true, ..foreground(Rgb(1, 2, 3)) }),
    ("38:5:200", foreground(Indexed(200))),
    ("48:5:200", background(Indexed(200))),
    ("38:2:1:2:3", foreground(Rgb(1, 2, 3))),
    ("38:2::1:2:3", foreground(Rgb(1, 2, 3))),
    ("48:2::1:2:3", background(Rgb(1, 2, 3))),
    ("38:2:9:1:2:3:4:5", foreground(Rgb(1, 2, 3))),
    ("38:5:9;1", Style { bold: true, ..foreground(Indexed(9)) }),
    ("4:3", UNDERLINE),
    ("4;4:0", PLAIN),
    ("31;38;5;256", RED),
    ("31;38;2;1;2;256", RED),
    ("31;38:5:256", RED),
    ("31;38:2:1:2", RED),
    ("31;38;2;1", RED),
    ("31;38;5", RED),
    ("31;38", RED),
    ("38;9;1", BOLD),
    ("1:2", PLAIN),
    ("31;5;8;9;3;23;28;58;98;108;999;65535", RED),
];

#[test]
fn sgr_selects_styles() {
    for &(params, style) in SELECTED {
        let terminal = terminal(&format!("^[[{params}mx"));
        assert_eq!(terminal.row(0)[0], Cell { character: 'x', style }, "SGR {params}");
    }
}

#[test]
fn sequences_that_look_like_sgr_select_nothing() {
    for input in ["^[[>4;1mx", "^[[?1mx", "^[[1 mx"] {
        assert_eq!(terminal(input).row(0)[0].style, PLAIN, "{input}");
    }
    // More parameters than the parser has room for.
    let many = format!("^[[{}mx", "1;".repeat(40));
    assert_eq!(terminal(&many).row(0)[0].style, PLAIN);
}

#[test]
fn styles_stay_with_their_cells() {
    let styled = terminal("a^[[31mb^[[1mc^[[mde^[[1;1H^[[@");
    let styles: std::vec::Vec<_> = styled.row(0).iter().map(|cell| cell.style).collect();
    assert_eq!(styles, [PLAIN, PLAIN, RED, Style { bold: true, ..RED }, PLAIN, PLAIN]);
    let saved = terminal("^[[31m^[7^[[m^[8x");
    assert_eq!(saved.row(0)[0].style, RED, "DECSC keeps the style");
    let repeated = terminal("a^[[31m^[[b");
    assert_eq!(repeated.row(0)[1].style, RED, "REP takes the style in force");
    assert_eq!(terminal("^[[31m^[#8").row(2)[3], Cell { character: 'E', style: PLAIN });
}

#[test]
fn erased_cells_have_the_current_background() {
    let blue = Cell { character: ' ', style: background(Indexed(4)) };
    for (what, input, erased, kept) in [
        ("ED", "^[[2;3H{}^[[J", [(1, 2), (3, 5)], (1, 1)),
        ("ED 1", "^[[2;3H{}^[[1J", [(0, 0), (1, 2)], (1, 3)),
        ("EL", "^[[2;3H{}^[[K", [(1, 2), (1, 5)], (1, 1)),
        ("EL 1", "^[[2;3H{}^[[1K", [(1, 0), (1, 2)], (1, 3)),
        ("ECH", "^[[2;3H{}^[[2X", [(1, 2), (1, 3)], (1, 4)),
        ("ICH", "^[[2;3H{}^[[2@", [(1, 2), (1, 3)], (1, 4)),
        ("DCH", "^[[2;3H{}^[[2P", [(1, 4), (1, 5)], (1, 3)),
        ("IL", "^[[2H{}^[[2L", [(1, 0), (2, 5)], (3, 0)),
        ("DL", "^[[2H{}^[[2M", [(2, 0), (3, 5)], (1, 0)),
        ("SU", "{}^[[S", [(3, 0), (3, 5)], (2, 0)),
        ("SU, region", "^[[1;3r{}^[[S", [(2, 0), (2, 5)], (3, 0)),
        ("SD", "{}^[[T", [(0, 0), (0, 5)], (1, 0)),
        ("LF", "^[[4H{}^J", [(3, 0), (3, 5)], (2, 0)),
        ("RI", "{}^[M", [(0, 0), (0, 5)], (1, 0)),
        ("wrap", "^[[4Habcdef{}x", [(3, 1), (3, 5)], (2, 0)),
        ("?1049", "{}^[[?1049h^[[mx", [(0, 1), (3, 5)], (0, 0)),
    ] {
        let input = input.replace("{}", "^[[1;2;4;7;31;44m");
        let terminal = terminal(&format!("{FILLED}{input}"));
        for (row, column) in erased {
            assert_eq!(terminal.row(row)[column], blue, "{what}: {row}, {column}");
        }
        assert_ne!(terminal.row(kept.0)[kept.1], blue, "{what}: {kept:?}");
    }
}

#[test]
fn a_cell_takes_16_bytes() {
    assert_eq!(size_of::<Cell>(), 16);
}
