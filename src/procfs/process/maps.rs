//! `maps`, `smaps`: the regions of an address space.

use core::ops::Range;

use ::address_space::{Access, Region, RegionFlags, Sharing};
use x86_64::VirtAddr;

use crate::fs::error::FsError;
use crate::fs::generated::Text;
use crate::mm::user::backing::{Backing, MappedObject};
use crate::mm::user::mappings::Mappings;
use crate::mm::user::page_table::{HUGE_PAGE_BYTES, PAGE_BYTES};
use crate::procfs::target::Target;

/// The column in which names begin.
const NAME_COLUMN: usize = 73;

/// The object's name.
struct Name<'a>(&'a dyn MappedObject);

impl core::fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.write_name(f)
    }
}

/// Calls `write` with each region, and the places that determine the name of a region without a
/// file.
fn for_each(
    target: &Target,
    mut write: impl FnMut(&Mappings, &Places, &Region<Backing>) -> Result<(), FsError>,
) -> Result<(), FsError> {
    let process = target.process()?;
    let Some(memory) = process.memory() else {
        return Ok(());
    };
    let (arguments, _) = process.program().arguments;
    let places = Places { heap: memory.heap(), in_stack: VirtAddr::new_truncate(arguments) };
    let mut result = Ok(());
    memory.for_each_region(|region, mappings| {
        if result.is_ok() {
            result = write(mappings, &places, region);
        }
    });
    result
}

/// Where the regions are that have a name without a file.
struct Places {
    heap: Range<VirtAddr>,
    /// An address in the stack.
    in_stack: VirtAddr,
}

impl Places {
    fn name(&self, region: &Region<Backing>) -> Option<&'static str> {
        let range = region.range();
        let is_heap = range.start() < self.heap.end && range.end() > self.heap.start;
        match region.backing() {
            Backing::Object { .. } => None,
            Backing::Anonymous if is_heap => Some("[heap]"),
            Backing::Anonymous if range.contains(self.in_stack) => Some("[stack]"),
            Backing::Anonymous => None,
        }
    }
}

/// Writes the line of a region.
///
/// Source: Linux, fs/proc/task_mmu.c, `show_map_vma`.
fn push_line(text: &mut Text, places: &Places, region: &Region<Backing>) -> Result<(), FsError> {
    let start = text.len();
    let (offset, (device, inode)) = match region.backing() {
        Backing::Anonymous => (0, (0, 0)),
        Backing::Object { object, page } => match object.file_number() {
            // Pages without a file are counted from the start of their region.
            (0, 0) => (0, (0, 0)),
            file => (page * PAGE_BYTES, file),
        },
    };
    let range = region.range();
    write!(
        text,
        "{:08x}-{:08x} {} {offset:08x} 00:{device:02x} {inode} ",
        range.start(),
        range.end(),
        region.attributes(),
    )?;
    let pad = NAME_COLUMN.saturating_sub(text.len() - start);
    match (places.name(region), region.backing()) {
        (Some(name), _) => writeln!(text, "{:pad$}{name}", ""),
        (None, Backing::Object { object, .. }) => writeln!(text, "{:pad$}{}", "", Name(&**object)),
        (None, Backing::Anonymous) => writeln!(text),
    }
}

pub(super) fn maps(target: &Target, text: &mut Text) -> Result<(), FsError> {
    for_each(target, |_, places, region| push_line(text, places, region))
}

/// Fields that aren't counted are 0: pages that several processes have are shown as the process's
/// own.
///
/// Source: proc(5), /proc/pid/smaps; Linux, fs/proc/task_mmu.c, `show_smap`.
pub(super) fn smaps(target: &Target, text: &mut Text) -> Result<(), FsError> {
    const PAGE_KIB: u64 = PAGE_BYTES / 1024;
    for_each(target, |mappings, places, region| {
        push_line(text, places, region)?;
        let resident = mappings.resident_of(region);
        let rss = resident.total() * PAGE_KIB;
        let (clean, dirty) = match region.access().contains(Access::WRITE) {
            true => (0, rss),
            false => (rss, 0),
        };
        let is_shared = region.sharing() == Sharing::Shared;
        let if_shared = |kib, shared| if is_shared == shared { kib } else { 0 };
        let rows = [
            ("Size", region.range().pages() * PAGE_KIB),
            ("KernelPageSize", PAGE_KIB),
            ("MMUPageSize", PAGE_KIB),
            ("Rss", rss),
            ("Pss", rss),
            ("Pss_Dirty", dirty),
            ("Shared_Clean", if_shared(clean, true)),
            ("Shared_Dirty", if_shared(dirty, true)),
            ("Private_Clean", if_shared(clean, false)),
            ("Private_Dirty", if_shared(dirty, false)),
            ("Referenced", rss),
            ("Anonymous", resident.anonymous * PAGE_KIB),
            ("LazyFree", 0),
            ("AnonHugePages", mappings.huge_pages(region.range()) * HUGE_PAGE_BYTES / 1024),
            ("ShmemPmdMapped", 0),
            ("FilePmdMapped", 0),
            ("Shared_Hugetlb", 0),
            ("Private_Hugetlb", 0),
            ("Swap", 0),
            ("SwapPss", 0),
            ("Locked", 0),
        ];
        for (name, kib) in rows {
            let pad = 15 - name.len();
            writeln!(text, "{name}:{:pad$}{kib:8} kB", "")?;
        }
        writeln!(text, "THPeligible:    0")?;
        push_flags(text, region)
    })
}

/// Source: proc(5), VmFlags.
fn push_flags(text: &mut Text, region: &Region<Backing>) -> Result<(), FsError> {
    let (access, flags) = (region.access(), region.flags());
    text.push(b"VmFlags: ")?;
    for (is_set, name) in [
        (access.contains(Access::READ), "rd "),
        (access.contains(Access::WRITE), "wr "),
        (access.contains(Access::EXECUTE), "ex "),
        (region.sharing() == Sharing::Shared, "sh "),
        (true, "mr "),
        (true, "mw "),
        (true, "me "),
        (flags.contains(RegionFlags::GROWS_DOWN), "gd "),
        (flags.contains(RegionFlags::SEQUENTIAL), "sr "),
        (flags.contains(RegionFlags::RANDOM), "rr "),
        (flags.contains(RegionFlags::DONT_FORK), "dc "),
        (flags.contains(RegionFlags::DONT_EXPAND), "de "),
        (region.is_committed(), "ac "),
        (flags.contains(RegionFlags::NO_RESERVE), "nr "),
        (flags.contains(RegionFlags::WIPE_ON_FORK), "wf "),
        (flags.contains(RegionFlags::DONT_DUMP), "dd "),
    ] {
        if is_set {
            text.push(name.as_bytes())?;
        }
    }
    text.push(b"\n")
}
