//! The line discipline and a pseudo-terminal of the host, side by side.

use line_discipline::{
    Device, FlowAction, INPUT_BYTES, InputFlags, LineDiscipline, LocalFlags, Queues, ReadRequest,
    ReadStep, Termios,
};
use rustix::termios::{Action, QueueSelector};

use crate::pty::{Pty, wait_until};
use crate::random::{Random, echoes_newlines_only};

/// Both terminals, the typed bytes that are not yet taken, and the steps so far, for
/// messages.
pub struct Both {
    terminal: LineDiscipline,
    pty: Pty,
    waiting: Vec<u8>,
    history: Vec<String>,
}

impl Both {
    /// Opens both. Returns `None` if the host has no pseudo-terminals.
    pub fn open(seed: u64) -> Option<Self> {
        let Some(pty) = Pty::open() else {
            eprintln!("no pseudo-terminal: skipped");
            return None;
        };
        let terminal = LineDiscipline::try_new(Device::Pseudo).unwrap();
        let history = vec![format!("seed {seed}")];
        Some(Self { terminal, pty, waiting: Vec::new(), history })
    }

    /// Sets attributes. Restarts the output before, because Linux processes delayed echo by
    /// the later attributes.
    pub fn set_termios(&mut self, termios: Termios) {
        self.settle();
        if self.terminal.is_stopped() {
            self.control_flow(0);
            self.control_flow(1);
        }
        self.set_termios_at_once(termios);
    }

    /// Sets attributes while input is queued, which the host has already processed.
    pub fn set_termios_at_once(&mut self, termios: Termios) {
        self.history.push(format!("{termios:?}"));
        self.terminal.set_termios(termios);
        self.pty.set_termios(&termios);
        self.compare();
    }

    /// Types bytes one at a time, so that each is processed before the next.
    pub fn type_bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.history.push(format!("type {:?}", char::from(*byte)));
            self.waiting.push(*byte);
            self.pty.send(&[*byte]);
            self.compare();
        }
    }

    /// Types bytes in one piece if that makes no difference. It does if a later byte
    /// flushes or stops the output: Linux then discards or delays the echo of the whole
    /// piece.
    pub fn type_together(&mut self, bytes: &[u8]) {
        let Termios { input, local, .. } = self.terminal.termios();
        if input.contains(InputFlags::IXON) || local.contains(LocalFlags::ISIG) {
            return self.type_bytes(bytes);
        }
        self.type_plain(bytes);
    }

    /// Types bytes in one piece that neither flush nor stop the output.
    pub fn type_plain(&mut self, bytes: &[u8]) {
        self.history.push(format!("type {}", bytes.escape_ascii()));
        self.waiting.extend_from_slice(bytes);
        self.pty.send(bytes);
        self.compare();
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.settle();
        self.history.push(format!("write {}", bytes.escape_ascii()));
        let taken = self.terminal.write(bytes);
        assert_eq!(taken, self.pty.write(bytes), "{}", self.report());
        self.compare();
    }

    pub fn flush(&mut self, which: usize) {
        self.settle();
        let (ours, theirs) = [
            (Queues::Input, QueueSelector::IFlush),
            (Queues::Output, QueueSelector::OFlush),
            (Queues::Both, QueueSelector::IOFlush),
        ][which];
        self.history.push(format!("flush {ours:?}"));
        self.terminal.flush(ours);
        self.pty.flush(theirs);
        self.compare();
    }

    pub fn control_flow(&mut self, which: usize) {
        self.settle();
        let (ours, theirs) = [
            (FlowAction::StopOutput, Action::OOff),
            (FlowAction::StartOutput, Action::OOn),
            (FlowAction::StopInput, Action::IOff),
            (FlowAction::StartInput, Action::IOn),
        ][which];
        // Linux may lose a STOP or START that it sends while the output is stopped.
        let loses_byte = which > 1 && self.terminal.is_stopped();
        if loses_byte || echoes_newlines_only(self.terminal.termios()) {
            return;
        }
        self.history.push(format!("flow {ours:?}"));
        self.terminal.control_flow(ours);
        self.pty.control_flow(theirs);
        if which == 1 && !self.terminal.is_stopped() {
            // Linux sends delayed echo only with the next echo.
            return self.type_bytes(b"k");
        }
        self.compare();
    }

    /// Reads, in pieces of random lengths, until there is nothing to read.
    pub fn read_all(&mut self, random: &mut Random) {
        while self.terminal.is_readable() {
            let longest = [6, 300][random.below(2)];
            self.read(1 + random.below(longest));
        }
        self.settle();
        self.read(9);
    }

    /// Reads until there is nothing to read. The host has then processed all typed bytes,
    /// including those without a visible effect.
    fn settle(&mut self) {
        while self.terminal.is_readable() {
            self.read(4096);
        }
        assert!(!self.pty.is_readable(), "{}", self.report());
        self.compare();
    }

    fn read(&mut self, length: usize) {
        self.history.push(format!("read {length}"));
        let mut bytes = vec![0; length];
        let mut request = ReadRequest::new(&self.terminal);
        let step = self.terminal.read(&mut request, &mut bytes, 0);
        bytes.truncate(request.copied());
        let ours = match step {
            ReadStep::Wait { .. } if bytes.is_empty() => None,
            _ => Some(bytes),
        };
        let theirs = self.pty.read(length);
        assert_eq!(ours, theirs, "{}", self.report());
        self.compare();
    }

    /// Compares the visible state after each step.
    fn compare(&mut self) {
        let taken = self.terminal.receive(&self.waiting).taken;
        self.waiting.drain(..taken);
        let mut expected = vec![0; self.terminal.output_ready()];
        assert_eq!(self.terminal.take_output(&mut expected), expected.len());
        let mut output = Vec::new();
        // The host processes input in a thread of its own.
        let arrived = wait_until(|| {
            let readable = self.pty.is_readable();
            output.extend(self.pty.take_output());
            output.len() >= expected.len()
                && readable == self.terminal.is_readable()
                && self.has_same_length()
        });
        if output != expected || !arrived {
            let tail = |bytes: &[u8]| bytes[bytes.len().saturating_sub(100)..].to_vec();
            panic!(
                "{}\nhere: {} bytes: {} readable {} of {}\n\
                 there: {} bytes: {} readable {} of {}",
                self.report(),
                expected.len(),
                tail(&expected).escape_ascii(),
                self.terminal.is_readable(),
                self.terminal.input_len(),
                output.len(),
                tail(&output).escape_ascii(),
                self.pty.is_readable(),
                self.pty.input_len(),
            );
        }
    }

    fn has_same_length(&self) -> bool {
        let theirs = self.pty.input_len();
        // Linux counts the EOF of a full queue.
        theirs == self.terminal.input_len() || theirs == INPUT_BYTES
    }

    /// Returns the steps since the attributes were last set, and that step.
    fn report(&self) -> String {
        let last_set = self.history.iter().rposition(|line| line.starts_with("Termios"));
        let recent = last_set.unwrap_or(0).max(self.history.len().saturating_sub(60));
        let mut lines = vec![self.history[0].clone()];
        lines.extend(last_set.map(|at| self.history[at].clone()));
        lines.extend_from_slice(&self.history[recent..]);
        lines.join("\n")
    }
}
