//! A device as a disk.

use alloc::format;
use alloc::sync::Arc;

use virtio_protocol::block::{Kind, Status, UNIT_BYTES};

use super::controller::Controller;
use super::queue::Queue;
use crate::drivers::block::disk::{Begun, Disk, DiskInfo, NotBegun};
use crate::drivers::block::request::{IoError, Operation, Request};
use crate::drivers::block::slots::Verdict;
use crate::mm::kernel::layout::FRAME_BYTES;

/// A device.
pub(super) struct VirtioDisk {
    controller: Arc<Controller>,
    info: DiskInfo,
}

impl VirtioDisk {
    pub(super) fn new(controller: Arc<Controller>, identity: &str) -> Self {
        let config = &controller.config;
        // A request whose first segment begins within its page has one segment more than it has
        // pages.
        let pages = u32::from(controller.segments_max() - 1).max(1);
        let info = DiskInfo {
            name: controller.name.clone(),
            model: format!("virtio {identity}").trim_end().into(),
            sector_bytes: config.sector_bytes,
            sectors: config.sectors,
            request_bytes_max: pages * FRAME_BYTES as u32,
            is_read_only: config.is_read_only,
            has_write_cache: config.has_write_cache,
        };
        Self { controller, info }
    }

    /// Submits the request of a slot.
    fn submit(&self, queue: &Queue, slot: u16) -> Result<(), IoError> {
        let checked = queue.slots.with_request(slot, |request| {
            self.info.check(request)?;
            let kind = match request.operation {
                Operation::Read => Kind::Read,
                Operation::Write { .. } => Kind::Write,
                Operation::Flush => Kind::Flush,
            };
            Ok((kind, request.sector * u64::from(self.info.sector_bytes / UNIT_BYTES)))
        });
        let (kind, unit) = checked.unwrap_or(Err(IoError::Invalid))?;
        self.controller.submit(queue, slot, kind, unit)
    }

    /// Evaluates the status of a slot's request, and logs an error. The device's host has repeated
    /// the request if that was of use.
    fn judge(&self, queue: &Queue, slot: u16, status: Status) -> Verdict {
        if status.is_success() {
            return Verdict::Done;
        }
        let request = queue.slots.with_request(slot, |it| (it.operation, it.sector));
        let name = &self.info.name;
        if let Some((operation, sector)) = request {
            log::error!("{name}: {operation:?} at sector {sector}: {status}");
        }
        Verdict::Failed
    }

    /// Returns the outcome of the request that was submitted in a slot.
    fn outcome(&self, queue: &Queue, slot: u16) -> Result<(), IoError> {
        queue.slots.outcome(
            || self.controller.wait(queue, slot),
            |status| self.judge(queue, slot, Status(status as u8)),
            || self.controller.is_gone(),
            || self.submit(queue, slot),
        )
    }

    /// Begins a request in a slot that was taken.
    fn begin_in(&self, queue: &Queue, slot: u16, request: Request) -> Result<Begun, IoError> {
        queue.slots.keep(slot, request);
        match self.submit(queue, slot) {
            Ok(()) => Ok(Begun { queue: queue.index(), slot }),
            Err(error) => {
                queue.slots.free(slot);
                Err(error)
            }
        }
    }
}

impl Disk for VirtioDisk {
    fn info(&self) -> &DiskInfo {
        &self.info
    }

    fn begin(&self, request: Request) -> Result<Begun, IoError> {
        let queue = self.controller.queue_here();
        self.begin_in(queue, queue.slots.take(), request)
    }

    fn try_begin(&self, request: Request) -> Result<Begun, NotBegun> {
        let queue = self.controller.queue_here();
        match queue.slots.try_take() {
            Some(slot) => self.begin_in(queue, slot, request).map_err(NotBegun::Failed),
            None => Err(NotBegun::Full(request)),
        }
    }

    fn finish(&self, begun: Begun) -> Result<(), IoError> {
        let Begun { queue, slot } = begun;
        let queue = self.controller.queue(queue);
        let mut result = self.outcome(queue, slot);
        let is_forced = queue
            .slots
            .with_request(slot, |it| it.operation == Operation::Write { is_forced: true });
        // No request of the device writes through its cache.
        if result.is_ok() && is_forced == Some(true) && self.info.has_write_cache {
            queue.slots.keep(slot, Request::flush());
            result = self.submit(queue, slot).and_then(|()| self.outcome(queue, slot));
        }
        queue.slots.free(slot);
        result
    }
}
