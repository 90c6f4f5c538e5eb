//! A queue: the requests that a device gets, and its answers.
//!
//! Each slot has an area of memory with the request's header, its status and a table of descriptors, to
//! which a descriptor of the queue points. If the device doesn't support that (indirect descriptors),
//! each slot has some of the queue's descriptors.

use alloc::sync::Arc;
use core::sync::atomic::{Ordering, fence};

use virtio_protocol::block::{HEADER_BYTES, Kind, Status, header};
use virtio_protocol::queue::{
    Access, Buffer, ChainError, DESCRIPTOR_BYTES, Layout, NO_INTERRUPT, NO_NOTIFY, describe,
    indirect,
};
use virtio_protocol::ring::{Rings, Used};

use super::error::VirtioError;
use super::registers::{QueueMemory, Registers};
use crate::drivers::block::queued;
use crate::drivers::block::request::Segment;
use crate::drivers::block::slots::{Answers, Slots};
use crate::mm::kernel::dma_memory::DmaMemory;
use crate::sync::{IrqMutex, Rank};

/// The most entries of a queue: it fills a page.
const ENTRIES_MAX: u16 = 128;
/// The most requests in a queue.
const SLOTS: usize = 32;
/// The most segments of a request: 64 pages, whatever their alignment.
const SEGMENTS_MAX: u16 = 65;
/// A request has two descriptors beside those of its segments: of the header and of the status.
const EXTRA_DESCRIPTORS: u16 = 2;
/// The number of slots that a queue has at least, if it has as many descriptors and each slot takes
/// some of them.
const DIRECT_SLOTS: u16 = 8;

// The area of a slot: offsets in bytes.
const HEADER: usize = 0;
const STATUS: usize = 16;
const TABLE: usize = 32;
const AREA_BYTES: usize = TABLE + (SEGMENTS_MAX + EXTRA_DESCRIPTORS) as usize * DESCRIPTOR_BYTES;

/// How the requests of a queue are described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Descriptors {
    /// By a table of each slot.
    Indirect,
    /// By the descriptors of the queue.
    Direct,
}

/// The state that submitters and the interrupt handler share.
struct State {
    rings: Rings,
    /// The number of answers that belong to no request.
    strays: u64,
}

/// A queue.
pub(super) struct Queue {
    index: u16,
    doorbell: u64,
    layout: Layout,
    registers: Arc<Registers>,
    memory: DmaMemory,
    areas: DmaMemory,
    descriptors: Descriptors,
    /// The number of descriptors of a request, at most.
    request_descriptors: u16,
    /// Protects the positions; taken by submitters, waiters and the interrupt handler.
    state: IrqMutex<State>,
    /// The requests in flight.
    pub(super) slots: Slots,
}

impl Queue {
    /// Makes the queue with the number `index`, whose memory the device doesn't know yet. A request
    /// has at most `segments_max` segments.
    pub(super) fn try_new(
        index: u16,
        registers: Arc<Registers>,
        descriptors: Descriptors,
        segments_max: u32,
    ) -> Result<Arc<Self>, VirtioError> {
        let (entries, doorbell) = registers.queue(index)?;
        let entries = ENTRIES_MAX.min(1 << entries.checked_ilog2().ok_or(VirtioError::Queues)?);
        let wanted = segments_max.min(SEGMENTS_MAX.into()) as u16 + EXTRA_DESCRIPTORS;
        // A request never has more descriptors than the queue has entries.
        let (request_descriptors, slots) = match descriptors {
            Descriptors::Indirect => (wanted.min(entries), entries),
            Descriptors::Direct => {
                let each = wanted.min((entries / DIRECT_SLOTS).max(EXTRA_DESCRIPTORS + 1));
                (each, entries / each)
            }
        };
        if request_descriptors <= EXTRA_DESCRIPTORS || slots == 0 {
            return Err(VirtioError::Queues);
        }
        let slots = usize::from(slots).min(SLOTS);
        let layout = Layout::new(entries);
        let memory = |bytes| DmaMemory::try_new_zeroed(bytes).ok_or(VirtioError::NoMemory);
        let queue = Self {
            index,
            doorbell,
            layout,
            registers,
            memory: memory(layout.len_bytes())?,
            areas: memory(slots * AREA_BYTES)?,
            descriptors,
            request_descriptors,
            state: IrqMutex::new(Rank::Device, State { rings: Rings::new(entries), strays: 0 }),
            slots: Slots::try_new(slots).ok_or(VirtioError::NoMemory)?,
        };
        Arc::try_new(queue).map_err(|_| VirtioError::NoMemory)
    }

    /// Returns the most segments of a request.
    pub(super) fn segments_max(&self) -> u16 {
        self.request_descriptors - EXTRA_DESCRIPTORS
    }

    /// Makes the device know the queue. The caller excludes others.
    pub(super) fn enable(&self, answers: Answers) -> Result<(), VirtioError> {
        let (message, flags) = match answers {
            Answers::ByInterrupt => (Some(self.index), 0),
            Answers::ByLooking => (None, NO_INTERRUPT),
        };
        self.memory.write_u16(self.layout.available(), flags);
        let memory = QueueMemory { start: self.memory.start(), layout: self.layout };
        self.registers.enable_queue(self.index, memory, message)
    }

    /// Returns the number of answers that belonged to no request.
    pub(super) fn strays(&self) -> u64 {
        self.state.lock().strays
    }

    /// Describes a request in a slot that was taken. Returns its first descriptor in the queue.
    fn describe(&self, slot: u16, kind: Kind, parts: &[Segment]) -> Result<u16, ChainError> {
        let area = usize::from(slot) * AREA_BYTES;
        let start = self.areas.start().as_u64() + area as u64;
        let access = match kind {
            Kind::Read | Kind::Identify => Access::Write,
            Kind::Write | Kind::Flush => Access::Read,
        };
        let buffer = |address, len_bytes, access| Buffer { address, len_bytes, access };
        let parts = parts.iter().map(|part| {
            let address = part.frame.start().as_u64() + part.range.start as u64;
            buffer(address, part.range.len() as u32, access)
        });
        let header = buffer(start + HEADER as u64, HEADER_BYTES, Access::Read);
        let status = buffer(start + STATUS as u64, 1, Access::Write);
        let buffers = [header].into_iter().chain(parts).chain([status]);
        let room = self.request_descriptors;
        let write = |memory: &DmaMemory, at: usize, words: [u64; 2]| {
            memory.write_u64(at, words[0]);
            memory.write_u64(at + 8, words[1]);
        };
        match self.descriptors {
            Descriptors::Direct => {
                let first = slot * room;
                describe(buffers, first, room, |index, words| {
                    write(&self.memory, self.layout.descriptor(index), words);
                })?;
                Ok(first)
            }
            Descriptors::Indirect => {
                let count = describe(buffers, 0, room, |index, words| {
                    write(&self.areas, area + TABLE + usize::from(index) * DESCRIPTOR_BYTES, words);
                })?;
                let words = indirect(start + TABLE as u64, count);
                write(&self.memory, self.layout.descriptor(slot), words);
                Ok(slot)
            }
        }
    }

    /// Submits a request in a slot that was taken; `unit` is as for [`header`]. Returns whether there
    /// was room, as there is if the device works.
    ///
    /// # Errors
    /// If the memory can't be described.
    pub(super) fn submit(
        &self,
        slot: u16,
        kind: Kind,
        unit: u64,
        parts: &[Segment],
    ) -> Result<bool, ChainError> {
        let first = self.describe(slot, kind, parts)?;
        let area = usize::from(slot) * AREA_BYTES;
        for (index, word) in header(kind, unit).into_iter().enumerate() {
            self.areas.write_u64(area + HEADER + 8 * index, word);
        }
        self.areas.write_u32(area + STATUS, Status::UNSET.0.into());
        let mut state = self.state.lock();
        let Some(position) = state.rings.submit() else {
            return Ok(false);
        };
        self.slots.start(slot, 0);
        self.memory.write_u16(self.layout.available_entry(position), first);
        self.memory.write_u16(self.layout.available_index(), state.rings.submitted());
        // The device sees the request before the driver reads whether the device waits for it.
        fence(Ordering::SeqCst);
        if self.memory.read_u16(self.layout.used()) & NO_NOTIFY == 0 {
            self.registers.ring(self.doorbell, self.index);
        }
        Ok(true)
    }

    /// Takes the answers that have arrived, and wakes their waiters. Called by the interrupt handler
    /// and by waiters; never waits.
    pub(super) fn take_answers(&self) {
        let mut state = self.state.lock();
        loop {
            let answered = self.memory.read_u16(self.layout.used_index());
            match state.rings.take(answered) {
                Used::None => break,
                Used::At(position) => {
                    let first = self.memory.read_u32(self.layout.used_entry(position));
                    if !self.end(first) {
                        state.strays += 1;
                    }
                }
                Used::Impossible => {
                    state.strays += 1;
                    break;
                }
            }
        }
    }

    /// Ends the request with this first descriptor; returns whether there is one.
    fn end(&self, first: u32) -> bool {
        let each = match self.descriptors {
            Descriptors::Indirect => 1,
            Descriptors::Direct => u32::from(self.request_descriptors),
        };
        let slot = (first / each) as u16;
        let is_first = first.is_multiple_of(each) && first < self.layout.entries().into();
        if !is_first || !self.slots.is_in_flight(slot, 0) {
            return false;
        }
        let status = self.areas.read_u32(usize::from(slot) * AREA_BYTES + STATUS);
        self.slots.end(slot, 0, (status & 0xFF) as u16)
    }

    /// Empties the queue while the device doesn't work. All requests in flight end by the reset.
    pub(super) fn reset(&self) {
        let mut state = self.state.lock();
        self.memory.zero();
        state.rings = Rings::new(self.layout.entries());
        self.slots.reset();
    }
}

impl queued::Queue for Queue {
    fn id(&self) -> u16 {
        self.index
    }

    fn slots(&self) -> &Slots {
        &self.slots
    }
}

#[cfg(test)]
mod tests {
    use alloc::boxed::Box;

    use super::*;
    use crate::drivers::block::slots::Progress;

    /// A device that only has memory: the test answers.
    struct Device {
        queue: Arc<Queue>,
        answers: u16,
    }

    impl Device {
        fn new() -> Self {
            let memory = DmaMemory::try_new_zeroed(4096).expect("there is memory");
            let registers = Arc::new(Registers::of_ram(Box::leak(Box::new(memory)), 8));
            let queue = Queue::try_new(0, registers, Descriptors::Indirect, 4);
            Self { queue: queue.expect("there is memory"), answers: 0 }
        }

        /// Submits a flush in a slot.
        fn submit(&self, slot: u16) {
            assert_eq!(self.queue.submit(slot, Kind::Flush, 0, &[]), Ok(true));
        }

        /// Answers the request with this first descriptor, and has the answer taken. `claimed` is the
        /// number of answers that the device says are new.
        fn answer(&mut self, first: u32, claimed: u16) {
            let Queue { memory, layout, .. } = &*self.queue;
            memory.write_u32(layout.used_entry(self.answers % layout.entries()), first);
            memory.write_u16(layout.used_index(), self.answers + claimed);
            self.queue.take_answers();
        }
    }

    #[test_case]
    fn answers_that_no_request_waits_for_are_counted_and_dropped() {
        let mut device = Device::new();
        let queue = Arc::clone(&device.queue);
        let state = |slot| (queue.slots.progress(slot), queue.strays());
        let [first, second, third] = [0; 3].map(|_| queue.slots.take());
        for slot in [first, second] {
            device.submit(slot);
        }
        // A request that wasn't submitted, and descriptors that don't exist.
        for (strays, other) in [(1, u32::from(third)), (2, 8)] {
            device.answer(other, 1);
            device.answers += 1;
            assert_eq!(state(first), (Progress::InFlight, strays));
        }
        // There are no more answers than requests, and these two were answered.
        device.answer(first.into(), 1);
        assert_eq!(state(first), (Progress::InFlight, 3));
    }

    #[test_case]
    fn request_is_answered_once() {
        let mut device = Device::new();
        let queue = Arc::clone(&device.queue);
        let status = Status::UNSET.0.into();
        let state = |slot| (queue.slots.progress(slot), queue.strays());
        let [first, second] = [0; 2].map(|_| queue.slots.take());
        for slot in [first, second] {
            device.submit(slot);
        }
        // More answers than requests.
        device.answer(first.into(), 3);
        assert_eq!(state(first), (Progress::InFlight, 1));
        device.answer(first.into(), 1);
        device.answers += 1;
        assert_eq!(state(first), (Progress::Ended(status), 1));
        device.answer(first.into(), 1);
        assert_eq!(state(first), (Progress::Ended(status), 2));
        assert_eq!(state(second), (Progress::InFlight, 2));
    }
}
