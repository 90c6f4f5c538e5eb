//! The drive of CDs at a port (ATAPI), as a disk that can only be read.
//!
//! The medium that is in the drive when the machine starts is the disk: without one there is no disk,
//! and the disk is gone when the medium is.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;

use ata::command::Command;
use ata::packet::{Capacity, DriveIdentity, Packet, Sense};

use super::error::AhciError;
use super::port::{Port, REQUEST_BYTES_MAX};
use crate::arch::time::clock::now_ns;
use crate::drivers::block::disk::DiskInfo;
use crate::drivers::block::queued::{QueuedDevice, QueuedDisk, Verdict};
use crate::drivers::block::request::{IoError, Operation, Request};
use crate::drivers::block::slots::Progress;
use crate::drivers::wait::wait;

/// The time in which a medium becomes ready, and the pause between looks at it.
const READY_NS: u64 = 10_000_000_000;
const PAUSE_NS: u64 = 20_000_000;
/// How often a drive may report what has happened before, such as its reset.
const REPORTS_MAX: u32 = 8;

/// A drive, and the medium that was found in it.
pub(super) struct FoundDrive {
    /// The properties of the drive.
    pub identity: DriveIdentity,
    /// The size of the medium.
    pub capacity: Capacity,
}

/// A port with a drive.
pub(super) struct PacketDrive {
    port: Arc<Port>,
    needs_direction: bool,
}

fn command(packet: Packet, needs_direction: bool) -> Command {
    Command::Packet { packet, needs_direction }
}

/// Looks for the drive at a port that was started, and for the medium in it; `None` without a medium.
pub(super) fn find(port: &Port) -> Result<Option<FoundDrive>, AhciError> {
    let data = port.read(Command::IdentifyPacketDevice)?.map_err(AhciError::refused)?;
    let identity = DriveIdentity::from_bytes(&data)?;
    let deadline_ns = now_ns() + READY_NS;
    let mut reports = 0;
    loop {
        let sense = match port.read(command(Packet::ReadCapacity, identity.needs_direction))? {
            Ok(data) => {
                let capacity = Capacity::from_bytes(data)?;
                return Ok(Some(FoundDrive { identity, capacity }));
            }
            Err(_) => port.read(command(Packet::RequestSense, identity.needs_direction))?,
        };
        let sense = sense.map_or(Sense::Nothing, |data| Sense::from_bytes(&data));
        match sense {
            Sense::BecomingReady if now_ns() < deadline_ns => {
                wait(PAUSE_NS, || false);
            }
            Sense::Reset | Sense::MediumChanged | Sense::NoMedium if reports < REPORTS_MAX => {
                reports += 1;
            }
            Sense::NoMedium => return Ok(None),
            _ => return Err(AhciError::Sense(sense)),
        }
    }
}

impl PacketDrive {
    /// Makes the disk of a drive with a medium; `None` if there is no memory.
    pub(super) fn try_disk(
        port: Arc<Port>,
        name: String,
        found: &FoundDrive,
    ) -> Option<QueuedDisk<Self>> {
        let FoundDrive { identity, capacity } = found;
        let info = DiskInfo {
            name,
            model: format!("{} {}", identity.model, identity.serial),
            sector_bytes: capacity.sector_bytes,
            sectors: capacity.sectors,
            request_bytes_max: REQUEST_BYTES_MAX,
            is_read_only: true,
            has_write_cache: false,
            has_partitions: false,
        };
        QueuedDisk::try_new(Self { port, needs_direction: identity.needs_direction }, info)
    }

    fn command(&self, disk: &DiskInfo, request: &Request) -> Result<Command, IoError> {
        let count = disk.check(request)? as u16;
        match request.operation {
            Operation::Read => {
                let packet = Packet::Read { sector: request.sector as u32, count };
                Ok(command(packet, self.needs_direction))
            }
            Operation::Write { .. } | Operation::Flush => Err(IoError::Invalid),
        }
    }

    /// Asks why the request of a slot has failed.
    fn ask(&self, slot: u16) -> Sense {
        let data = self.port.read_in(slot, command(Packet::RequestSense, self.needs_direction));
        match data {
            Ok(Ok(data)) => Sense::from_bytes(&data),
            Ok(Err(_)) | Err(_) => Sense::Nothing,
        }
    }
}

impl QueuedDevice for PacketDrive {
    type Queue = Port;
    type Status = Sense;

    const WRITES_THROUGH: bool = true;

    fn queue_here(&self) -> &Port {
        &self.port
    }

    fn queue(&self, _id: u16) -> &Port {
        &self.port
    }

    fn submit(&self, disk: &DiskInfo, port: &Port, slot: u16) -> Result<(), IoError> {
        let command = port.describe_request(slot, |request| self.command(disk, request))?;
        if port.submit(slot, command)? {
            return Ok(());
        }
        port.execute_alone(slot, command)
    }

    fn wait(&self, port: &Port, slot: u16) -> Progress {
        port.wait(slot)
    }

    fn judge(&self, port: &Port, slot: u16, status: u16) -> (Verdict, Sense) {
        if status == 0 {
            return (Verdict::Done, Sense::Nothing);
        }
        let sense = self.ask(slot);
        match sense {
            Sense::Nothing | Sense::BecomingReady | Sense::Reset => (Verdict::Retry, sense),
            Sense::NoMedium | Sense::MediumChanged => {
                port.stop();
                (Verdict::Failed, sense)
            }
            Sense::Unreadable | Sense::Other(..) => (Verdict::Failed, sense),
        }
    }

    fn is_gone(&self) -> bool {
        self.port.is_gone()
    }
}
