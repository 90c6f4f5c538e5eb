//! Tests: typed sessions, each flag on and off, and a naive model of a line editor.

mod attributes;
mod canonical;
mod flags;
mod flow;
mod full;
mod model;
mod output;
mod raw;

use std::vec;
use std::vec::Vec;

use crate::{Device, LineDiscipline, ReadRequest, ReadStep, TerminalSignals, Termios};

/// Returns a terminal with attributes changed by `change`.
pub(crate) fn terminal(change: impl FnOnce(&mut Termios)) -> LineDiscipline {
    let mut terminal = LineDiscipline::try_new(Device::Serial).unwrap();
    let mut termios = *terminal.termios();
    change(&mut termios);
    terminal.set_termios(termios);
    terminal
}

/// Types `bytes`, and returns the output to the device.
pub(crate) fn typed(terminal: &mut LineDiscipline, bytes: &[u8]) -> Vec<u8> {
    assert_eq!(terminal.receive(bytes).taken, bytes.len());
    sent(terminal)
}

/// Returns the signals that `bytes` cause.
pub(crate) fn signals(terminal: &mut LineDiscipline, bytes: &[u8]) -> TerminalSignals {
    terminal.receive(bytes).signals
}

/// Returns the output to the device.
pub(crate) fn sent(terminal: &mut LineDiscipline) -> Vec<u8> {
    let mut bytes = vec![0; terminal.output_ready()];
    assert_eq!(terminal.take_output(&mut bytes), bytes.len());
    bytes
}

/// Reads up to `length` bytes. Returns `None` if the read waits.
pub(crate) fn read(terminal: &mut LineDiscipline, length: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; length];
    let mut request = ReadRequest::new(terminal);
    match terminal.read(&mut request, &mut bytes, 0) {
        ReadStep::Done => {
            bytes.truncate(request.copied());
            Some(bytes)
        }
        ReadStep::Wait { .. } => {
            assert_eq!(request.copied(), 0);
            None
        }
    }
}

/// Returns the lines that can be read now.
pub(crate) fn lines(terminal: &mut LineDiscipline) -> Vec<Vec<u8>> {
    core::iter::from_fn(|| read(terminal, 5000)).collect()
}
