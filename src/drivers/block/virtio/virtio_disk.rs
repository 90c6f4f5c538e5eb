//! A device as a disk.

use alloc::format;
use alloc::sync::Arc;

use virtio_protocol::block::{Kind, Status, UNIT_BYTES};

use super::controller::Controller;
use super::queue::Queue;
use crate::drivers::block::disk::DiskInfo;
use crate::drivers::block::queued::{QueuedDevice, QueuedDisk, Verdict};
use crate::drivers::block::request::{IoError, Operation};
use crate::drivers::block::slots::Progress;
use crate::mm::kernel::layout::FRAME_BYTES;

/// A device.
pub(super) struct VirtioDevice {
    controller: Arc<Controller>,
}

impl VirtioDevice {
    /// Makes the disk of a device; `None` if there is no memory.
    pub(super) fn try_disk(
        controller: Arc<Controller>,
        identity: &str,
    ) -> Option<QueuedDisk<Self>> {
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
            has_partitions: true,
        };
        QueuedDisk::try_new(Self { controller }, info)
    }
}

impl QueuedDevice for VirtioDevice {
    type Queue = Queue;
    type Status = Status;

    const WRITES_THROUGH: bool = false;

    fn queue_here(&self) -> &Queue {
        self.controller.queue_here()
    }

    fn queue(&self, id: u16) -> &Queue {
        self.controller.queue(id)
    }

    fn submit(&self, disk: &DiskInfo, queue: &Queue, slot: u16) -> Result<(), IoError> {
        let checked = queue.slots.with_request(slot, |request| {
            disk.check(request)?;
            let kind = match request.operation {
                Operation::Read => Kind::Read,
                Operation::Write { .. } => Kind::Write,
                Operation::Flush => Kind::Flush,
            };
            Ok((kind, request.sector * u64::from(disk.sector_bytes / UNIT_BYTES)))
        });
        let (kind, unit) = checked.unwrap_or(Err(IoError::Invalid))?;
        self.controller.submit(queue, slot, kind, unit)
    }

    fn wait(&self, queue: &Queue, slot: u16) -> Progress {
        self.controller.wait(queue, slot)
    }

    fn judge(&self, _queue: &Queue, _slot: u16, status: u16) -> (Verdict, Status) {
        let status = Status(status as u8);
        // The device's host has repeated the request if that was of use.
        let verdict = if status.is_success() { Verdict::Done } else { Verdict::Failed };
        (verdict, status)
    }

    fn is_gone(&self) -> bool {
        self.controller.is_gone()
    }
}
