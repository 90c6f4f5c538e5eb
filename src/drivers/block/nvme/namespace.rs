//! A namespace of a controller, as a disk.

use alloc::format;
use alloc::sync::Arc;

use nvme_protocol::command::{Command, Direction};
use nvme_protocol::completion::Status;
use nvme_protocol::identify::{Controller as ControllerInfo, Namespace};
use nvme_protocol::prp::DataPointer;

use super::controller::Controller;
use super::queue::{QueuePair, REQUEST_BYTES_MAX};
use crate::drivers::block::disk::{Begun, Disk, DiskInfo, NotBegun};
use crate::drivers::block::request::{IoError, Operation, Request};
use crate::drivers::block::slots::Verdict;

/// A namespace.
pub(super) struct NvmeDisk {
    controller: Arc<Controller>,
    namespace: u32,
    info: DiskInfo,
}

impl NvmeDisk {
    pub(super) fn new(
        controller: Arc<Controller>,
        number: u32,
        namespace: Namespace,
        about: &ControllerInfo,
    ) -> Self {
        let page_bytes_min = controller.registers.capabilities().page_bytes_min();
        let limit_bytes = about.transfer_bytes_max(page_bytes_min).unwrap_or(u64::MAX);
        let info = DiskInfo {
            name: format!("nvme{}n{number}", controller.number),
            model: format!("{} {}", about.model, about.serial),
            sector_bytes: namespace.block_bytes,
            sectors: namespace.blocks,
            request_bytes_max: limit_bytes.min(REQUEST_BYTES_MAX.into()) as u32,
            is_read_only: namespace.is_read_only,
            has_write_cache: about.has_write_cache,
        };
        Self { controller, namespace: number, info }
    }

    /// Returns the command of a request whose memory is described by `data`.
    fn command(&self, request: &Request, data: DataPointer) -> Result<Command, IoError> {
        let count = self.info.check(request)?;
        let direction = match request.operation {
            Operation::Flush => return Ok(Command::flush(self.namespace)),
            Operation::Read => Direction::Read,
            Operation::Write { is_forced } => Direction::Write { is_forced },
        };
        Ok(Command::transfer(direction, self.namespace, request.sector, count as u16, data))
    }

    /// Submits the request of a slot.
    fn submit(&self, queue: &QueuePair, slot: u16) -> Result<(), IoError> {
        let command = queue.slots.with_request(slot, |request| {
            let data = match request.operation {
                Operation::Flush => DataPointer::NONE,
                _ => queue.describe(slot, &request.segments).map_err(|_| IoError::Invalid)?,
            };
            self.command(request, data)
        });
        let command = command.unwrap_or(Err(IoError::Invalid))?;
        if self.controller.submit(queue, slot, command) {
            Ok(())
        } else if self.controller.is_gone() {
            Err(IoError::Gone)
        } else {
            Err(IoError::Failed)
        }
    }

    /// Evaluates the status of a slot's command, and logs an error.
    fn judge(&self, queue: &QueuePair, slot: u16, status: Status) -> Verdict {
        if status.is_success() {
            return Verdict::Done;
        }
        let request = queue.slots.with_request(slot, |it| (it.operation, it.sector));
        let name = &self.info.name;
        if let Some((operation, sector)) = request {
            log::error!("{name}: {operation:?} at sector {sector}: {status}");
        }
        if status.is_final() { Verdict::Failed } else { Verdict::Retry }
    }

    /// Begins a request in a slot that was taken.
    fn begin_in(&self, queue: &QueuePair, slot: u16, request: Request) -> Result<Begun, IoError> {
        queue.slots.keep(slot, request);
        match self.submit(queue, slot) {
            Ok(()) => Ok(Begun { queue: queue.id(), slot }),
            Err(error) => {
                queue.slots.free(slot);
                Err(error)
            }
        }
    }
}

impl Disk for NvmeDisk {
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
        let result = queue.slots.outcome(
            || self.controller.wait(queue, slot),
            |status| self.judge(queue, slot, Status(status)),
            || self.controller.is_gone(),
            || self.submit(queue, slot),
        );
        queue.slots.free(slot);
        result
    }
}
