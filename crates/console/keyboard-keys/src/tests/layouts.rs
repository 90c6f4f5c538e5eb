use std::string::String;

use super::*;

/// The codes in set 1 of the keys that have characters, row by row; the last one is the key
/// next to the left Shift key.
const ROWS: [(core::ops::RangeInclusive<u8>, &[u8]); 4] =
    [(0x02..=0x0D, &[0x29]), (0x10..=0x1B, &[]), (0x1E..=0x28, &[0x2B]), (0x2C..=0x35, &[0x56])];

/// Types all these keys while `held` is held.
fn all(layout: Layout, held: &[u8]) -> [String; 4] {
    ROWS.map(|(row, others)| {
        row.chain(others.iter().copied())
            .map(|code| {
                let bytes: Vec<u8> = held.iter().copied().chain([code]).collect();
                match typed(layout, &bytes)[..] {
                    [Key::Char(c)] => c,
                    _ => '\0',
                }
            })
            .collect()
    })
}

const ALT_GR: [u8; 2] = [EXTENDED, ALT];

#[test]
fn united_states() {
    let layout = Layout::Us;
    assert_eq!(
        all(layout, &[]),
        ["1234567890-=`", "qwertyuiop[]", "asdfghjkl;'\\", "zxcvbnm,./\\"]
    );
    let shifted = ["!@#$%^&*()_+~", "QWERTYUIOP{}", "ASDFGHJKL:\"|", "ZXCVBNM<>?|"];
    assert_eq!(all(layout, &[SHIFT]), shifted);
    assert_eq!(all(layout, &[RIGHT_SHIFT]), shifted);
}

#[test]
fn united_kingdom() {
    let layout = Layout::Uk;
    assert_eq!(all(layout, &[]), ["1234567890-=`", "qwertyuiop[]", "asdfghjkl;'#", "zxcvbnm,./\\"]);
    let shifted = ["!\"£$%^&*()_+¬", "QWERTYUIOP{}", "ASDFGHJKL:@~", "ZXCVBNM<>?|"];
    assert_eq!(all(layout, &[SHIFT]), shifted);
    let other = ["123€567890-=¦", "qwértyúíóp[]", "ásdfghjkl;'#", "zxcvbnm,./\\"];
    assert_eq!(all(layout, &ALT_GR), other);
}

#[test]
fn germany() {
    let layout = Layout::De;
    assert_eq!(all(layout, &[]), ["1234567890ß´^", "qwertzuiopü+", "asdfghjklöä#", "yxcvbnm,.-<"]);
    let shifted = ["!\"§$%&/()=?`°", "QWERTZUIOPÜ*", "ASDFGHJKLÖÄ'", "YXCVBNM;:_>"];
    assert_eq!(all(layout, &[SHIFT]), shifted);
    let other = ["1²³456{[]}\\´^", "@w€rtzuiopü~", "asdfghjklöä#", "yxcvbnµ,.-|"];
    assert_eq!(all(layout, &ALT_GR), other);
    let locked = ["1234567890ß´^", "QWERTZUIOPÜ+", "ASDFGHJKLÖÄ#", "YXCVBNM,.-<"];
    assert_eq!(all(layout, &[CAPS_LOCK]), locked);
}

#[test]
fn france() {
    let layout = Layout::Fr;
    assert_eq!(all(layout, &[]), ["&é\"'(-è_çà)=²", "azertyuiop^$", "qsdfghjklmù*", "wxcvbn,;:!<"]);
    let shifted = ["1234567890°+²", "AZERTYUIOP¨£", "QSDFGHJKLM%µ", "WXCVBN?./§>"];
    assert_eq!(all(layout, &[SHIFT]), shifted);
    let other = ["&~#{[|`\\^@]}²", "az€rtyuiop^¤", "qsdfghjklmù*", "wxcvbn,;:!<"];
    assert_eq!(all(layout, &ALT_GR), other);
    let locked = ["&é\"'(-è_çà)=²", "AZERTYUIOP^$", "QSDFGHJKLMù*", "WXCVBN,;:!<"];
    assert_eq!(all(layout, &[CAPS_LOCK]), locked);
}

#[test]
fn shift_undoes_caps_lock() {
    for layout in Layout::ALL {
        let [_, letters, ..] = all(layout, &[CAPS_LOCK, SHIFT]);
        assert!(letters.starts_with(|c: char| c.is_ascii_lowercase()), "{letters}");
    }
}

#[test]
fn keypad_has_the_decimal_point_of_the_country() {
    let point = |layout| typed(layout, &[0x53]);
    assert_eq!(point(Layout::De), [Key::Char(',')]);
    for layout in [Layout::Us, Layout::Uk, Layout::Fr] {
        assert_eq!(point(layout), [Key::Char('.')]);
    }
}

#[test]
fn layouts_are_found_by_their_names() {
    for layout in Layout::ALL {
        assert_eq!(Layout::from_name(layout.name()), Some(layout));
        assert!(!layout.description().is_empty());
    }
    for wrong in ["", "DE", "de ", "xx"] {
        assert_eq!(Layout::from_name(wrong), None);
    }
}
