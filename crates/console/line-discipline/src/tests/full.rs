//! Full queues.

use std::vec;

use super::{lines, read, sent, terminal, typed};
use crate::{ECHO_RESERVE_BYTES, INPUT_BYTES, InputFlags, LocalFlags, OUTPUT_BYTES, OutputFlags};

#[test]
fn line_that_fills_the_queue_can_be_ended_and_edited() {
    for (rest, last) in [(&b"\r"[..], &b"aa\n"[..]), (b"bc\r", b"aa\n"), (b"bc\x7fd\r", b"ad\n")] {
        let mut terminal = terminal(|_| {});
        typed(&mut terminal, &vec![b'a'; INPUT_BYTES - 1]);
        assert_eq!(terminal.receive_room(), 1);
        typed(&mut terminal, rest);
        let lines = lines(&mut terminal);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].len(), INPUT_BYTES);
        assert!(lines[0].ends_with(last), "{}", rest.escape_ascii());
    }
}

#[test]
fn endless_line_keeps_its_start() {
    let mut terminal = terminal(|_| {});
    typed(&mut terminal, b"start");
    for _ in 0..5 {
        typed(&mut terminal, &[b'x'; 4000]);
    }
    typed(&mut terminal, b"\r");
    let lines = lines(&mut terminal);
    assert_eq!(lines[0].len(), INPUT_BYTES);
    assert!(lines[0].starts_with(b"startxx"));
}

#[test]
fn full_queue_with_a_line_takes_no_more() {
    let mut terminal = terminal(|_| {});
    typed(&mut terminal, b"line\r");
    let received = terminal.receive(&[b'a'; 5000]);
    assert_eq!(received.taken, INPUT_BYTES - 5 - 1);
    assert_eq!(terminal.receive_room(), 0);
    assert_eq!(terminal.receive(b"\x03").taken, 0);
    assert_eq!(read(&mut terminal, 9).unwrap(), b"line\n");
    assert_eq!(terminal.receive_room(), 5);
    assert_eq!(terminal.receive(b"123456\r").taken, 7);
}

#[test]
fn full_raw_queue_takes_no_more() {
    for (marks, taken) in [(false, 4095), (true, 4093)] {
        let mut terminal = terminal(|termios| {
            termios.local.remove(LocalFlags::ICANON | LocalFlags::ECHO);
            termios.input.set(InputFlags::PARMRK, marks);
        });
        assert_eq!(terminal.receive(&[b'a'; 5000]).taken, taken);
        terminal.receive_bad_byte(b'x');
        terminal.receive_break();
        assert_eq!(terminal.input_len(), taken);
    }
}

#[test]
fn doubled_byte_never_exceeds_the_queue() {
    let mut terminal = terminal(|termios| termios.input |= InputFlags::PARMRK);
    for _ in 0..3 {
        typed(&mut terminal, &[0xff; 4000]);
    }
    typed(&mut terminal, b"\r");
    assert_eq!(lines(&mut terminal)[0].len(), INPUT_BYTES);
}

#[test]
fn writer_leaves_room_for_echo() {
    let mut terminal = terminal(|termios| termios.output.remove(OutputFlags::OPOST));
    let written = terminal.write(&[b'w'; 2 * OUTPUT_BYTES]);
    assert_eq!(written, OUTPUT_BYTES - ECHO_RESERVE_BYTES);
    assert!(!terminal.is_writable());
    assert_eq!(terminal.write(b"x"), 0);
    terminal.receive(b"echo");
    assert_eq!(terminal.output_len(), written + 4);
    let mut part = vec![0; 100];
    assert_eq!(terminal.take_output(&mut part), 100);
    assert!(terminal.is_writable());
    assert_eq!(terminal.write(&[b'x'; 1000]), 96);
}

#[test]
fn writes_are_cut_between_characters() {
    let mut terminal = terminal(|termios| termios.output |= OutputFlags::XTABS);
    let room = OUTPUT_BYTES - ECHO_RESERVE_BYTES;
    assert_eq!(terminal.write(&vec![b'w'; room - 1]), room - 1);
    assert_eq!(terminal.write(b"\n"), 0);
    assert_eq!(terminal.write(b"x"), 1);
    sent(&mut terminal);
    assert_eq!(terminal.write(&vec![b'\t'; room]), room / 8);
}

#[test]
fn longest_line_is_removed_from_the_screen() {
    let mut terminal = terminal(|_| {});
    typed(&mut terminal, &[b'a'; INPUT_BYTES - 1]);
    assert_eq!(typed(&mut terminal, b"\x15").len(), 3 * (INPUT_BYTES - 1));
}

#[test]
fn lost_echo_is_all_that_a_slow_device_costs() {
    let mut terminal = terminal(|_| {});
    for _ in 0..10 {
        terminal.receive(&[b'\x01'; 4000]);
        terminal.receive(b"\x15");
    }
    terminal.receive(b"still\r");
    assert_eq!(terminal.output_len(), OUTPUT_BYTES);
    assert_eq!(lines(&mut terminal), [b"still\n"]);
}
