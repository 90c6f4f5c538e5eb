//! A namespace of a controller, as a disk.

use alloc::format;
use alloc::sync::Arc;

use nvme_protocol::command::{Command, Direction};
use nvme_protocol::identify::{Controller as ControllerInfo, Namespace};
use nvme_protocol::prp::DataPointer;

use super::controller::{Controller, TRIES};
use super::queue::{Progress, QueuePair, REQUEST_BYTES_MAX};
use crate::drivers::block::disk::{Begun, Disk, DiskInfo};
use crate::drivers::block::request::{IoError, Operation, Request};

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
        let direction = match request.operation {
            Operation::Flush => return Ok(Command::flush(self.namespace)),
            Operation::Read => Direction::Read,
            Operation::Write { .. } if self.info.is_read_only => return Err(IoError::ReadOnly),
            Operation::Write { is_forced } => Direction::Write { is_forced },
        };
        let (len_bytes, sector_bytes) = (request.len_bytes(), u64::from(self.info.sector_bytes));
        let count = len_bytes / sector_bytes;
        let end = request.sector.checked_add(count).filter(|end| *end <= self.info.sectors);
        let is_valid = end.is_some()
            && len_bytes.is_multiple_of(sector_bytes)
            && (1..=u64::from(self.info.request_bytes_max)).contains(&len_bytes);
        if !is_valid {
            return Err(IoError::Invalid);
        }
        Ok(Command::transfer(direction, self.namespace, request.sector, count as u16, data))
    }

    /// Submits the request of a slot.
    fn submit(&self, queue: &QueuePair, slot: u16) -> Result<(), IoError> {
        let command = queue.with_request(slot, |request| {
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

    fn finish_in_slot(&self, queue: &QueuePair, slot: u16) -> Result<(), IoError> {
        for number in 1..=TRIES {
            let may_retry = match self.controller.wait(queue, slot) {
                Progress::Ended(status) if status.is_success() => return Ok(()),
                Progress::Ended(status) => {
                    let request = queue.with_request(slot, |it| (it.operation, it.sector));
                    let name = &self.info.name;
                    if let Some((operation, sector)) = request {
                        log::error!("{name}: {operation:?} at sector {sector}: {status}");
                    }
                    !status.is_final()
                }
                Progress::Reset | Progress::InFlight => true,
            };
            if self.controller.is_gone() {
                return Err(IoError::Gone);
            }
            if !may_retry || number == TRIES {
                break;
            }
            self.submit(queue, slot)?;
        }
        Err(IoError::Failed)
    }
}

impl Disk for NvmeDisk {
    fn info(&self) -> &DiskInfo {
        &self.info
    }

    fn begin(&self, request: Request) -> Result<Begun, IoError> {
        if self.controller.is_gone() {
            return Err(IoError::Gone);
        }
        let queue = self.controller.queue_here();
        let slot = queue.take_slot();
        queue.keep(slot, request);
        match self.submit(queue, slot) {
            Ok(()) => Ok(Begun { queue: queue.id(), slot }),
            Err(error) => {
                drop(queue.free(slot));
                Err(error)
            }
        }
    }

    fn finish(&self, begun: Begun) -> Result<(), IoError> {
        let Begun { queue, slot } = begun;
        let queue = self.controller.queue(queue);
        let result = self.finish_in_slot(queue, slot);
        drop(queue.free(slot));
        result
    }
}
