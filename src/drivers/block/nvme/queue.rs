//! A pair of queues: the commands that are submitted to a controller, and its answers.
//!
//! A command has a slot from its submission until its waiter has taken the outcome. The slot owns the
//! memory of the request, so that it isn't freed while the controller accesses it. An answer with an
//! identifier that no command in flight has is counted and dropped.
//!
//! The interrupt handler only takes the answers and wakes the waiters, which free the memory.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering};

use nvme_protocol::command::{COMMAND_BYTES, Command};
use nvme_protocol::completion::{COMPLETION_BYTES, Completion, Status};
use nvme_protocol::prp::{DataPointer, Part, PartsError};
use nvme_protocol::ring::{CompletionRing, SubmissionRing};

use super::registers::{Doorbell, Registers};
use crate::drivers::block::request::{Request, Segment};
use crate::mm::kernel::dma_memory::DmaMemory;
use crate::sync::{IrqMutex, Rank, SpinMutex, WaitQueue};

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

/// The state of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// The controller has it.
    InFlight,
    /// The controller has answered.
    Ended(Status),
    /// The controller was reset before it has answered.
    Reset,
}

/// A slot for a command.
struct Slot {
    /// The state: a kind in the lower half, the identifier or the status in the upper one.
    progress: AtomicU32,
    /// The result of the answer.
    result: AtomicU32,
    /// Woken when the controller has answered.
    ended: WaitQueue,
}

const FREE: u32 = 0;
const IN_FLIGHT: u32 = 1;
const ENDED: u32 = 2;
const RESET: u32 = 3;
const KIND: u32 = 0xFFFF;

impl Slot {
    const fn new() -> Self {
        Self { progress: AtomicU32::new(FREE), result: AtomicU32::new(0), ended: WaitQueue::new() }
    }

    fn progress(&self) -> Progress {
        let word = self.progress.load(Ordering::Acquire);
        match word & KIND {
            ENDED => Progress::Ended(Status((word >> 16) as u16)),
            RESET => Progress::Reset,
            _ => Progress::InFlight,
        }
    }
}

/// The state that submitters and the interrupt handler share.
struct State {
    submission: SubmissionRing,
    completion: CompletionRing,
    /// The free slots, one bit each.
    free: u64,
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
    slots: [Slot; SLOTS],
    /// Protects the memory of the commands in flight; held to store or to take it.
    requests: SpinMutex<[Option<Request>; SLOTS]>,
    /// Woken when a slot is free again.
    freed: WaitQueue,
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
            slots: [const { Slot::new() }; SLOTS],
            requests: SpinMutex::new(Rank::Drivers, [const { None }; SLOTS]),
            freed: WaitQueue::new(),
        };
        Arc::try_new(pair).ok()
    }

    pub(super) fn id(&self) -> u16 {
        self.id
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

    /// Takes a free slot. Waits until there is one.
    pub(super) fn take_slot(&self) -> u16 {
        let mut taken = 0;
        self.freed.wait_until(|| {
            let mut state = self.state.lock();
            if state.free == 0 {
                return false;
            }
            taken = state.free.trailing_zeros() as u16;
            state.free &= state.free - 1;
            true
        });
        taken
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
        let progress = IN_FLIGHT | u32::from(identifier) << 16;
        self.slots[usize::from(slot)].progress.store(progress, Ordering::Relaxed);
        for (index, word) in command.words(identifier).into_iter().enumerate() {
            self.submission.write_u32(usize::from(at) * COMMAND_BYTES + 4 * index, word);
        }
        self.registers.ring(Doorbell::Submission(self.id), state.submission.tail());
        true
    }

    /// Returns the identifier of the command in flight in a slot.
    pub(super) fn identifier(&self, slot: u16) -> u16 {
        (self.slots[usize::from(slot)].progress.load(Ordering::Relaxed) >> 16) as u16
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
        let slot = usize::from(answer.identifier & ((1 << SLOT_BITS) - 1));
        let Some(slot) = self.slots.get(slot) else {
            return false;
        };
        let expected = IN_FLIGHT | u32::from(answer.identifier) << 16;
        if slot.progress.load(Ordering::Relaxed) != expected {
            return false;
        }
        slot.result.store(answer.result, Ordering::Relaxed);
        slot.progress.store(ENDED | u32::from(answer.status.0) << 16, Ordering::Release);
        slot.ended.wake_all();
        true
    }

    /// Waits until the command of a slot has ended, but not after `deadline_ns`. Returns its
    /// progress.
    pub(super) fn wait(&self, slot: u16, deadline_ns: u64) -> Progress {
        let slot = &self.slots[usize::from(slot)];
        let has_ended = || slot.progress() != Progress::InFlight;
        // The progress is returned in either case.
        let _ = slot.ended.wait_until_deadline(deadline_ns, has_ended);
        slot.progress()
    }

    /// Returns the result of the command that has ended in a slot.
    pub(super) fn result(&self, slot: u16) -> u32 {
        self.slots[usize::from(slot)].result.load(Ordering::Relaxed)
    }

    /// Gives the memory of a request to a slot that was taken.
    pub(super) fn keep(&self, slot: u16, request: Request) {
        self.requests.lock()[usize::from(slot)] = Some(request);
    }

    /// Calls `access` with the request of a slot.
    pub(super) fn with_request<R>(
        &self,
        slot: u16,
        access: impl FnOnce(&Request) -> R,
    ) -> Option<R> {
        self.requests.lock()[usize::from(slot)].as_ref().map(access)
    }

    /// Frees a slot whose command isn't in flight. Returns its request.
    pub(super) fn free(&self, slot: u16) -> Option<Request> {
        let request = self.requests.lock()[usize::from(slot)].take();
        self.slots[usize::from(slot)].progress.store(FREE, Ordering::Relaxed);
        self.state.lock().free |= 1 << slot;
        self.freed.wake_one();
        request
    }

    /// Empties the queues while the controller doesn't work. All commands in flight end as
    /// [`Progress::Reset`].
    pub(super) fn reset(&self) {
        let mut state = self.state.lock();
        self.submission.zero();
        self.completion.zero();
        state.submission = SubmissionRing::new(self.entries);
        state.completion = CompletionRing::new(self.entries);
        for slot in &self.slots {
            if slot.progress.load(Ordering::Relaxed) & KIND == IN_FLIGHT {
                slot.progress.store(RESET, Ordering::Release);
                slot.ended.wake_all();
            }
        }
    }
}

impl State {
    fn new(entries: u16) -> Self {
        Self {
            submission: SubmissionRing::new(entries),
            completion: CompletionRing::new(entries),
            // A queue has room for one command less than it has entries.
            free: (1 << (entries - 1)) - 1,
            submitted: 0,
            strays: 0,
        }
    }
}
