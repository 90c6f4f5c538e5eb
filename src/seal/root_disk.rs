//! The root disk: each block is compared with its hash when it is read.
//!
//! [`VerifiedDisk`] is a disk above the one with the root file system. The hashes of all blocks are a
//! module, which has been checked at the start, so a block is checked without a further read; a disk of
//! 1 GiB takes 8 MiB of memory. A block that differs stops the machine, before anybody sees it, or is an
//! error for who reads it, by `seal=eio` on the command line, which is sealed, too.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use hash_tree::{BLOCK_BYTES, Hash, hash_of};
use seal::Disk as SealedDisk;
use spin::Once;

use super::check::{self, Sealed};
use super::sealed;
use crate::block::BlockDevices;
use crate::block::device::BlockDevice;
use crate::block::devices;
use crate::boot::Boot;
use crate::drivers::block::disk::{Begun, Disk, DiskInfo, NotBegun};
use crate::drivers::block::request::{IoError, Operation, Request, Segment};
use crate::drivers::block::trace::Trace;
use crate::mm::kernel::frames::{Purpose, SharedFrame};
use crate::panic;
use crate::sync::{Rank, SpinMutex};

/// The module with the hashes, in `grub.cfg`.
const MODULE: &str = "disk-hashes";

const BLOCK: u64 = BLOCK_BYTES as u64;

/// The name of the disk, as Linux's device mapper would have it.
const NAME: &str = "dm-0";

/// The verified disk, and the name of the one below.
static VERIFIED: Once<(String, Arc<BlockDevice>)> = Once::new();

/// Makes the verified disk above the one that the command line's `root=` names, if the manifest has a
/// root disk. Stops the machine if that isn't a disk of the sealed length. A disk that isn't there is
/// the file system's to report.
pub fn start(_disks: BlockDevices, boot: &Boot) {
    let Some((sealed, disk)) = sealed().and_then(|sealed| Some((sealed, sealed.manifest.disk()?)))
    else {
        return;
    };
    let Some(device) = boot.options.root.as_deref().and_then(devices::by_name) else {
        return;
    };
    let below = String::from(device.name());
    let is_error = boot.options.is_disk_damage_an_error;
    match VerifiedDisk::new(device, sealed, &disk, is_error) {
        Ok(verified) => {
            log::info!("{NAME} is {below}, whose blocks are checked when they are read");
            VERIFIED.call_once(|| (below, devices::add_disk(Arc::new(verified))));
        }
        Err(mismatch) => panic::refuse(&mismatch),
    }
}

/// Returns the verified disk above `device`, if there is one, else `device`.
pub fn verified(device: Arc<BlockDevice>) -> Arc<BlockDevice> {
    match VERIFIED.get() {
        Some((below, verified)) if below == device.name() => verified.clone(),
        _ => device,
    }
}

/// Returns the name of the disk below the verified one; `None` if there is none.
pub(super) fn verified_name() -> Option<&'static str> {
    VERIFIED.get().map(|(below, _)| below.as_str())
}

/// Why a disk isn't the one that was sealed.
#[derive(Debug)]
enum Mismatch {
    /// It has another length.
    Length { name: String, is: u64, sealed: u64 },
    /// The hashes aren't loaded, or not as many as the disk needs.
    Hashes,
    /// A block differs.
    Block { name: String, start: u64 },
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { name, is, sealed } => {
                write!(f, "the root disk {name} has {is} bytes, {sealed} were sealed")
            }
            Self::Hashes => write!(f, "the module \"{MODULE}\" isn't that of the root disk"),
            Self::Block { name, start } => {
                write!(f, "the root disk {name} differs from what was sealed, from byte {start} on")
            }
        }
    }
}

/// A read that the disk below has begun.
struct Read {
    /// The first of the blocks, which the disk below reads to these frames.
    first_block: u64,
    blocks: Vec<SharedFrame>,
    /// Where a part of the blocks goes, if it isn't all of them or isn't in whole frames.
    target: Option<Target>,
}

/// The memory of a request for a part of some blocks.
struct Target {
    /// Its place on the disk, in bytes.
    start: u64,
    segments: Vec<Segment>,
}

impl Target {
    /// Copies what it needs of a block, which is at `start` of the disk.
    fn copy_from(&self, start: u64, block: &[u8]) {
        let block_end = start + block.len() as u64;
        let mut at = self.start;
        for Segment { frame, range } in &self.segments {
            let end = at + range.len() as u64;
            let (from, to) = (at.max(start), end.min(block_end));
            if from < to {
                let place = range.start + (from - at) as usize;
                let part = &block[(from - start) as usize..(to - start) as usize];
                frame.bytes(place..place + part.len()).write(part);
            }
            at = end;
        }
    }
}

/// A disk whose blocks are checked when they are read.
struct VerifiedDisk {
    info: DiskInfo,
    /// The device below.
    device: Arc<BlockDevice>,
    /// The hash of each block.
    hashes: &'static [[u8; Hash::LEN_BYTES]],
    is_damage_an_error: bool,
    /// Protects the reads that have begun and aren't finished, by the numbers that the disk below has
    /// given them; held to add or to remove one.
    reads: SpinMutex<Vec<((u16, u16), Read)>>,
}

impl VerifiedDisk {
    fn new(
        device: Arc<BlockDevice>,
        sealed: &Sealed,
        disk: &SealedDisk,
        is_damage_an_error: bool,
    ) -> Result<Self, Mismatch> {
        if device.len_bytes() != disk.len_bytes {
            let (name, is) = (String::from(device.name()), device.len_bytes());
            return Err(Mismatch::Length { name, is, sealed: disk.len_bytes });
        }
        let hashes = check::module(sealed, MODULE)
            .filter(|hashes| hashes.len() as u64 == disk.hashes_bytes())
            .ok_or(Mismatch::Hashes)?;
        let below = device.disk();
        let info = DiskInfo {
            name: String::from(NAME),
            model: format!("{}, verified", device.name()),
            sector_bytes: below.sector_bytes,
            sectors: device.len_bytes() / device.sector_bytes(),
            // A request that isn't one of whole blocks needs a block more.
            request_bytes_max: (below.request_bytes_max - BLOCK as u32).max(BLOCK as u32),
            is_read_only: true,
            has_write_cache: false,
            has_partitions: false,
        };
        let reads = SpinMutex::new(Rank::Drivers, Vec::new());
        Ok(Self { info, device, hashes: hashes.as_chunks().0, is_damage_an_error, reads })
    }

    /// Returns the request for the disk below, and what has to be done when it has ended.
    fn below(&self, request: Request) -> Result<(Request, Read), IoError> {
        self.info.check(&request)?;
        if request.operation != Operation::Read {
            return Err(IoError::Invalid);
        }
        let sector_bytes = self.device.sector_bytes();
        let start = request.sector * sector_bytes;
        let end = start + request.len_bytes();
        let first_block = start / BLOCK;
        let count = (end.div_ceil(BLOCK) - first_block) as usize;
        let is_whole = start.is_multiple_of(BLOCK)
            && request.segments.iter().all(|segment| segment.range == (0..BLOCK_BYTES));
        let mut blocks = Vec::new();
        blocks.try_reserve_exact(count).map_err(|_| IoError::NoMemory)?;
        let (segments, target) = if is_whole {
            for segment in &request.segments {
                blocks.push(segment.frame.try_clone().map_err(|_| IoError::NoMemory)?);
            }
            (request.segments, None)
        } else {
            for _ in 0..count {
                let frame = SharedFrame::try_allocate(Purpose::Files);
                blocks.push(frame.ok_or(IoError::NoMemory)?);
            }
            let mut segments = Vec::new();
            segments.try_reserve_exact(count).map_err(|_| IoError::NoMemory)?;
            for frame in &blocks {
                let frame = frame.try_clone().map_err(|_| IoError::NoMemory)?;
                segments.push(Segment { frame, range: 0..BLOCK_BYTES });
            }
            (segments, Some(Target { start, segments: request.segments }))
        };
        let sector = self.device.first_sector() + first_block * (BLOCK / sector_bytes);
        let below = Request { operation: Operation::Read, sector, segments };
        Ok((below, Read { first_block, blocks, target }))
    }

    /// Returns the request that [`below`](Self::below) was given, from what it has returned.
    fn above(&self, below: Request, read: Read) -> Request {
        let start = read.target.as_ref().map_or(read.first_block * BLOCK, |target| target.start);
        let sector = start / self.device.sector_bytes();
        let segments = read.target.map_or(below.segments, |target| target.segments);
        Request { operation: Operation::Read, sector, segments }
    }

    fn add(&self, begun: Begun, read: Read) -> Begun {
        self.reads.lock().push((begun.numbers(), read));
        begun
    }

    fn take(&self, begun: &Begun) -> Read {
        let mut reads = self.reads.lock();
        let index = reads.iter().position(|(numbers, _)| *numbers == begun.numbers());
        reads.swap_remove(index.expect("`add` has added it")).1
    }

    /// Compares the blocks that were read with their hashes, and passes them on.
    fn complete(&self, read: &Read) -> Result<(), IoError> {
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(BLOCK_BYTES).map_err(|_| IoError::NoMemory)?;
        bytes.resize(BLOCK_BYTES, 0);
        for (block, frame) in (read.first_block..).zip(&read.blocks) {
            frame.bytes(0..BLOCK_BYTES).read(&mut bytes);
            if hash_of(&bytes).0 != self.hashes[block as usize] {
                return Err(self.report_damage(block));
            }
            if let Some(target) = &read.target {
                target.copy_from(block * BLOCK, &bytes);
            }
        }
        Ok(())
    }

    fn report_damage(&self, block: u64) -> IoError {
        let mismatch =
            Mismatch::Block { name: String::from(self.device.name()), start: block * BLOCK };
        if !self.is_damage_an_error {
            panic::refuse(&mismatch);
        }
        log::error!("{mismatch}");
        IoError::Failed
    }
}

impl Disk for VerifiedDisk {
    fn info(&self) -> &DiskInfo {
        &self.info
    }

    fn trace(&self) -> &Trace {
        self.device.trace()
    }

    fn begin(&self, request: Request) -> Result<Begun, IoError> {
        let (request, read) = self.below(request)?;
        Ok(self.add(self.device.whole_disk().begin(request)?, read))
    }

    fn try_begin(&self, request: Request) -> Result<Begun, NotBegun> {
        let (request, read) = self.below(request).map_err(NotBegun::Failed)?;
        match self.device.whole_disk().try_begin(request) {
            Ok(begun) => Ok(self.add(begun, read)),
            Err(NotBegun::Full(request)) => Err(NotBegun::Full(self.above(request, read))),
            Err(failed) => Err(failed),
        }
    }

    fn finish(&self, begun: Begun) -> Result<(), IoError> {
        // Before the disk gives the numbers to another request.
        let read = self.take(&begun);
        self.device.whole_disk().finish(begun)?;
        self.complete(&read)
    }
}
