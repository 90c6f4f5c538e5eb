//! Stopping and restarting the output; packet mode.

use super::{read, sent, terminal, typed};
use crate::{
    ControlCharacter, Device, FlowAction, InputFlags, LineDiscipline, LocalFlags, PacketStatus,
    Queues,
};

#[test]
fn stop_and_start_control_the_output() {
    let mut terminal = terminal(|_| {});
    terminal.write(b"before ");
    assert_eq!(typed(&mut terminal, b"\x13"), b"");
    assert!(terminal.is_stopped());
    assert_eq!(terminal.write(b"during "), 7);
    assert_eq!(typed(&mut terminal, b"x"), b"");
    assert_eq!(terminal.output_len(), 15);
    assert_eq!(typed(&mut terminal, b"\x11"), b"before during x");
    // A second START has no effect.
    assert_eq!(typed(&mut terminal, b"\x11y"), b"y");
}

#[test]
fn any_byte_restarts_with_ixany() {
    for (any, stopped) in [(false, true), (true, false)] {
        for byte in [b"x", b"\r", b"\x7f"] {
            let mut terminal = terminal(|termios| termios.input.set(InputFlags::IXANY, any));
            typed(&mut terminal, b"\x13");
            typed(&mut terminal, byte);
            assert_eq!(terminal.is_stopped(), stopped);
        }
    }
}

#[test]
fn signal_restarts_the_output() {
    let mut terminal = terminal(|_| {});
    typed(&mut terminal, b"\x13");
    assert_eq!(typed(&mut terminal, b"\x03"), b"^C");
    assert!(!terminal.is_stopped());
}

#[test]
fn what_a_program_stopped_only_a_program_restarts() {
    let mut terminal = terminal(|termios| termios.input |= InputFlags::IXANY);
    terminal.control_flow(FlowAction::StopOutput);
    terminal.write(b"x");
    assert_eq!(typed(&mut terminal, b"\x11a\x03"), b"");
    assert!(terminal.is_stopped());
    terminal.control_flow(FlowAction::StartOutput);
    assert_eq!(sent(&mut terminal), b"^C");
    // A program doesn't restart output that STOP has stopped.
    typed(&mut terminal, b"\x13");
    terminal.control_flow(FlowAction::StartOutput);
    assert!(terminal.is_stopped());
}

#[test]
fn output_restarts_when_no_byte_could_do_it() {
    let mut terminal = terminal(|_| {});
    typed(&mut terminal, b"\x13a");
    let mut termios = *terminal.termios();
    termios.input.remove(InputFlags::IXON);
    terminal.set_termios(termios);
    assert_eq!(sent(&mut terminal), b"a");
}

#[test]
fn input_is_stopped_by_bytes_that_overtake_the_output() {
    let mut terminal = terminal(|_| {});
    terminal.write(b"out");
    terminal.control_flow(FlowAction::StopOutput);
    terminal.control_flow(FlowAction::StopInput);
    assert_eq!(terminal.output_len(), 4);
    assert_eq!(sent(&mut terminal), b"\x13");
    terminal.control_flow(FlowAction::StartOutput);
    terminal.control_flow(FlowAction::StartInput);
    assert_eq!(sent(&mut terminal), b"\x11out");
    // A disabled character is not sent.
    let mut termios = *terminal.termios();
    termios.set_character(ControlCharacter::Stop, 0);
    terminal.set_termios(termios);
    terminal.control_flow(FlowAction::StopInput);
    assert_eq!(terminal.output_len(), 0);
    assert_eq!(terminal.take_output(&mut []), 0);
}

#[test]
fn other_side_is_stopped_while_the_queue_is_nearly_full() {
    for sends in [false, true] {
        let mut terminal = terminal(|termios| {
            termios.local.remove(LocalFlags::ECHO);
            termios.input.set(InputFlags::IXOFF, sends);
        });
        let stop: &[u8] = if sends { b"\x13" } else { b"" };
        let start: &[u8] = if sends { b"\x11" } else { b"" };
        // Without a line nothing could be read.
        assert_eq!(typed(&mut terminal, &[b'x'; 5000]), b"");
        assert!(!terminal.is_throttled());
        typed(&mut terminal, b"\x15");

        typed(&mut terminal, &[&[b'a'; 99][..], b"\n"].concat().repeat(39));
        assert!(!terminal.is_throttled());
        assert_eq!(typed(&mut terminal, &[b'x'; 99]), stop);
        assert!(terminal.is_throttled());
        assert_eq!(typed(&mut terminal, b"x"), b"");
        for _ in 0..37 {
            read(&mut terminal, 200);
        }
        assert!(terminal.is_throttled());
        assert_eq!(sent(&mut terminal), b"");
        read(&mut terminal, 200);
        assert!(!terminal.is_throttled());
        assert_eq!(sent(&mut terminal), start);

        // A flush makes room, too.
        assert_eq!(typed(&mut terminal, &[b'x'; 3890]), stop);
        assert!(terminal.is_throttled());
        terminal.flush(Queues::Input);
        assert!(!terminal.is_throttled());
        assert_eq!(sent(&mut terminal), start);
    }
    let mut terminal = LineDiscipline::try_new(Device::Pseudo).unwrap();
    terminal.receive(b"a\n");
    terminal.receive(&[b'x'; 4096]);
    assert!(!terminal.is_throttled());
}

#[test]
fn flushed_queues_are_empty() {
    for (queues, input, output) in
        [(Queues::Input, 0, 9), (Queues::Output, 5, 0), (Queues::Both, 0, 0)]
    {
        let mut terminal = terminal(|termios| termios.local.remove(LocalFlags::ECHO));
        typed(&mut terminal, b"line\rpart");
        terminal.write(b"123456789");
        terminal.flush(queues);
        assert_eq!(terminal.input_len(), input);
        assert_eq!(terminal.output_len(), output);
    }
    // The output queue of a stopped line is flushed too.
    let mut terminal = terminal(|_| {});
    terminal.write(b"abc");
    terminal.control_flow(FlowAction::StopOutput);
    terminal.write(b"def");
    terminal.flush(Queues::Output);
    terminal.control_flow(FlowAction::StartOutput);
    assert_eq!(sent(&mut terminal), b"");
}

#[test]
fn master_of_a_stopped_terminal_reads_what_was_written_before() {
    let mut terminal = LineDiscipline::try_new(Device::Pseudo).unwrap();
    terminal.write(b"before");
    terminal.receive(b"\x13x");
    assert_eq!(terminal.write(b"during"), 0);
    assert!(!terminal.is_writable());
    assert_eq!(sent(&mut terminal), b"before");
    terminal.receive(b"\x11");
    assert_eq!(sent(&mut terminal), b"x");
}

#[test]
fn packet_mode_reports_changes_to_the_master() {
    let mut terminal = LineDiscipline::try_new(Device::Pseudo).unwrap();
    terminal.receive(b"\x03");
    assert_eq!(terminal.take_packet_status(), None);
    terminal.set_packet_mode(true);
    assert_eq!(terminal.take_packet_status(), Some(PacketStatus::empty()));
    assert!(!terminal.has_packet_status());

    let mut expect = |change: &dyn Fn(&mut LineDiscipline), status| {
        change(&mut terminal);
        assert_eq!(terminal.has_packet_status(), status != PacketStatus::empty());
        assert_eq!(terminal.take_packet_status(), Some(status));
        assert_eq!(terminal.take_packet_status(), Some(PacketStatus::empty()));
    };
    let both = PacketStatus::FLUSHREAD | PacketStatus::FLUSHWRITE;
    expect(&|terminal| _ = terminal.receive(b"a\r"), PacketStatus::empty());
    expect(&|terminal| _ = terminal.receive(b"\x03"), both);
    expect(&|terminal| terminal.flush(Queues::Input), PacketStatus::FLUSHREAD);
    expect(&|terminal| _ = terminal.receive(b"\x13"), PacketStatus::STOP);
    expect(&|terminal| _ = terminal.receive(b"\x11"), PacketStatus::START);
    expect(&|terminal| _ = terminal.receive(b"\x13\x11"), PacketStatus::START);
    let set = |terminal: &mut LineDiscipline, on, local| {
        let mut termios = *terminal.termios();
        termios.input.set(InputFlags::IXON, on);
        termios.local.set(LocalFlags::EXTPROC, local);
        terminal.set_termios(termios);
    };
    expect(&|terminal| set(terminal, false, false), PacketStatus::NOSTOP);
    expect(&|terminal| set(terminal, false, false), PacketStatus::empty());
    expect(&|terminal| set(terminal, true, false), PacketStatus::DOSTOP);
    expect(&|terminal| set(terminal, true, true), PacketStatus::IOCTL);
    expect(&|terminal| set(terminal, true, false), PacketStatus::IOCTL);
    terminal.set_packet_mode(false);
    assert_eq!(terminal.take_packet_status(), None);
}
