//! A namespace of a controller, as a disk.

use alloc::format;
use alloc::sync::Arc;

use nvme_protocol::command::{Command, Direction};
use nvme_protocol::completion::Status;
use nvme_protocol::identify::{Controller as ControllerInfo, Namespace};
use nvme_protocol::prp::DataPointer;

use super::controller::Controller;
use super::queue::{QueuePair, REQUEST_BYTES_MAX};
use crate::drivers::block::disk::DiskInfo;
use crate::drivers::block::queued::{QueuedDevice, QueuedDisk, Verdict};
use crate::drivers::block::request::{IoError, Operation, Request};
use crate::drivers::block::slots::Progress;

/// A namespace.
pub(super) struct NvmeNamespace {
    controller: Arc<Controller>,
    number: u32,
}

impl NvmeNamespace {
    /// Makes the disk of a namespace; `None` if there is no memory.
    pub(super) fn try_disk(
        controller: Arc<Controller>,
        number: u32,
        namespace: Namespace,
        about: &ControllerInfo,
    ) -> Option<QueuedDisk<Self>> {
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
            has_partitions: true,
        };
        QueuedDisk::try_new(Self { controller, number }, info)
    }

    /// Returns the command of a request whose memory is described by `data`.
    fn command(
        &self,
        disk: &DiskInfo,
        request: &Request,
        data: DataPointer,
    ) -> Result<Command, IoError> {
        let count = disk.check(request)?;
        let direction = match request.operation {
            Operation::Flush => return Ok(Command::flush(self.number)),
            Operation::Read => Direction::Read,
            Operation::Write { is_forced } => Direction::Write { is_forced },
        };
        Ok(Command::transfer(direction, self.number, request.sector, count as u16, data))
    }
}

impl QueuedDevice for NvmeNamespace {
    type Queue = QueuePair;
    type Status = Status;

    const WRITES_THROUGH: bool = true;

    fn queue_here(&self) -> &QueuePair {
        self.controller.queue_here()
    }

    fn queue(&self, id: u16) -> &QueuePair {
        self.controller.queue(id)
    }

    fn submit(&self, disk: &DiskInfo, queue: &QueuePair, slot: u16) -> Result<(), IoError> {
        let command = queue.slots.with_request(slot, |request| {
            let data = match request.operation {
                Operation::Flush => DataPointer::NONE,
                _ => queue.describe(slot, &request.segments).map_err(|_| IoError::Invalid)?,
            };
            self.command(disk, request, data)
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

    fn wait(&self, queue: &QueuePair, slot: u16) -> Progress {
        self.controller.wait(queue, slot)
    }

    fn judge(&self, _queue: &QueuePair, _slot: u16, status: u16) -> (Verdict, Status) {
        let status = Status(status);
        let verdict = match status {
            _ if status.is_success() => Verdict::Done,
            _ if status.is_final() => Verdict::Failed,
            _ => Verdict::Retry,
        };
        (verdict, status)
    }

    fn is_gone(&self) -> bool {
        self.controller.is_gone()
    }
}
