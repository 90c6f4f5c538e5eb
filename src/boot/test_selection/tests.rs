use super::*;

fn selection(words: &[(&str, Option<&str>)]) -> TestSelection {
    let mut selection = TestSelection::default();
    for &(name, value) in words {
        selection.apply(name, value).expect("a word of tests");
    }
    selection
}

#[test_case]
fn names_are_searched_or_compared_and_skipped() {
    let all = selection(&[]);
    assert_eq!(all.choice("a::b", false), TestChoice::Run);
    assert_eq!(all.choice("a::b", true), TestChoice::Ignore);
    let some = selection(&[("test", Some("a::")), ("test", Some("c")), ("test-skip", Some("d"))]);
    assert_eq!(some.choice("a::b", false), TestChoice::Run);
    assert_eq!(some.choice("b::c", false), TestChoice::Run);
    assert_eq!(some.choice("b::b", false), TestChoice::FilterOut);
    assert_eq!(some.choice("a::d", false), TestChoice::FilterOut);
    let exact = selection(&[("test", Some("a::b")), ("test-exact", None)]);
    assert_eq!(exact.choice("a::b", false), TestChoice::Run);
    assert_eq!(exact.choice("a::bc", false), TestChoice::FilterOut);
}

#[test_case]
fn ignored_tests_run_when_asked_for() {
    let only = selection(&[("ignored", None), ("test", Some("a"))]);
    assert_eq!(only.choice("a", true), TestChoice::Run);
    assert_eq!(only.choice("a", false), TestChoice::FilterOut);
    assert_eq!(only.choice("b", true), TestChoice::FilterOut);
    let all = selection(&[("include-ignored", None)]);
    assert_eq!(all.choice("a", true), TestChoice::Run);
    assert_eq!(all.choice("a", false), TestChoice::Run);
}

#[test_case]
fn what_does_not_fit_is_refused() {
    let mut selection = TestSelection::default();
    let long = core::str::from_utf8(&[b'x'; NAME_MAX_BYTES + 1]).expect("ASCII");
    assert_eq!(selection.apply("test", Some(long)), None);
    assert_eq!(selection.apply("test-ask", Some("x")), None);
    assert_eq!(selection.apply("safe", None), None);
    assert_eq!(selection, TestSelection::default());
    for _ in 0..NAMES_MAX {
        assert_eq!(selection.apply("test", Some("a")), Some(()));
    }
    assert_eq!(selection.apply("test", Some("a")), None);
}
