//! Tests of parsing lines, and of output through stages.

use super::*;
use crate::arch::ports::{self, KEYBOARD_DATA, KEYBOARD_STATUS, KeyboardCommand};
use crate::testing::machine;

fn parse(line: &str) -> Result<Pipeline<'_>, ParseError<'_>> {
    Pipeline::parse(line, Paging::Asked)
}

#[test_case]
fn lines_are_taken_apart() {
    let pipeline = parse("irq | find timer |skip x y| count > serial").expect("is right");
    assert_eq!(pipeline.command, "irq");
    assert_eq!(pipeline.stages, [Stage::Find("timer"), Stage::Skip("x y"), Stage::Count]);
    assert_eq!((pipeline.paging, pipeline.target), (Paging::Asked, Target::Serial));
    let pipeline = parse("  sym <A as B>::c | more ").expect("is right");
    assert_eq!((pipeline.command, pipeline.paging), ("sym <A as B>::c", Paging::Always));
}

#[test_case]
fn separators_between_quotes_are_text() {
    let pipeline = parse("echo \"a | b > serial\" c|find \"x | y\"").expect("is right");
    assert_eq!(pipeline.command, "echo \"a | b > serial\" c");
    assert_eq!(
        (pipeline.target, &pipeline.stages[..]),
        (Target::Console, &[Stage::Find("x | y")][..])
    );
    let pipeline = parse("echo 5\" disk | count").expect("is right");
    assert_eq!((pipeline.command, pipeline.stages.len()), ("echo 5\" disk", 1));
}

#[test_case]
fn errors_are_reported() {
    assert_eq!(parse("a | grep b"), Err(ParseError::UnknownStage("grep")));
    assert_eq!(parse("a | find"), Err(ParseError::Text("find")));
    assert_eq!(parse("a | count b"), Err(ParseError::Text("count b")));
    assert_eq!(parse("a |"), Err(ParseError::UnknownStage("")));
    assert_eq!(parse("a > file"), Err(ParseError::UnknownTarget("file")));
    assert_eq!(parse("a |count|count|count|count|count"), Err(ParseError::TooMany));
}

#[test_case]
fn texts_are_found_in_either_case() {
    assert!(has("IRQ 0 Timer", "timer") && has("timer", "TIMER"));
    assert!(!has("time", "timer") && !has("", "a"));
}

/// Makes the keyboard's controller send Ctrl-C: Ctrl and C are pressed and released.
fn press_control_c() {
    let wait = || while KEYBOARD_STATUS.read() & 0b10 != 0 {};
    for byte in [0x1D, 0x2E, 0xAE, 0x9D] {
        wait();
        ports::send_command(KeyboardCommand::SendBack);
        wait();
        KEYBOARD_DATA.write(byte);
    }
}

/// Writes `text` repeatedly, for at most a second; returns whether Ctrl-C has ended
/// the output.
fn is_ended(output: &mut Output<'_>, text: &str) -> bool {
    let end_us = machine().clock.uptime_us() + 1_000_000;
    while machine().clock.uptime_us() < end_us {
        if output.write_str(text).is_err() {
            return true;
        }
    }
    false
}

#[test_case]
fn control_c_ends_output_that_is_not_shown() {
    for (line, text) in [("x > serial", ""), ("x | find y", "z\n"), ("x | more", "")] {
        let pipeline = parse(line).expect("is right");
        let mut output = pipeline.output();
        press_control_c();
        assert!(is_ended(&mut output, text), "{line}");
        assert_eq!(output.write_str(""), Ok(()), "{line}");
    }
}
