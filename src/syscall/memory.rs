//! Memory: brk(2), mmap(2), munmap(2), mprotect(2), mremap(2), madvise(2), mincore(2), msync(2).

use alloc::sync::Arc;

use ::address_space::{
    Access, Advice, Attributes, Limits, Overlap, PageRange, RangeError, Region, RegionError,
    RegionFlags, RemapRequest, RemapSource, RemapTarget, Sharing,
};

use capabilities::Capability;

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use crate::fs::file::mapping;
use crate::mm::user::address_space::AddressSpace;
use crate::mm::user::backing::Backing;
use crate::mm::user::fault::FaultError;
use crate::mm::user::page_table::PAGE_BYTES;
use crate::mm::user::pointer;
use crate::mm::user::shared_memory::SharedMemory;

// Source: Linux, include/uapi/asm-generic/mman-common.h and mman.h.
const PROT_ALL: u64 = 0x7;
/// The pages may contain semaphores, which has no effect here.
const PROT_SEM: u64 = 0x8;
const MAP_SHARED: u64 = 0x01;
const MAP_PRIVATE: u64 = 0x02;
const MAP_SHARED_VALIDATE: u64 = 0x03;
const MAP_TYPE: u64 = 0x0F;
const MAP_FIXED: u64 = 0x10;
const MAP_ANONYMOUS: u64 = 0x20;
const MAP_GROWSDOWN: u64 = 0x100;
const MAP_LOCKED: u64 = 0x2000;
const MAP_NORESERVE: u64 = 0x4000;
const MAP_POPULATE: u64 = 0x8000;
const MAP_HUGETLB: u64 = 0x4_0000;
/// The position of the logarithm of a huge page's size in the flags, which may be 0.
const MAP_HUGE_SHIFT: u32 = 26;
const MAP_HUGE_MASK: u64 = 0x3F;
/// The logarithms of the sizes: 2 MiB and 1 GiB.
const HUGE_PAGE_SIZES: [u64; 2] = [21, 30];
const MAP_FIXED_NOREPLACE: u64 = 0x10_0000;
/// Flags without an effect here: MAP_DENYWRITE, MAP_EXECUTABLE, MAP_NONBLOCK, MAP_STACK.
const MAP_WITHOUT_EFFECT: u64 = 0x0800 | 0x1000 | 0x1_0000 | 0x2_0000;
const MREMAP_MAYMOVE: u64 = 1;
const MREMAP_FIXED: u64 = 2;
const MREMAP_DONTUNMAP: u64 = 4;

pub(super) fn memory(call: &Call<'_>) -> Result<Arc<AddressSpace>, Failure> {
    Ok(call.process().memory().ok_or(Errno::ESRCH)?)
}

/// Returns the limits of the address space of the process.
pub(super) fn limits(call: &Call<'_>) -> Limits {
    call.process().limits().of_address_space(may_lock_without_limit(call))
}

/// Returns whether the process may lock any number of pages: CAP_IPC_LOCK.
fn may_lock_without_limit(call: &Call<'_>) -> bool {
    call.has(Capability::IpcLock)
}

/// Checks that the process may lock pages.
///
/// # Errors
/// EPERM.
pub(super) fn check_may_lock(limits: &Limits) -> Result<(), Failure> {
    if limits.locked_bytes == 0 { Err(Errno::EPERM.into()) } else { Ok(()) }
}

/// Returns the pages of a call's range; `None` for an empty one.
fn range(start: u64, len_bytes: u64, out_of_bounds: Errno) -> Result<Option<PageRange>, Failure> {
    match PageRange::try_new(start, len_bytes) {
        Ok(range) => Ok(Some(range)),
        Err(RangeError::NotAligned) => Err(Errno::EINVAL.into()),
        Err(RangeError::Empty) => Ok(None),
        Err(RangeError::OutOfBounds) => Err(out_of_bounds.into()),
    }
}

pub(super) fn brk(call: &mut Call<'_>) -> CallResult {
    let limits = limits(call);
    Ok(memory(call)?.set_program_break(call.argument(0), &limits).as_u64())
}

pub(super) fn mmap(call: &mut Call<'_>) -> CallResult {
    let [hint, len_bytes, protection, flags, _, offset] =
        core::array::from_fn(|index| call.argument(index));
    if len_bytes == 0 || !offset.is_multiple_of(PAGE_BYTES) {
        return Err(Errno::EINVAL.into());
    }
    if flags & MAP_HUGETLB != 0 {
        check_huge_pages(call, flags)?;
    }
    // As on Linux, other bits are ignored.
    let access = Access::from_bits_truncate((protection & PROT_ALL) as u8);
    let sharing = match flags & MAP_TYPE {
        MAP_PRIVATE => Sharing::Private,
        MAP_SHARED => Sharing::Shared,
        MAP_SHARED_VALIDATE => {
            let known = MAP_TYPE
                | MAP_FIXED
                | MAP_ANONYMOUS
                | MAP_LOCKED
                | MAP_NORESERVE
                | MAP_POPULATE
                | MAP_HUGETLB
                | HUGE_PAGE_SIZES[0] << MAP_HUGE_SHIFT
                | HUGE_PAGE_SIZES[1] << MAP_HUGE_SHIFT
                | MAP_FIXED_NOREPLACE
                | MAP_WITHOUT_EFFECT;
            if flags & !known != 0 {
                return Err(Errno::EOPNOTSUPP.into());
            }
            Sharing::Shared
        }
        _ => return Err(Errno::EINVAL.into()),
    };
    let is_anonymous = flags & MAP_ANONYMOUS != 0;
    let backing = match is_anonymous {
        true => anonymous_backing(sharing)?,
        false => file_backing(call, access, sharing, offset)?,
    };
    let mut region_flags = RegionFlags::empty();
    region_flags.set(RegionFlags::GROWS_DOWN, flags & MAP_GROWSDOWN != 0);
    region_flags.set(RegionFlags::NO_RESERVE, flags & MAP_NORESERVE != 0);
    region_flags.set(RegionFlags::LOCKED, flags & MAP_LOCKED != 0);
    let attributes = Attributes { access, sharing, flags: region_flags };
    let limits = limits(call);
    if flags & MAP_LOCKED != 0 {
        check_may_lock(&limits)?;
    }
    if flags & MAP_HUGETLB != 0 {
        // As on a Linux that has no huge pages reserved.
        return Err(Errno::ENOMEM.into());
    }
    let memory = memory(call)?;
    let range = if flags & (MAP_FIXED | MAP_FIXED_NOREPLACE) != 0 {
        let range = range(hint, len_bytes, Errno::ENOMEM)?.ok_or(Errno::EINVAL)?;
        let overlap = match flags & MAP_FIXED_NOREPLACE {
            0 => Overlap::Replaced,
            _ => Overlap::Refused,
        };
        memory.map_region(Region::new(range, attributes, backing), overlap, &limits)?;
        range
    } else {
        memory.map_region_anywhere(hint, len_bytes, &limits, |range| {
            Region::new(range, attributes, backing)
        })?
    };
    if flags & (MAP_POPULATE | MAP_LOCKED) != 0 || memory.locks_new_regions() {
        // As on Linux, pages that can't be allocated are no error.
        let _ = memory.populate(range);
    }
    Ok(range.start().as_u64())
}

/// Checks a mapping of huge pages: its file, and the size of the pages.
///
/// # Errors
/// EBADF; EINVAL if there are no pages of this size, or for a file, which can't have such pages.
fn check_huge_pages(call: &Call<'_>, flags: u64) -> Result<(), Failure> {
    if flags & MAP_ANONYMOUS == 0 {
        call.file(4)?;
        return Err(Errno::EINVAL.into());
    }
    match flags >> MAP_HUGE_SHIFT & MAP_HUGE_MASK {
        0 => Ok(()),
        size if HUGE_PAGE_SIZES.contains(&size) => Ok(()),
        _ => Err(Errno::EINVAL.into()),
    }
}

fn access_of(protection: u64) -> Result<Access, Failure> {
    match protection & !(PROT_ALL | PROT_SEM) {
        0 => Ok(Access::from_bits_truncate((protection & PROT_ALL) as u8)),
        _ => Err(Errno::EINVAL.into()),
    }
}

/// Returns the contents of a mapping of the file of the call's descriptor.
fn file_backing(
    call: &Call<'_>,
    access: Access,
    sharing: Sharing,
    offset: u64,
) -> Result<Backing, Failure> {
    let file = call.file(4)?;
    let writes = sharing == Sharing::Shared && access.contains(Access::WRITE);
    if writes && !file.flags().can_write() {
        return Err(Errno::EACCES.into());
    }
    if file.special().is_some_and(|special| special.maps_anonymous_memory()) {
        return anonymous_backing(sharing);
    }
    Ok(Backing::Object { object: mapping::mapped(&file, sharing)?, page: offset / PAGE_BYTES })
}

/// Returns the contents of a mapping without a file.
fn anonymous_backing(sharing: Sharing) -> Result<Backing, Failure> {
    match sharing {
        Sharing::Private => Ok(Backing::Anonymous),
        Sharing::Shared => {
            let object = Arc::try_new(SharedMemory::new()).map_err(|_| Errno::ENOMEM)?;
            Ok(Backing::Object { object, page: 0 })
        }
    }
}

pub(super) fn munmap(call: &mut Call<'_>) -> CallResult {
    let range = range(call.argument(0), call.argument(1), Errno::EINVAL)?.ok_or(Errno::EINVAL)?;
    let limits = limits(call);
    memory(call)?.unmap_region(range, &limits)?;
    Ok(0)
}

pub(super) fn mprotect(call: &mut Call<'_>) -> CallResult {
    let access = access_of(call.argument(2))?;
    let Some(range) = range(call.argument(0), call.argument(1), Errno::ENOMEM)? else {
        return Ok(0);
    };
    let limits = limits(call);
    memory(call)?.protect_region(range, access, &limits)?;
    Ok(0)
}

pub(super) fn mremap(call: &mut Call<'_>) -> CallResult {
    let [start, old_len_bytes, new_len_bytes, flags, new_start] =
        core::array::from_fn(|index| call.argument(index));
    if flags & !(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP) != 0 {
        return Err(Errno::EINVAL.into());
    }
    let source = match flags & MREMAP_DONTUNMAP {
        0 => RemapSource::Unmap,
        _ => RemapSource::Keep,
    };
    let target = match (flags & MREMAP_MAYMOVE != 0, flags & MREMAP_FIXED != 0) {
        (false, false) => RemapTarget::InPlace,
        (true, false) => RemapTarget::Anywhere { hint: new_start },
        (true, true) => RemapTarget::At(new_start),
        (false, true) => return Err(Errno::EINVAL.into()),
    };
    let request = RemapRequest { start, old_len_bytes, new_len_bytes, target, source };
    let limits = limits(call);
    let range = memory(call)?.remap_region(&request, &limits).map_err(|error| match error {
        RegionError::OffsetOverflow => Errno::EINVAL,
        error => error.into(),
    })?;
    Ok(range.start().as_u64())
}

pub(super) fn madvise(call: &mut Call<'_>) -> CallResult {
    // Source: Linux, include/uapi/asm-generic/mman-common.h.
    const DONTNEED: u64 = 4;
    const FREE: u64 = 8;
    const WILLNEED: u64 = 3;
    const COLD: u64 = 20;
    const PAGEOUT: u64 = 21;
    const POPULATE_READ: u64 = 22;
    const POPULATE_WRITE: u64 = 23;
    const DONTNEED_LOCKED: u64 = 24;
    let advice = call.argument(2);
    let kept = match advice {
        0 => Some(Advice::Normal),
        1 => Some(Advice::Random),
        2 => Some(Advice::Sequential),
        10 => Some(Advice::DontFork),
        11 => Some(Advice::DoFork),
        14 => Some(Advice::HugePage),
        15 => Some(Advice::NoHugePage),
        16 => Some(Advice::DontDump),
        17 => Some(Advice::DoDump),
        18 => Some(Advice::WipeOnFork),
        19 => Some(Advice::KeepOnFork),
        WILLNEED | DONTNEED | FREE | COLD | PAGEOUT | POPULATE_READ | POPULATE_WRITE
        | DONTNEED_LOCKED => None,
        _ => return Err(Errno::EINVAL.into()),
    };
    let (start, len_bytes) = (call.argument(0), call.argument(1));
    let end = len_bytes.checked_next_multiple_of(PAGE_BYTES).and_then(|len| start.checked_add(len));
    if end.is_none() {
        return Err(Errno::EINVAL.into());
    }
    let Some(range) = range(start, len_bytes, Errno::ENOMEM)? else {
        return Ok(0);
    };
    let memory = memory(call)?;
    let limits = limits(call);
    match (kept, advice) {
        (Some(kept), _) => memory.advise_region(range, kept, &limits)?,
        (None, DONTNEED) => memory.discard(range, |region| !is_locked(region))?,
        (None, DONTNEED_LOCKED) => memory.discard(range, |_| true)?,
        // Pages that Linux discards when memory is short are discarded at once.
        (None, FREE) => {
            memory.discard(range, |region| region.is_private_anonymous() && !is_locked(region))?
        }
        // Nothing is swapped out.
        (None, COLD | PAGEOUT) => {
            if memory.any_region(range, is_locked) {
                return Err(Errno::EINVAL.into());
            }
            check_mapped(&memory, range)?;
        }
        // The whole file is in memory already.
        (None, WILLNEED) => check_mapped(&memory, range)?,
        (None, POPULATE_READ) => populate(&memory, range, Access::READ)?,
        (None, _) => populate(&memory, range, Access::WRITE)?,
    }
    Ok(0)
}

fn is_locked(region: &Region<Backing>) -> bool {
    region.flags().contains(RegionFlags::LOCKED)
}

/// Checks that all pages of `range` are in regions.
///
/// # Errors
/// ENOMEM.
fn check_mapped(memory: &AddressSpace, range: PageRange) -> Result<(), Failure> {
    if memory.has_hole(range) { Err(Errno::ENOMEM.into()) } else { Ok(()) }
}

/// Makes all pages of `range` present, for an access.
///
/// # Errors
/// As for MADV_POPULATE_READ and MADV_POPULATE_WRITE: EINVAL, EFAULT, ENOMEM.
fn populate(memory: &AddressSpace, range: PageRange, access: Access) -> Result<(), Failure> {
    memory.populate_for(range, |_| access).map_err(|error| {
        Failure::Errno(match error {
            FaultError::NotMapped | FaultError::NoMemory => Errno::ENOMEM,
            FaultError::NotAllowed => Errno::EINVAL,
            FaultError::BeyondEnd => Errno::EFAULT,
        })
    })
}

pub(super) fn mincore(call: &mut Call<'_>) -> CallResult {
    let Some(range) = range(call.argument(0), call.argument(1), Errno::ENOMEM)? else {
        return Ok(0);
    };
    let memory = memory(call)?;
    check_mapped(&memory, range)?;
    let vector = call.argument(2);
    for index in 0..range.pages() {
        let page = range.start() + index * PAGE_BYTES;
        let is_resident = memory.is_resident(page);
        let address = vector.checked_add(index).ok_or(Errno::EFAULT)?;
        pointer::write_bytes(address, &[is_resident.into()])?;
    }
    Ok(0)
}

pub(super) fn msync(call: &mut Call<'_>) -> CallResult {
    // Source: Linux, include/uapi/asm-generic/mman-common.h.
    const ASYNC: u64 = 1;
    const INVALIDATE: u64 = 2;
    const SYNC: u64 = 4;
    let flags = call.argument(2);
    let is_known = flags & !(ASYNC | INVALIDATE | SYNC) == 0;
    if !is_known || flags & (ASYNC | SYNC) == ASYNC | SYNC {
        return Err(Errno::EINVAL.into());
    }
    let Some(range) = range(call.argument(0), call.argument(1), Errno::ENOMEM)? else {
        return Ok(0);
    };
    let memory = memory(call)?;
    check_mapped(&memory, range)?;
    if flags & SYNC != 0 {
        // Without it, changes are written back later, as those of all mappings are.
        let objects = memory.shared_objects(range).map_err(|_| Errno::ENOMEM)?;
        for object in objects {
            object.sync().map_err(|_| Errno::EIO)?;
        }
    }
    Ok(0)
}
