//! The colours that are shown.

use crate::Color::{Default, Indexed, Rgb};
use crate::{Error, Style, Terminal};
use std::format;

#[test]
fn colours_have_red_green_and_blue() {
    for (color, rgb) in [
        (Default, [9, 8, 7]),
        (Rgb(1, 2, 3), [1, 2, 3]),
        (Indexed(0), [0, 0, 0]),
        (Indexed(1), [0xAA, 0, 0]),
        (Indexed(3), [0xAA, 0x55, 0]),
        (Indexed(4), [0, 0, 0xAA]),
        (Indexed(7), [0xAA, 0xAA, 0xAA]),
        (Indexed(8), [0x55, 0x55, 0x55]),
        (Indexed(12), [0x55, 0x55, 0xFF]),
        (Indexed(15), [255, 255, 255]),
        (Indexed(16), [0, 0, 0]),
        (Indexed(17), [0, 0, 95]),
        (Indexed(22), [0, 95, 0]),
        (Indexed(52), [95, 0, 0]),
        (Indexed(110), [135, 175, 215]),
        (Indexed(231), [255, 255, 255]),
        (Indexed(232), [8, 8, 8]),
        (Indexed(255), [238, 238, 238]),
    ] {
        assert_eq!(color.rgb([9, 8, 7]), rgb, "{color:?}");
    }
}

#[test]
fn the_nearest_of_16_is_found() {
    for (color, index) in [
        (Default, 99),
        (Indexed(0), 0),
        (Indexed(9), 9),
        (Indexed(15), 15),
        (Indexed(16), 0),
        (Indexed(196), 1),
        (Indexed(203), 9),
        (Indexed(231), 15),
        (Indexed(240), 8),
        (Indexed(248), 7),
        (Rgb(0, 0, 0), 0),
        (Rgb(180, 10, 10), 1),
        (Rgb(10, 10, 180), 4),
        (Rgb(160, 90, 0), 3),
        (Rgb(250, 250, 90), 11),
        (Rgb(90, 90, 90), 8),
    ] {
        assert_eq!(color.nearest_ansi(99), index, "{color:?}");
    }
    for index in 0..16 {
        let [red, green, blue] = Indexed(index).rgb([0; 3]);
        assert_eq!(Rgb(red, green, blue).nearest_ansi(99), index);
    }
}

#[test]
fn styles_yield_the_colours_to_show() {
    let plain = Style::default();
    let default = (Indexed(7), Indexed(4));
    let shown = |style: Style| style.colors(default);
    let red = Style { foreground: Indexed(1), background: Rgb(1, 2, 3), ..plain };
    assert_eq!(shown(plain), default);
    assert_eq!(shown(Style { reverse: true, ..plain }), (Indexed(4), Indexed(7)));
    assert_eq!(shown(red), (Indexed(1), Rgb(1, 2, 3)));
    assert_eq!(shown(Style { bold: true, ..red }), (Indexed(9), Rgb(1, 2, 3)));
    let bright = Style { bold: true, reverse: true, ..red };
    assert_eq!(shown(bright), (Rgb(1, 2, 3), Indexed(9)));
    assert_eq!(shown(Style { bold: true, ..plain }), (Indexed(15), Indexed(4)));
    assert_eq!(shown(Style { bold: true, foreground: Indexed(8), ..plain }).0, Indexed(8));
    assert_eq!(shown(Style { bold: true, foreground: Indexed(7), ..plain }).0, Indexed(15));
}

#[test]
fn sizes_that_make_no_sense_are_refused() {
    let error = |rows, columns, lines| Terminal::try_new(rows, columns, lines).err();
    assert_eq!(error(0, 80, 0), Some(Error::Empty));
    assert_eq!(error(25, 0, 100), Some(Error::Empty));
    for (rows, columns, lines) in [
        (usize::MAX, 1, 1),
        (1, 1, usize::MAX),
        (usize::MAX / 2, 3, 0),
        (1, usize::MAX / 16, 0),
        (1, usize::MAX / 64, 1),
    ] {
        assert_eq!(error(rows, columns, lines), Some(Error::NoMemory), "{rows}, {columns}");
    }
    assert_eq!(format!("{}", Error::Empty), "a terminal needs a row and a column");
    assert_eq!(format!("{}", Error::NoMemory), "no memory for the terminal's cells");
}
