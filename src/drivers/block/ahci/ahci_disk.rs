//! The disk at a port.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;

use ata::command::{Command, Direction};
use ata::identify::Identity;
use ata::status::Status;

use super::port::{Port, REQUEST_BYTES_MAX};
use crate::drivers::block::disk::DiskInfo;
use crate::drivers::block::queued::{Queue, QueuedDevice, QueuedDisk, Verdict};
use crate::drivers::block::request::{IoError, Operation, Request};
use crate::drivers::block::slots::{Progress, Slots};

/// A port with a disk.
pub(super) struct AhciPort {
    port: Arc<Port>,
}

impl AhciPort {
    /// Makes the disk at a port; `None` if there is no memory.
    pub(super) fn try_disk(
        port: Arc<Port>,
        name: String,
        identity: &Identity,
    ) -> Option<QueuedDisk<Self>> {
        let info = DiskInfo {
            name,
            model: format!("{} {}", identity.model, identity.serial),
            sector_bytes: identity.sector_bytes,
            sectors: identity.sectors,
            request_bytes_max: REQUEST_BYTES_MAX,
            is_read_only: false,
            has_write_cache: identity.has_write_cache,
            has_partitions: true,
        };
        QueuedDisk::try_new(Self { port }, info)
    }
}

/// Returns the command of a request.
fn command(disk: &DiskInfo, request: &Request) -> Result<Command, IoError> {
    let count = disk.check(request)?;
    let transfer = |direction| Command::Transfer { direction, sector: request.sector, count };
    Ok(match request.operation {
        Operation::Read => transfer(Direction::Read),
        Operation::Write { .. } => transfer(Direction::Write),
        Operation::Flush => Command::Flush,
    })
}

impl Queue for Port {
    /// A port has one queue.
    fn id(&self) -> u16 {
        0
    }

    fn slots(&self) -> &Slots {
        &self.slots
    }
}

impl QueuedDevice for AhciPort {
    type Queue = Port;
    type Status = Status;

    const WRITES_THROUGH: bool = false;

    fn queue_here(&self) -> &Port {
        &self.port
    }

    fn queue(&self, _id: u16) -> &Port {
        &self.port
    }

    /// A flush is executed.
    fn submit(&self, disk: &DiskInfo, port: &Port, slot: u16) -> Result<(), IoError> {
        let command = port.describe_request(slot, |request| command(disk, request))?;
        if command != Command::Flush && port.submit(slot, command)? {
            return Ok(());
        }
        port.execute_alone(slot, command)
    }

    /// Alone, so that the answer is that of this command.
    fn submit_again(&self, disk: &DiskInfo, port: &Port, slot: u16) -> Result<(), IoError> {
        let command = port.describe_request(slot, |request| command(disk, request))?;
        port.execute_alone(slot, command)
    }

    fn wait(&self, port: &Port, slot: u16) -> Progress {
        port.wait(slot)
    }

    fn judge(&self, _port: &Port, _slot: u16, status: u16) -> (Verdict, Status) {
        let is_done = status == 0;
        let status = Status::from_word(status.into());
        let verdict = match status {
            _ if is_done => Verdict::Done,
            _ if status.is_transient() => Verdict::Retry,
            _ => Verdict::Failed,
        };
        (verdict, status)
    }

    fn is_gone(&self) -> bool {
        self.port.is_gone()
    }
}
