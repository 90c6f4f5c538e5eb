//! Glyphs compared with drawings, and pixels in all formats.

extern crate std;

use super::*;
use proptest::prelude::*;
use std::string::String;
use std::vec;
use std::vec::Vec;

fn drawing(font: &Font, character: char) -> Vec<String> {
    let row = |y| {
        let bits = font.glyph(character).row(y);
        (0..font.width()).map(|x| if bits >> (31 - x) & 1 != 0 { '#' } else { '.' }).collect()
    };
    (0..font.height()).map(row).collect()
}

#[test]
fn box_drawing_reaches_the_edges_in_each_size() {
    for size in FontSize::ALL {
        let font = Font::new(size);
        assert_eq!((font.width(), font.height()), size.pixels());
        let line = drawing(&font, '\u{2500}');
        assert!(line.iter().any(|row| row.chars().all(|c| c == '#')), "{size:?} {line:#?}");
        let bar = drawing(&font, '\u{2502}');
        assert!((0..font.width()).any(|x| bar.iter().all(|row| row.as_bytes()[x] == b'#')));
        let full = drawing(&font, '\u{2588}');
        assert!(full.iter().all(|row| row.chars().all(|c| c == '#')), "{size:?} {full:#?}");
        assert!(drawing(&font, ' ').iter().all(|row| !row.contains('#')));
    }
}

#[test]
fn printable_characters_differ_from_each_other() {
    let font = Font::new(FontSize::Size8x16);
    let characters: Vec<char> = ('!'..='~').chain('\u{A1}'..='\u{AC}').chain('À'..='ÿ').collect();
    for (index, &a) in characters.iter().enumerate() {
        assert!(drawing(&font, a).concat().contains('#'), "{a} is empty");
        assert_ne!(drawing(&font, a), drawing(&font, '\u{2592}'), "{a} is missing");
        for &b in &characters[index + 1..] {
            assert_ne!(drawing(&font, a), drawing(&font, b), "{a} {b}");
        }
    }
}

#[test]
fn characters_without_a_glyph_are_a_shade() {
    let font = Font::new(FontSize::Size16x32);
    for missing in ['\0', '\u{7F}', '\u{9F}', '€', '\u{24FF}', '\u{25A0}', '\u{FFFD}', '世'] {
        assert!(!Font::has(missing));
        assert_eq!(font.glyph(missing), font.glyph('\u{2592}'));
    }
}

#[test]
fn every_character_of_the_ranges_has_a_glyph() {
    for size in FontSize::ALL {
        let font = Font::new(size);
        let blank = drawing(&font, ' ');
        let all = (' '..='~').chain('\u{A0}'..='\u{FF}').chain('\u{2500}'..='\u{259F}');
        for character in all.clone() {
            assert!(Font::has(character));
            assert_eq!(drawing(&font, character).len(), size.pixels().1, "{character}");
        }
        let empty: Vec<char> = all.filter(|&c| drawing(&font, c) == blank).collect();
        assert_eq!(empty, [' ', '\u{A0}'], "{size:?}");
    }
}

#[test]
fn size_grows_with_the_screen() {
    assert_eq!(FontSize::for_screen(640, 480), FontSize::Size8x16);
    assert_eq!(FontSize::for_screen(1024, 768), FontSize::Size8x16);
    assert_eq!(FontSize::for_screen(1920, 1080), FontSize::Size12x24);
    assert_eq!(FontSize::for_screen(2560, 1440), FontSize::Size16x32);
    assert_eq!(FontSize::for_screen(3840, 2160), FontSize::Size16x32);
    assert_eq!(FontSize::for_screen(7680, 4320), FontSize::Size32x64);
    assert_eq!(FontSize::for_screen(0, 0), FontSize::Size8x16);
}

#[test]
fn formats_that_make_no_sense_are_refused() {
    let rgb = |depth, red| PixelFormat::try_new(depth, red, (8, 8), (0, 8));
    assert!(rgb(8, (16, 8)).is_none() && rgb(33, (16, 8)).is_none());
    assert!(rgb(16, (16, 8)).is_none(), "beyond the pixel");
    assert!(rgb(32, (250, 8)).is_none() && rgb(32, (16, 0)).is_none());
    assert!(rgb(24, (16, 8)).is_some());
}

#[test]
fn colours_are_where_the_format_has_them() {
    let colour = [0xFF, 0x80, 0x08];
    let format = |depth, red, green, blue| PixelFormat::try_new(depth, red, green, blue).unwrap();
    assert_eq!(format(32, (16, 8), (8, 8), (0, 8)).encode(colour), 0xFF_8008);
    assert_eq!(format(24, (0, 8), (8, 8), (16, 8)).encode(colour), 0x08_80FF);
    assert_eq!(format(16, (11, 5), (5, 6), (0, 5)).encode(colour), 0xFC01);
    assert_eq!(format(15, (10, 5), (5, 5), (0, 5)).encode(colour), 0x7E01);
    assert_eq!(format(32, (20, 10), (10, 10), (0, 10)).encode(colour), 0x3FC8_0020);
}

proptest! {
    #[test]
    fn rows_are_written_pixel_by_pixel(
        row: u32, width in 0..=WIDTH_MAX, depth in prop::sample::select(vec![15_u8, 16, 24, 32]),
        foreground: u32, background: u32,
    ) {
        let format = PixelFormat::try_new(depth, (10, 5), (5, 5), (0, 5)).unwrap();
        let mut pixels = [0xEE; 4 * WIDTH_MAX];
        let written = format.write_row(row, width, foreground, background, &mut pixels);
        prop_assert_eq!(written, width * format.bytes());
        for (x, pixel) in pixels[..written].chunks(format.bytes()).enumerate() {
            let expected = if row << x >> 31 == 1 { foreground } else { background };
            prop_assert_eq!(pixel, &expected.to_le_bytes()[..format.bytes()]);
        }
        prop_assert!(pixels[written..].iter().all(|&byte| byte == 0xEE));
    }
}

#[test]
fn broken_files_are_refused_or_read_without_harm() {
    use crate::psf::PsfFile;
    assert!(PsfFile::try_new(&[]).is_none());
    assert!(PsfFile::try_new(&[0x36, 0x04, 3, 16]).is_none(), "no bitmaps");
    let mut file = vec![0x72, 0xB5, 0x4A, 0x86];
    for word in [0_u32, 32, 1, u32::MAX, u32::MAX, 16, 8] {
        file.extend(word.to_le_bytes());
    }
    assert!(PsfFile::try_new(&file).is_none(), "more glyphs than there are bytes");
}
