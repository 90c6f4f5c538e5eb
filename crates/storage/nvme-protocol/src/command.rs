//! The commands that a driver submits.
//!
//! Source: NVM Express Base Specification 2.0, "Submission Queue Entry", "Admin Command Set"; NVM
//! Command Set Specification 1.0, "NVM Command Set Commands".

use crate::prp::DataPointer;

/// The size of a command, in bytes.
pub const COMMAND_BYTES: usize = 64;

/// Opcodes of admin commands.
mod admin {
    pub(super) const CREATE_SUBMISSION_QUEUE: u8 = 0x01;
    pub(super) const CREATE_COMPLETION_QUEUE: u8 = 0x05;
    pub(super) const IDENTIFY: u8 = 0x06;
    pub(super) const ABORT: u8 = 0x08;
    pub(super) const SET_FEATURES: u8 = 0x09;
}

/// Opcodes of I/O commands.
mod io {
    pub(super) const FLUSH: u8 = 0x00;
    pub(super) const WRITE: u8 = 0x01;
    pub(super) const READ: u8 = 0x02;
}

/// Number of Queues, a feature.
const NUMBER_OF_QUEUES: u32 = 0x07;
/// A queue of a command lies in adjacent memory.
const CONTIGUOUS: u32 = 1 << 0;
/// The completion queue raises interrupts.
const RAISES_INTERRUPTS: u32 = 1 << 1;
/// The data of a write is on the medium when the command completes (FUA).
const FORCE_UNIT_ACCESS: u32 = 1 << 30;

/// The object of an Identify command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identify {
    /// The namespace with this number.
    Namespace(u32),
    /// The controller.
    Controller,
    /// The numbers of the active namespaces above this one, at most 1,024.
    NamespacesAbove(u32),
}

/// The direction of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the medium to memory.
    Read,
    /// From memory to the medium.
    Write {
        /// Whether the data has to be on the medium when the command completes.
        is_forced: bool,
    },
}

/// A command without its identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command([u32; COMMAND_BYTES / 4]);

impl Command {
    fn new(opcode: u8, namespace: u32, data: DataPointer) -> Self {
        let mut words = [0; 16];
        words[0] = opcode.into();
        words[1] = namespace;
        [words[6], words[7]] = halves(data.first);
        [words[8], words[9]] = halves(data.second);
        Self(words)
    }

    fn with<const N: usize>(mut self, first: usize, words: [u32; N]) -> Self {
        self.0[first..first + N].copy_from_slice(&words);
        self
    }

    /// Asks for 4,096 bytes of properties, at the physical address `to`.
    pub fn identify(what: Identify, to: u64) -> Self {
        let (namespace, kind) = match what {
            Identify::Namespace(namespace) => (namespace, 0),
            Identify::Controller => (0, 1),
            Identify::NamespacesAbove(namespace) => (namespace, 2),
        };
        Self::new(admin::IDENTIFY, namespace, DataPointer::page(to)).with(10, [kind])
    }

    /// Asks for `count` pairs of queues, at least 1. The result has the numbers that the controller
    /// gives ([`queue_pairs`](crate::completion::queue_pairs)).
    pub fn set_queue_pairs(count: u16) -> Self {
        let count = u32::from(count.saturating_sub(1));
        Self::new(admin::SET_FEATURES, 0, DataPointer::NONE)
            .with(10, [NUMBER_OF_QUEUES, count << 16 | count])
    }

    /// Makes the completion queue `id` of `entries` entries at the physical address `at`. It raises
    /// the interrupt with this index in the function's table, if there is one.
    pub fn create_completion_queue(id: u16, entries: u16, at: u64, vector: Option<u16>) -> Self {
        let interrupts = vector.map_or(0, |vector| u32::from(vector) << 16 | RAISES_INTERRUPTS);
        Self::new(admin::CREATE_COMPLETION_QUEUE, 0, DataPointer::page(at))
            .with(10, [size_and_id(entries, id), interrupts | CONTIGUOUS])
    }

    /// Makes the submission queue `id` of `entries` entries at the physical address `at`; its
    /// commands complete in the completion queue with the same number.
    pub fn create_submission_queue(id: u16, entries: u16, at: u64) -> Self {
        Self::new(admin::CREATE_SUBMISSION_QUEUE, 0, DataPointer::page(at))
            .with(10, [size_and_id(entries, id), u32::from(id) << 16 | CONTIGUOUS])
    }

    /// Asks to abort a command of the submission queue `queue`.
    pub fn abort(queue: u16, identifier: u16) -> Self {
        Self::new(admin::ABORT, 0, DataPointer::NONE)
            .with(10, [u32::from(identifier) << 16 | u32::from(queue)])
    }

    /// Transfers `blocks` blocks, at least 1, from the block `first` on.
    pub fn transfer(
        direction: Direction,
        namespace: u32,
        first: u64,
        blocks: u16,
        data: DataPointer,
    ) -> Self {
        let (opcode, flags) = match direction {
            Direction::Read => (io::READ, 0),
            Direction::Write { is_forced: false } => (io::WRITE, 0),
            Direction::Write { is_forced: true } => (io::WRITE, FORCE_UNIT_ACCESS),
        };
        let [low, high] = halves(first);
        let count = u32::from(blocks.saturating_sub(1));
        Self::new(opcode, namespace, data).with(10, [low, high, count | flags])
    }

    /// Writes all data that has been written before and is still in a cache to the medium.
    pub fn flush(namespace: u32) -> Self {
        Self::new(io::FLUSH, namespace, DataPointer::NONE)
    }

    /// Returns the words of the command with this identifier, as they are in a queue.
    pub fn words(self, identifier: u16) -> [u32; COMMAND_BYTES / 4] {
        let mut words = self.0;
        words[0] |= u32::from(identifier) << 16;
        words
    }
}

fn size_and_id(entries: u16, id: u16) -> u32 {
    u32::from(entries.saturating_sub(1)) << 16 | u32::from(id)
}

fn halves(word: u64) -> [u32; 2] {
    [word as u32, (word >> 32) as u32]
}
