//! All block devices, and the search for partitions.

use alloc::sync::Arc;
use alloc::vec::Vec;

use partition_table::{ScanError, Table, TableKind, scan};

use super::device::{BlockDevice, PartitionInfo};
use super::reader::Reader;
use crate::drivers::block::disk::{self, Disk};
use crate::drivers::block::request::IoError;
use crate::sync::{Rank, SpinMutex};

/// The major number of all block devices: that of devices without a number of their own.
///
/// Source: Linux, Documentation/admin-guide/devices.txt, "259 block".
pub const MAJOR: u32 = 259;

/// Protects the list of devices, by their minor numbers; held to add or to look up a device; not taken
/// by interrupt handlers.
static DEVICES: SpinMutex<Vec<Arc<BlockDevice>>> = SpinMutex::new(Rank::Drivers, Vec::new());

/// Returns the device with this minor number.
pub fn get(minor: u32) -> Option<Arc<BlockDevice>> {
    DEVICES.lock().get(minor as usize).cloned()
}

/// Returns the device with this name, with or without `/dev/`.
pub fn by_name(name: &str) -> Option<Arc<BlockDevice>> {
    let name = name.strip_prefix("/dev/").unwrap_or(name);
    DEVICES.lock().iter().find(|device| device.name() == name).cloned()
}

/// Returns all devices: each disk before its partitions.
pub fn all() -> Vec<Arc<BlockDevice>> {
    DEVICES.lock().clone()
}

/// Adds a disk above another one, without partitions; returns its device.
pub fn add_disk(disk: Arc<dyn Disk>) -> Arc<BlockDevice> {
    add(|minor| BlockDevice::of_disk(disk, minor))
}

/// Adds all disks and their partitions.
pub(super) fn find_all() {
    let mut index = 0;
    while let Some(disk) = disk::nth(index) {
        index += 1;
        add(|minor| BlockDevice::of_disk(disk.clone(), minor));
        if !disk.info().has_partitions {
            continue;
        }
        let name = &disk.info().name;
        match read_table(&disk) {
            Ok(table) => {
                log_table(name, &table);
                add_partitions(&disk, table);
            }
            Err(error) => log::error!("{name}: the partitions can't be read: {error}"),
        }
    }
}

fn add(make: impl FnOnce(u32) -> BlockDevice) -> Arc<BlockDevice> {
    let minor = DEVICES.lock().len() as u32;
    let device = Arc::new(make(minor));
    DEVICES.lock().push(device.clone());
    device
}

fn add_partitions(disk: &Arc<dyn Disk>, table: Table) {
    for found in table.partitions {
        let range = (found.first_sector, found.sectors);
        let info =
            PartitionInfo { number: found.number, kind: found.kind, identity: found.identity };
        add(|minor| BlockDevice::of_partition(disk.clone(), minor, range, info));
    }
}

fn log_table(name: &str, table: &Table) {
    let kind = match table.kind {
        TableKind::None => "no partition table",
        TableKind::Mbr => "MBR",
        TableKind::Gpt => "GPT",
    };
    log::info!("{name}: {kind}, {} partitions", table.partitions.len());
    for damage in &table.damages {
        log::warn!("{name}: {damage}");
    }
}

impl partition_table::Disk for Reader {
    type Error = IoError;

    fn sector_bytes(&self) -> usize {
        self.device().sector_bytes() as usize
    }

    fn sectors(&self) -> u64 {
        self.device().len_bytes() / self.device().sector_bytes()
    }

    fn read(&mut self, sector: u64, to: &mut [u8]) -> Result<(), IoError> {
        self.read_at(sector * self.device().sector_bytes(), to)
    }
}

fn read_table(disk: &Arc<dyn Disk>) -> Result<Table, IoError> {
    let device = Arc::new(BlockDevice::of_disk(disk.clone(), 0));
    scan(&mut Reader::try_new(device, 1)?).map_err(|error| match error {
        ScanError::Disk(error) => error,
        ScanError::SectorSize => IoError::Invalid,
    })
}
