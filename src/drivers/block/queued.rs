//! What disks with queues have in common: a request gets a slot of a queue, is submitted and awaited,
//! perhaps submitted again, and traced.

use core::fmt;

use super::disk::{Begun, Disk, DiskInfo, NotBegun};
use super::request::{IoError, Operation, Request};
use super::slots::{Progress, Slots};
use super::trace::{Trace, TracedRequest};
use crate::arch::time::clock::now_ns;

/// How often a request is submitted before it fails.
const TRIES: u32 = 3;

/// What follows after an answer of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The request has succeeded.
    Done,
    /// It has failed, but may succeed if it is submitted again.
    Retry,
    /// It has failed.
    Failed,
}

/// A queue of a disk.
pub(super) trait Queue {
    /// Returns its number.
    fn id(&self) -> u16;

    /// Returns its slots.
    fn slots(&self) -> &Slots;
}

/// A device that stores, and has queues.
pub(super) trait QueuedDevice: Send + Sync {
    /// A queue.
    type Queue: Queue;
    /// The status with which the device answers a request.
    type Status: fmt::Display;

    /// Whether a write with `is_forced` is on the medium when it ends, without a flush.
    const WRITES_THROUGH: bool;

    /// Returns the queue to which this CPU submits.
    fn queue_here(&self) -> &Self::Queue;

    /// Returns a queue by its number.
    fn queue(&self, id: u16) -> &Self::Queue;

    /// Submits the request of a slot to a disk of this device. May wait.
    ///
    /// # Errors
    /// See [`IoError`].
    fn submit(&self, disk: &DiskInfo, queue: &Self::Queue, slot: u16) -> Result<(), IoError>;

    /// Submits the request of a slot again, after it has failed. May wait.
    ///
    /// # Errors
    /// See [`IoError`].
    fn submit_again(&self, disk: &DiskInfo, queue: &Self::Queue, slot: u16) -> Result<(), IoError> {
        self.submit(disk, queue, slot)
    }

    /// Waits until the request of a slot has ended.
    fn wait(&self, queue: &Self::Queue, slot: u16) -> Progress;

    /// Returns the meaning of the status with which the request of a slot has ended. May wait.
    fn judge(&self, queue: &Self::Queue, slot: u16, status: u16) -> (Verdict, Self::Status);

    /// Returns whether the device is gone.
    fn is_gone(&self) -> bool;
}

/// A disk of a device with queues.
pub(super) struct QueuedDisk<D> {
    device: D,
    info: DiskInfo,
    trace: Trace,
}

impl<D: QueuedDevice> QueuedDisk<D> {
    /// Makes the disk; `None` if there is no memory.
    pub(super) fn try_new(device: D, info: DiskInfo) -> Option<Self> {
        Some(Self { device, info, trace: Trace::try_new()? })
    }

    /// Begins a request in a slot that was taken.
    fn begin_in(&self, queue: &D::Queue, slot: u16, request: Request) -> Result<Begun, IoError> {
        queue.slots().keep(slot, request);
        let depth = self.trace.note_begin();
        let begun = Begun { queue: queue.id(), slot, begun_ns: now_ns(), depth };
        self.device.submit(&self.info, queue, slot).map(|()| begun).inspect_err(|_| {
            self.trace.note_end();
            queue.slots().free(slot);
        })
    }

    /// Returns the outcome of the request that was submitted in a slot, after as many tries as it
    /// takes.
    fn outcome(&self, queue: &D::Queue, slot: u16) -> Result<(), IoError> {
        for number in 1..=TRIES {
            let verdict = match self.device.wait(queue, slot) {
                Progress::Ended(status) => self.judge(queue, slot, status),
                Progress::Reset | Progress::InFlight => Verdict::Retry,
            };
            match verdict {
                Verdict::Done => return Ok(()),
                _ if self.device.is_gone() => return Err(IoError::Gone),
                Verdict::Retry if number < TRIES => {
                    self.device.submit_again(&self.info, queue, slot)?;
                }
                Verdict::Retry | Verdict::Failed => break,
            }
        }
        Err(IoError::Failed)
    }

    /// Evaluates the status of a slot's request, and logs an error.
    fn judge(&self, queue: &D::Queue, slot: u16, status: u16) -> Verdict {
        let (verdict, status) = self.device.judge(queue, slot, status);
        if verdict != Verdict::Done
            && let Some((operation, sector)) =
                queue.slots().with_request(slot, |request| (request.operation, request.sector))
        {
            log::error!("{}: {operation:?} at sector {sector}: {status}", self.info.name);
        }
        verdict
    }

    /// Writes the disk's cache to the medium, in a slot that was taken.
    fn flush_in(&self, queue: &D::Queue, slot: u16) -> Result<(), IoError> {
        queue.slots().keep(slot, Request::flush());
        self.device.submit(&self.info, queue, slot)?;
        self.outcome(queue, slot)
    }
}

impl<D: QueuedDevice> Disk for QueuedDisk<D> {
    fn info(&self) -> &DiskInfo {
        &self.info
    }

    fn trace(&self) -> &Trace {
        &self.trace
    }

    fn begin(&self, request: Request) -> Result<Begun, IoError> {
        let queue = self.device.queue_here();
        self.begin_in(queue, queue.slots().take(), request)
    }

    fn try_begin(&self, request: Request) -> Result<Begun, NotBegun> {
        let queue = self.device.queue_here();
        match queue.slots().try_take() {
            Some(slot) => self.begin_in(queue, slot, request).map_err(NotBegun::Failed),
            None => Err(NotBegun::Full(request)),
        }
    }

    fn finish(&self, begun: Begun) -> Result<(), IoError> {
        let Begun { queue, slot, begun_ns, depth } = begun;
        let queue = self.device.queue(queue);
        let mut result = self.outcome(queue, slot);
        let ended_ns = queue.slots().ended_ns(slot);
        let request = queue.slots().take_request(slot).expect("the slot has it until its end");
        let is_forced = request.operation == Operation::Write { is_forced: true };
        if is_forced && !D::WRITES_THROUGH && self.info.has_write_cache {
            result = result.and_then(|()| self.flush_in(queue, slot));
        }
        self.trace.note_end();
        self.trace.record(TracedRequest {
            operation: request.operation,
            sector: request.sector,
            len_bytes: request.len_bytes() as u32,
            depth,
            begun_ns,
            took_ns: ended_ns.saturating_sub(begun_ns),
            result,
        });
        queue.slots().free(slot);
        result
    }
}
