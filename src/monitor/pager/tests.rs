use super::*;

fn count(pager: &mut Pager, mut text: &str) {
    while !text.is_empty() {
        pager.is_full_for(text);
        pager.take(&mut text);
    }
}

#[test_case]
fn rows_are_counted_and_clearing_resets_the_count() {
    let mut pager = Pager { rows: 24, columns: 80, column: 0, rows_left: Some(24) };
    for line in ["one\n", "half ", "of it\n", "\n"] {
        count(&mut pager, line);
    }
    assert_eq!(pager.rows_left, Some(21));
    let wide = [b'x'; 81];
    count(&mut pager, core::str::from_utf8(&wide).expect("ASCII is UTF-8"));
    count(&mut pager, "\n");
    assert_eq!(pager.rows_left, Some(19));
    // `watch` writes these separately; stages merge them into one text.
    count(&mut pager, console::CLEAR);
    assert_eq!((pager.rows_left, pager.column), (Some(24), 0));
    count(&mut pager, "one\n");
    count(&mut pager, "\x1B[H\x1B[2Jone\n");
    assert_eq!(pager.rows_left, Some(23));
}
