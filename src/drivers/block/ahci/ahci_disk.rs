//! The disk at a port.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;

use ata::command::{Command, Direction};
use ata::identify::Identity;
use ata::status::Status;

use super::port::{Port, REQUEST_BYTES_MAX, regions};
use crate::drivers::block::disk::{Begun, Disk, DiskInfo, NotBegun};
use crate::drivers::block::request::{IoError, Operation, Request};
use crate::drivers::block::slots::Verdict;

/// A disk.
pub(super) struct AhciDisk {
    port: Arc<Port>,
    info: DiskInfo,
}

impl AhciDisk {
    pub(super) fn new(port: Arc<Port>, name: String, identity: &Identity) -> Self {
        let info = DiskInfo {
            name,
            model: format!("{} {}", identity.model, identity.serial),
            sector_bytes: identity.sector_bytes,
            sectors: identity.sectors,
            request_bytes_max: REQUEST_BYTES_MAX,
            is_read_only: false,
            has_write_cache: identity.has_write_cache,
        };
        Self { port, info }
    }

    fn command(&self, request: &Request) -> Result<Command, IoError> {
        let count = self.info.check(request)?;
        let transfer = |direction| Command::Transfer { direction, sector: request.sector, count };
        Ok(match request.operation {
            Operation::Read => transfer(Direction::Read),
            Operation::Write { .. } => transfer(Direction::Write),
            Operation::Flush => Command::Flush,
        })
    }

    /// Describes the request of a slot; returns its command.
    fn describe(&self, slot: u16) -> Result<Command, IoError> {
        let described = self.port.slots.with_request(slot, |request| {
            let command = self.command(request)?;
            let described = self.port.describe(slot, command, regions(&request.segments));
            described.map_err(|_| IoError::Invalid)?;
            Ok(command)
        });
        described.unwrap_or(Err(IoError::Invalid))
    }

    /// Submits the request of a slot; a flush is executed.
    fn submit(&self, slot: u16) -> Result<(), IoError> {
        let command = self.describe(slot)?;
        if command != Command::Flush && self.port.submit(slot, command)? {
            return Ok(());
        }
        self.port.execute_alone(slot, command)
    }

    /// Evaluates the status of a slot's command, and logs an error.
    fn judge(&self, slot: u16, status: u16) -> Verdict {
        if status == 0 {
            return Verdict::Done;
        }
        let status = Status::from_word(status.into());
        let request = self.port.slots.with_request(slot, |it| (it.operation, it.sector));
        let name = &self.info.name;
        if let Some((operation, sector)) = request {
            log::error!("{name}: {operation:?} at sector {sector}: {status}");
        }
        if status.is_transient() { Verdict::Retry } else { Verdict::Failed }
    }

    /// Returns the outcome of the request that was submitted in a slot.
    fn outcome(&self, slot: u16) -> Result<(), IoError> {
        self.port.slots.outcome(
            || self.port.wait(slot),
            |status| self.judge(slot, status),
            || self.port.is_gone(),
            // Alone: the answer is that of this command.
            || self.port.execute_alone(slot, self.describe(slot)?),
        )
    }

    /// Begins a request in a slot that was taken.
    fn begin_in(&self, slot: u16, request: Request) -> Result<Begun, IoError> {
        self.port.slots.keep(slot, request);
        match self.submit(slot) {
            Ok(()) => Ok(Begun { queue: 0, slot }),
            Err(error) => {
                self.port.slots.free(slot);
                Err(error)
            }
        }
    }
}

impl Disk for AhciDisk {
    fn info(&self) -> &DiskInfo {
        &self.info
    }

    fn begin(&self, request: Request) -> Result<Begun, IoError> {
        self.begin_in(self.port.slots.take(), request)
    }

    fn try_begin(&self, request: Request) -> Result<Begun, NotBegun> {
        match self.port.slots.try_take() {
            Some(slot) => self.begin_in(slot, request).map_err(NotBegun::Failed),
            None => Err(NotBegun::Full(request)),
        }
    }

    fn finish(&self, begun: Begun) -> Result<(), IoError> {
        let Begun { slot, .. } = begun;
        let slots = &self.port.slots;
        let mut result = self.outcome(slot);
        let is_forced =
            slots.with_request(slot, |it| it.operation == Operation::Write { is_forced: true });
        if result.is_ok() && is_forced == Some(true) && self.info.has_write_cache {
            slots.keep(slot, Request::flush());
            result = self.submit(slot).and_then(|()| self.outcome(slot));
        }
        slots.free(slot);
        result
    }
}
