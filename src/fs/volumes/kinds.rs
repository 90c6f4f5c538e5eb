//! The kinds of file systems on disks, and how they are mounted.

use alloc::boxed::Box;
use alloc::sync::Arc;

use ext2::{Ext2, Format};
use volume::{Access, Volume, VolumeError};

use super::inode_ops;
use super::medium::CachedMedium;
use super::mounted::{Mounted, Root};
use crate::block::devices::MAJOR;
use crate::fs::attributes::DeviceNumber;
use crate::fs::device_cache::{self, DeviceCache};
use crate::fs::error::FsError;
use crate::fs::file_system::{FileSystem, Names};
use crate::fs::kinds::{self, Kind, MountRequest, Source};
use crate::fs::super_block::SuperBlock;

/// Registers the kinds.
///
/// # Errors
/// [`FsError::NoMemory`].
pub fn start() -> Result<(), FsError> {
    kinds::register(Kind { name: "ext2", source: Source::Device, make: make_ext2 })?;
    kinds::register(Kind { name: "ext4", source: Source::Device, make: make_ext4 })?;
    kinds::register(Kind { name: "ext3", source: Source::Device, make: make_ext3 })?;
    kinds::register(Kind { name: "vfat", source: Source::Device, make: make_vfat })?;
    kinds::register(Kind { name: "iso9660", source: Source::Device, make: make_iso9660 })
}

type Opened = Result<Box<dyn Volume>, VolumeError>;

fn make_ext2(request: &MountRequest<'_>) -> Result<Arc<SuperBlock>, FsError> {
    make("ext2", request, |medium, access| Ok(Box::new(Ext2::open(medium, access)?)))
}

fn make_ext3(request: &MountRequest<'_>) -> Result<Arc<SuperBlock>, FsError> {
    make_read_only("ext3", request, |medium, _| {
        Ok(Box::new(Ext2::open_for_reading(medium, Format::Ext3)?))
    })
}

fn make_ext4(request: &MountRequest<'_>) -> Result<Arc<SuperBlock>, FsError> {
    make_read_only("ext4", request, |medium, _| {
        Ok(Box::new(Ext2::open_for_reading(medium, Format::Ext4)?))
    })
}

fn make_vfat(request: &MountRequest<'_>) -> Result<Arc<SuperBlock>, FsError> {
    make("vfat", request, |medium, access| Ok(Box::new(fat::Fat::open(medium, access)?)))
}

fn make_iso9660(request: &MountRequest<'_>) -> Result<Arc<SuperBlock>, FsError> {
    make_read_only("iso9660", request, |medium, _| Ok(Box::new(iso9660::Iso9660::open(medium)?)))
}

/// Mounts as [`make`] does it, for reading only, whatever is asked for.
fn make_read_only(
    kind: &'static str,
    request: &MountRequest<'_>,
    open: fn(CachedMedium, Access) -> Opened,
) -> Result<Arc<SuperBlock>, FsError> {
    make(kind, &MountRequest { is_read_only: true, ..*request }, open)
}

/// Mounts the volume that `open` opens on the device of `request`, or returns the file system that is
/// mounted from it already.
fn make(
    kind: &'static str,
    request: &MountRequest<'_>,
    open: fn(CachedMedium, Access) -> Opened,
) -> Result<Arc<SuperBlock>, FsError> {
    let number = request.device.ok_or(FsError::InvalidArgument)?;
    if number.major != MAJOR {
        return Err(FsError::NoDevice);
    }
    let cache = device_cache::of_device(number.minor)?;
    let is_read_only = request.is_read_only || cache.device().disk().is_read_only;
    if let Some(mounted) = cache.mounted() {
        // As on Linux, all mounts of a device have the same rights.
        let is_same = mounted.kind() == kind && mounted.is_read_only() == is_read_only;
        return if is_same { Ok(mounted) } else { Err(FsError::Busy) };
    }
    let name = cache.device().name();
    if !request.options.is_empty() {
        log::error!("{name}: no options of {kind} are known");
        return Err(FsError::InvalidArgument);
    }
    let access = if is_read_only { Access::ReadOnly } else { Access::ReadWrite };
    let volume = open(CachedMedium(cache.clone()), access).inspect_err(|error| match error {
        // Programs, and the root's mount, try all kinds until one fits.
        VolumeError::OtherKind => {}
        VolumeError::Unsupported(_) => log::warn!("{name}: can't be mounted as {kind}: {error}"),
        _ => log::error!("{name}: can't be mounted as {kind}: {error}"),
    })?;
    mount(kind, number, cache.clone(), volume, access)
}

fn mount(
    kind: &'static str,
    number: DeviceNumber,
    cache: Arc<DeviceCache>,
    volume: Box<dyn Volume>,
    access: Access,
) -> Result<Arc<SuperBlock>, FsError> {
    let name = cache.device().name();
    let properties = volume.properties();
    if u64::from(properties.block_bytes) < cache.device().sector_bytes() {
        log::error!("{name}: its blocks are smaller than the sectors of the disk");
        return Err(FsError::InvalidArgument);
    }
    if properties.is_replayed {
        log::warn!(
            "{name}: it was not unmounted cleanly; its journal is applied in memory only, and nothing \
             is written"
        );
    }
    if !properties.was_clean {
        log::warn!("{name}: it was not unmounted; run fsck.{kind} on it");
    }
    let names = if properties.ignores_case { Names::Generated } else { Names::Kept };
    let file_system = FileSystem::try_new_on_device(kind, number, names)?;
    let root_node = volume.root();
    let mounted = Mounted::try_new(volume, cache.clone(), file_system.clone(), access)?;
    let root = mounted.with(|volume| inode_ops::inode_of(&mounted, volume, root_node))?;
    let super_block = SuperBlock::try_new(file_system, Box::try_new(Root { mounted, root })?)?;
    if access == Access::ReadOnly {
        super_block.note_read_only();
    }
    // If another thread has mounted the device in the meantime, this is dropped. It has changed nothing
    // on the disk.
    cache.set_mounted(&super_block)?;
    Ok(super_block)
}
