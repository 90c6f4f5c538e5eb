//! A pair of queues: the commands that are submitted to a controller, and its answers.
//!
//! A command has a slot from its submission until its waiter has taken the outcome. An answer with an
//! identifier that no command in flight has is counted and dropped.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering};

use nvme_protocol::command::{COMMAND_BYTES, Command};
use nvme_protocol::completion::{COMPLETION_BYTES, Completion};
use nvme_protocol::prp::{DataPointer, Part, PartsError};
use nvme_protocol::ring::{CompletionRing, SubmissionRing};

use super::registers::{Doorbell, Registers};
use crate::drivers::block::queued::Queue;
use crate::drivers::block::request::Segment;
use crate::drivers::block::slots::Slots;
use crate::mm::kernel::dma_memory::DmaMemory;
use crate::sync::{IrqMutex, Rank};

/// The most entries of a queue: its commands fill a page.
pub(super) const ENTRIES_MAX: u16 = 64;
/// The number of slots of the longest queue.
const SLOTS: usize = ENTRIES_MAX as usize - 1;
/// The bits of an identifier that are the slot; the others count the uses of the slot.
const SLOT_BITS: u32 = 6;
/// The most pointers of a list.
const LIST_POINTERS: usize = 64;
const LIST_BYTES: usize = LIST_POINTERS * size_of::<u64>();

/// The most bytes of a request: as many pages as a list has pointers, whatever its alignment.
pub(super) const REQUEST_BYTES_MAX: u32 = LIST_POINTERS as u32 * 4096;

/// The state that submitters and the interrupt handler share.
struct State {
    submission: SubmissionRing,
    completion: CompletionRing,
    /// The number of submitted commands, for their identifiers.
    submitted: u16,
    /// The number of answers that belong to no command.
    strays: u64,
}

/// A pair of queues.
pub(super) struct QueuePair {
    id: u16,
    entries: u16,
    registers: Arc<Registers>,
    submission: DmaMemory,
    completion: DmaMemory,
    /// The lists of pointers, one for each slot.
    lists: DmaMemory,
    /// Protects the positions; taken by submitters, waiters and the interrupt handler.
    state: IrqMutex<State>,
    /// The commands in flight.
    pub(super) slots: Slots,
    /// The results of the answers, by their slots.
    results: [AtomicU32; SLOTS],
}

impl QueuePair {
    /// Makes the pair with the number `id`, which the controller doesn't know yet. `entries` is at
    /// least 2. `None` if there is no memory.
    pub(super) fn try_new(id: u16, entries: u16, registers: Arc<Registers>) -> Option<Arc<Self>> {
        let entries = entries.clamp(2, ENTRIES_MAX);
        let memory = |entry_bytes| DmaMemory::try_new_zeroed(usize::from(entries) * entry_bytes);
        let pair = Self {
            id,
            entries,
            registers,
            submission: memory(COMMAND_BYTES)?,
            completion: memory(COMPLETION_BYTES)?,
            lists: memory(LIST_BYTES)?,
            state: IrqMutex::new(Rank::Device, State::new(entries)),
            // A queue has room for one command less than it has entries.
            slots: Slots::try_new(usize::from(entries) - 1)?,
            results: [const { AtomicU32::new(0) }; SLOTS],
        };
        Arc::try_new(pair).ok()
    }

    pub(super) fn entries(&self) -> u16 {
        self.entries
    }

    pub(super) fn submission(&self) -> &DmaMemory {
        &self.submission
    }

    pub(super) fn completion(&self) -> &DmaMemory {
        &self.completion
    }

    /// Returns the number of answers that belonged to no command.
    pub(super) fn strays(&self) -> u64 {
        self.state.lock().strays
    }

    /// Describes the memory of a request in the list of the slot.
    pub(super) fn describe(&self, slot: u16, parts: &[Segment]) -> Result<DataPointer, PartsError> {
        let offset_bytes = usize::from(slot) * LIST_BYTES;
        let list_address = self.lists.start().as_u64() + offset_bytes as u64;
        let mut list = [0; LIST_POINTERS];
        let parts = parts.iter().map(|segment| Part {
            address: segment.frame.start().as_u64() + segment.range.start as u64,
            len_bytes: segment.range.len() as u64,
        });
        let data = DataPointer::of_parts(parts, list_address, &mut list)?;
        if data.second == list_address {
            for (index, pointer) in list.into_iter().take_while(|it| *it != 0).enumerate() {
                self.lists.write_u64(offset_bytes + 8 * index, pointer);
            }
        }
        Ok(data)
    }

    /// Submits `command` in a slot that was taken. Returns whether there was room, as there is if
    /// the controller works.
    pub(super) fn submit(&self, slot: u16, command: Command) -> bool {
        let mut state = self.state.lock();
        state.submitted = state.submitted.wrapping_add(1);
        let identifier = state.submitted << SLOT_BITS | slot;
        let Some(at) = state.submission.push() else {
            return false;
        };
        self.slots.start(slot, identifier);
        let words = command.words(identifier);
        let (pairs, _) = words.as_chunks();
        for (index, [low, high]) in pairs.iter().enumerate() {
            let pair = u64::from(*high) << 32 | u64::from(*low);
            self.submission.write_u64(usize::from(at) * COMMAND_BYTES + 8 * index, pair);
        }
        self.registers.ring(Doorbell::Submission(self.id), state.submission.tail());
        true
    }

    /// Takes the answers that have arrived, and wakes their waiters. Called by the interrupt handler
    /// and by waiters; never waits.
    pub(super) fn take_answers(&self) {
        let mut state = self.state.lock();
        let before = state.completion.head();
        loop {
            let at = usize::from(state.completion.head()) * COMPLETION_BYTES;
            // The last word has the phase; the controller writes it last.
            let last = self.completion.read_u32(at + 12);
            if !state.completion.take(last & 1 << 16 != 0) {
                break;
            }
            let words = [0, 4, 8].map(|offset| self.completion.read_u32(at + offset));
            let answer = Completion::from_words([words[0], words[1], words[2], last]);
            let is_possible = state.submission.set_head(answer.submission_head);
            if !is_possible || !self.end(&answer) {
                state.strays += 1;
            }
        }
        if state.completion.head() != before {
            self.registers.ring(Doorbell::Completion(self.id), state.completion.head());
        }
    }

    /// Ends the command of an answer; returns whether there is one.
    fn end(&self, answer: &Completion) -> bool {
        let slot = answer.identifier & ((1 << SLOT_BITS) - 1);
        if !self.slots.is_in_flight(slot, answer.identifier) {
            return false;
        }
        self.results[usize::from(slot)].store(answer.result, Ordering::Relaxed);
        self.slots.end(slot, answer.identifier, answer.status.0)
    }

    /// Returns the result of the command that has ended in a slot.
    pub(super) fn result(&self, slot: u16) -> u32 {
        self.results[usize::from(slot)].load(Ordering::Relaxed)
    }

    /// Empties the queues while the controller doesn't work. All commands in flight end by the reset.
    pub(super) fn reset(&self) {
        let mut state = self.state.lock();
        self.submission.zero();
        self.completion.zero();
        state.submission = SubmissionRing::new(self.entries);
        state.completion = CompletionRing::new(self.entries);
        self.slots.reset();
    }
}

impl Queue for QueuePair {
    fn id(&self) -> u16 {
        self.id
    }

    fn slots(&self) -> &Slots {
        &self.slots
    }
}

impl State {
    fn new(entries: u16) -> Self {
        Self {
            submission: SubmissionRing::new(entries),
            completion: CompletionRing::new(entries),
            submitted: 0,
            strays: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::boxed::Box;

    use super::*;
    use crate::drivers::block::slots::Progress;
    use crate::mm::kernel::device_memory::DeviceMemory;

    const ENTRIES: u16 = 4;
    const ID: u16 = 1;

    /// A controller that only has memory: the test answers.
    struct Controller {
        pair: Arc<QueuePair>,
        registers: &'static DmaMemory,
        answers: u16,
    }

    impl Controller {
        fn new() -> Self {
            let registers = DmaMemory::try_new_zeroed(8192).expect("there is memory");
            let registers: &_ = Box::leak(Box::new(registers));
            let memory = DeviceMemory::of_ram(registers).expect("there is room");
            let pair = QueuePair::try_new(ID, ENTRIES, Arc::new(Registers::new(memory)));
            Self { pair: pair.expect("there is memory"), registers, answers: 0 }
        }

        /// Writes an answer into the completion queue, and has it taken.
        fn answer(&mut self, identifier: u16, submission_head: u16, status: u16) {
            let at = usize::from(self.answers % ENTRIES) * COMPLETION_BYTES;
            let phase = u16::from((self.answers / ENTRIES).is_multiple_of(2));
            self.answers += 1;
            let words = [
                u32::from(identifier),
                0,
                u32::from(ID) << 16 | u32::from(submission_head),
                u32::from(status << 1 | phase) << 16 | u32::from(identifier),
            ];
            for (index, word) in words.into_iter().enumerate() {
                self.pair.completion().write_u32(at + 4 * index, word);
            }
            self.pair.take_answers();
            let doorbell = 0x1000 + 4 * (2 * usize::from(ID) + 1);
            let head = self.registers.read_u32(doorbell);
            assert_eq!(
                head,
                u32::from(self.answers % ENTRIES),
                "the controller knows what was read"
            );
        }

        /// Submits a command in a slot; returns its identifier.
        fn submit(&self, slot: u16) -> u16 {
            assert!(self.pair.submit(slot, Command::flush(1)));
            self.pair.slots.identifier(slot)
        }
    }

    #[test_case]
    fn answers_that_no_command_waits_for_are_counted_and_dropped() {
        let mut controller = Controller::new();
        let pair = Arc::clone(&controller.pair);
        let [first, second] = [pair.slots.take(), pair.slots.take()];
        let identifier = controller.submit(first);
        // Another use of the slot, a slot without a command, and one that doesn't exist.
        let others = [identifier + (1 << SLOT_BITS), second, (1 << SLOT_BITS) - 1];
        for (strays, other) in (1..).zip(others) {
            controller.answer(other, 1, 0);
            assert_eq!(pair.strays(), strays);
            assert_eq!(pair.slots.progress(first), Progress::InFlight);
        }
        controller.answer(identifier, 1, 5);
        assert_eq!(pair.slots.progress(first), Progress::Ended(5));
        // The same again, before and after its slot has another command.
        controller.answer(identifier, 1, 0);
        assert_eq!((pair.slots.progress(first), pair.strays()), (Progress::Ended(5), 4));
        pair.slots.free(first);
        assert_eq!(pair.slots.take(), first);
        let next = controller.submit(first);
        controller.answer(identifier, 2, 0);
        assert_eq!((pair.slots.progress(first), pair.strays()), (Progress::InFlight, 5));
        controller.answer(next, 2, 0);
        assert_eq!((pair.slots.progress(first), pair.strays()), (Progress::Ended(0), 5));
    }

    #[test_case]
    fn answer_with_an_impossible_position_is_dropped() {
        let mut controller = Controller::new();
        let pair = Arc::clone(&controller.pair);
        let slot = pair.slots.take();
        let identifier = controller.submit(slot);
        for (strays, head) in [(1, 2), (2, ENTRIES), (3, u16::MAX)] {
            controller.answer(identifier, head, 0);
            assert_eq!((pair.slots.progress(slot), pair.strays()), (Progress::InFlight, strays));
        }
        controller.answer(identifier, 1, 0);
        assert_eq!((pair.slots.progress(slot), pair.strays()), (Progress::Ended(0), 3));
    }
}
