//! Loading a program: from a file to an address space that it can start in.

use alloc::sync::Arc;
use core::fmt;
use core::ops::Range;
use core::sync::atomic::{AtomicBool, Ordering};

use ::address_space::{
    Access, Attributes, Layout, Limits, Overlap, PageRange, Region, RegionError, RegionFlags,
    Sharing,
};
use elf_program::{ElfError, MappingSource, PROGRAM_HEADER_BYTES, Program, ProgramKind, ReadError};
use initial_stack::{AuxiliaryValues, Environment, InitialStack, RANDOM_BYTES, StackError};
use x86_64::VirtAddr;

use super::identity::Identity;
use super::limits::Resource;
use crate::arch::cpu::{features, fpu};
use crate::arch::user::USER_END;
use crate::arch::user::user_state;
use crate::fs::error::FsError;
use crate::fs::file::{mapping, regular};
use crate::fs::io::SliceSink;
use crate::fs::namespace::path::Path;
use crate::mm::kernel::layout::NULL_END;
use crate::mm::user::address_space::AddressSpace;
use crate::mm::user::backing::{Backing, MappedObject};
use crate::mm::user::fault::FaultError;
use crate::mm::user::page_table::{PAGE_BYTES, PageTableError};
use crate::mm::user::vdso;
use crate::process::limits::ResourceLimits;
use crate::random;

/// The reason why a program can't be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// The file can't be read.
    File(FsError),
    /// It isn't a program that this kernel can run.
    Elf(ElfError),
    /// The arguments and the environment are too large.
    Stack(StackError),
    /// There is no room for it in memory.
    Region(RegionError),
    /// No memory is left.
    NoMemory,
    /// The file ends in the middle of a segment.
    Truncated,
    /// It needs a dynamic loader that isn't found.
    NoInterpreter,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Elf(error) => error.fmt(f),
            Self::Stack(error) => error.fmt(f),
            Self::Region(error) => error.fmt(f),
            Self::NoMemory => f.write_str("no memory is left"),
            Self::Truncated => f.write_str("the file ends in the middle of a segment"),
            Self::NoInterpreter => f.write_str("its dynamic loader isn't found"),
        }
    }
}

impl core::error::Error for LoadError {}

impl From<RegionError> for LoadError {
    fn from(error: RegionError) -> Self {
        Self::Region(error)
    }
}

impl From<FaultError> for LoadError {
    fn from(error: FaultError) -> Self {
        match error {
            FaultError::NoMemory => Self::NoMemory,
            _ => Self::Truncated,
        }
    }
}

impl From<PageTableError> for LoadError {
    fn from(_: PageTableError) -> Self {
        Self::NoMemory
    }
}

/// A program that can start.
pub struct Loaded {
    /// Its address space.
    pub memory: Arc<AddressSpace>,
    /// Its first instruction.
    pub entry: VirtAddr,
    /// Its stack.
    pub stack: InitialStack,
}

/// The addresses that programs may have.
fn user() -> Range<VirtAddr> {
    NULL_END..VirtAddr::new(USER_END)
}

/// Whether programs always have the same addresses: `norandmaps`.
static IS_LAYOUT_FIXED: AtomicBool = AtomicBool::new(false);

/// Makes all programs that start from now on have the same addresses.
pub(super) fn fix_layout() {
    IS_LAYOUT_FIXED.store(true, Ordering::Relaxed);
}

/// The initial size of the stack, which grows at accesses below it.
const STACK_BYTES: u64 = 132 << 10;

/// Loads the program in `file`, to start with `environment`; AT_EXECFN points to `path`. May wait.
///
/// # Errors
/// See [`LoadError`].
pub(super) fn load(
    file: &Path,
    path: &[u8],
    environment: Environment,
    identity: &Identity,
    limits: &ResourceLimits,
) -> Result<Loaded, LoadError> {
    let program = read(file)?;
    if program.interpreter().is_some() {
        return Err(LoadError::NoInterpreter);
    }
    let layout = match IS_LAYOUT_FIXED.load(Ordering::Relaxed) {
        true => Layout::choose(limits.get(Resource::Stack).soft, None),
        false => Layout::choose(limits.get(Resource::Stack).soft, Some(&mut random::number)),
    };
    let program = match program.kind() {
        ProgramKind::Fixed => program,
        ProgramKind::PositionIndependent => {
            let base = layout.program_base.next_multiple_of(program.alignment());
            program.at_base(VirtAddr::new(base), &user()).map_err(LoadError::Elf)?
        }
    };
    let memory = Arc::try_new(AddressSpace::try_new_with(layout.mmap_base)?)
        .map_err(|_| LoadError::NoMemory)?;
    map_segments(&memory, &program, file)?;
    let data_bytes = program
        .segments()
        .iter()
        .filter(|segment| segment.access().contains(elf_program::Access::WRITE))
        .map(elf_program::Segment::memory_bytes)
        .sum();
    // A program whose addresses are near the end has no room for a gap.
    let heap_start = program.image().end.as_u64();
    let heap_gap_bytes = match heap_start + layout.heap_gap_bytes < layout.mmap_base {
        true => layout.heap_gap_bytes,
        false => 0,
    };
    memory.start_heap(VirtAddr::new(heap_start + heap_gap_bytes), data_bytes)?;
    let vdso = map_vdso(&memory)?;

    let top = VirtAddr::new(layout.stack_top);
    let mut random_bytes = [0; RANDOM_BYTES];
    random::fill(&mut random_bytes);
    let auxiliary = auxiliary_values(&program, identity, vdso);
    let stack = environment.build(top, path, random_bytes, &auxiliary).map_err(LoadError::Stack)?;
    map_stack(&memory, &program, &stack, top, limits)?;
    for (address, bytes) in stack.pieces() {
        memory.write_foreign(address, bytes)?;
    }
    Ok(Loaded { memory, entry: program.entry(), stack })
}

/// Reads the headers of a program.
fn read(file: &Path) -> Result<Program, LoadError> {
    let read_at = |offset, buffer: &mut [u8]| {
        regular::read(file.inode(), offset, &mut SliceSink::new(buffer))
    };
    Program::read(&user(), read_at).map_err(|error| match error {
        ReadError::File(error) => LoadError::File(error),
        ReadError::Elf(error) => LoadError::Elf(error),
    })
}

fn map_segments(memory: &AddressSpace, program: &Program, file: &Path) -> Result<(), LoadError> {
    let object = mapping::mapped_program(file.clone()).map_err(LoadError::File)?;
    for mapping in program.mappings() {
        let backing = match mapping.source {
            MappingSource::Zeroes => Backing::Anonymous,
            MappingSource::File { offset, .. } => {
                Backing::Object { object: object.clone(), page: offset / PAGE_BYTES }
            }
        };
        let access = Access::from_bits_truncate(bits_of(mapping.access));
        let flags = RegionFlags::empty();
        let attributes = Attributes { access, sharing: Sharing::Private, flags };
        let range = range_of(&mapping.pages)?;
        let region = Region::new(range, attributes, backing);
        memory.map_region(region, Overlap::Refused, &Limits::UNLIMITED)?;
        if let MappingSource::File { zero_from: Some(start), .. } = mapping.source {
            let len_bytes = mapping.pages.end - start;
            memory.clear_foreign(start, len_bytes as usize)?;
        }
    }
    Ok(())
}

/// Returns the access that a segment allows, with the bits of regions.
fn bits_of(access: elf_program::Access) -> u8 {
    [
        (elf_program::Access::READ, Access::READ),
        (elf_program::Access::WRITE, Access::WRITE),
        (elf_program::Access::EXECUTE, Access::EXECUTE),
    ]
    .into_iter()
    .filter(|(of_segment, _)| access.contains(*of_segment))
    .fold(0, |bits, (_, of_region)| bits | of_region.bits())
}

fn range_of(pages: &Range<VirtAddr>) -> Result<PageRange, LoadError> {
    PageRange::try_new(pages.start.as_u64(), pages.end - pages.start)
        .map_err(|_| LoadError::Region(RegionError::OutOfBounds))
}

fn map_stack(
    memory: &AddressSpace,
    program: &Program,
    stack: &InitialStack,
    top: VirtAddr,
    limits: &ResourceLimits,
) -> Result<(), LoadError> {
    let used_bytes = top - stack.rsp();
    let limit_bytes = limits.get(Resource::Stack).soft;
    let len_bytes = (used_bytes + STACK_BYTES).min(limit_bytes.max(used_bytes + PAGE_BYTES));
    let start = (top - len_bytes).align_down(PAGE_BYTES);
    let mut access = Access::READ | Access::WRITE;
    if program.has_executable_stack() {
        access |= Access::EXECUTE;
    }
    let flags = RegionFlags::GROWS_DOWN;
    let attributes = Attributes { access, sharing: Sharing::Private, flags };
    let region = Region::new(range_of(&(start..top))?, attributes, Backing::Anonymous);
    Ok(memory.map_region(region, Overlap::Refused, &Limits::UNLIMITED)?)
}

/// Maps the vDSO; returns the address of its image, or `None` if there is no memory for it.
fn map_vdso(memory: &AddressSpace) -> Result<Option<VirtAddr>, LoadError> {
    let Some(vdso) = vdso::get() else {
        return Ok(None);
    };
    let region = |start: VirtAddr, access, object: &Arc<dyn MappedObject>| {
        let range = PageRange::try_new(start.as_u64(), PAGE_BYTES).expect("it was found");
        let flags = RegionFlags::DONT_EXPAND | RegionFlags::DONT_DUMP;
        let attributes = Attributes { access, sharing: Sharing::Private, flags };
        Region::new(range, attributes, Backing::Object { object: object.clone(), page: 0 })
    };
    let pages = memory.map_region_anywhere(0, 2 * PAGE_BYTES, &Limits::UNLIMITED, |pages| {
        region(pages.start(), Access::READ, &vdso.data)
    })?;
    let start = pages.start() + PAGE_BYTES;
    let image = region(start, Access::READ | Access::EXECUTE, &vdso.image);
    memory.map_region(image, Overlap::Refused, &Limits::UNLIMITED)?;
    Ok(Some(start))
}

fn auxiliary_values(
    program: &Program,
    identity: &Identity,
    vdso: Option<VirtAddr>,
) -> AuxiliaryValues {
    /// HWCAP2_FSGSBASE. Source: Linux, arch/x86/include/uapi/asm/hwcap2.h.
    const FSGSBASE: u64 = 1 << 1;
    /// The ticks per second of times(2), as on Linux.
    const TICKS_PER_SECOND: u64 = 100;
    AuxiliaryValues {
        vdso,
        signal_stack_bytes_min: signals::frame::stack_bytes_min(fpu::layout().size_bytes),
        hardware_capabilities: features::cpuid_leaf(1, 0).edx.into(),
        hardware_capabilities_2: if user_state::has_fsgsbase() { FSGSBASE } else { 0 },
        ticks_per_second: TICKS_PER_SECOND,
        program_headers: program.headers().address,
        program_header_bytes: PROGRAM_HEADER_BYTES,
        program_header_count: program.headers().count,
        interpreter_base: None,
        entry: program.entry(),
        uid: identity.uid,
        effective_uid: identity.effective_uid,
        gid: identity.gid,
        effective_gid: identity.effective_gid,
        is_secure: identity.uid != identity.effective_uid || identity.gid != identity.effective_gid,
    }
}

/// Reads up to `bytes.len()` bytes from the start of `file`.
pub(super) fn read_head(file: &Path, bytes: &mut [u8]) -> Result<usize, FsError> {
    regular::read(file.inode(), 0, &mut SliceSink::new(bytes))
}
