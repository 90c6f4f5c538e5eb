//! The memory audit: checks every table and mapping in use against the layout, the memory map and
//! the frame allocator.
//!
//! | rule | broken by |
//! | --- | --- |
//! | [`Rule::WritableAndExecutable`] | a page that can be written and executed |
//! | [`Rule::User`] | a page of the kernel that programs can reach |
//! | [`Rule::Low`] | a page below 64 KiB |
//! | [`Rule::Guard`] | a mapped guard of a stack |
//! | [`Rule::OutsideLayout`] | a page outside the ranges of the layout |
//! | [`Rule::Rights`] | a page with other rights than the layout gives its range |
//! | [`Rule::WrongFrame`] | a page of the direct map or the image that is mapped to a frame other than its own, or to no RAM; a device's page that is mapped to RAM |
//! | [`Rule::MappedTwice`] | a frame that is mapped twice outside of the direct map, or is a table as well |
//! | [`Rule::FrameNotOwned`] | a page of the heap, of a stack, or a scratch page, whose frame is free, or used for something else |
//! | [`Rule::TableNotOwned`] | a table whose frame is free, or used for something else |
//! | [`Rule::Owners`] | a frame of the heap, of a stack or of a table that has more than one owner |
//! | [`Rule::Sharers`] | a private frame of programs with more or fewer owners than mappings; a shared one with fewer; a writable private page with several owners |
//! | [`Rule::Count`] | a count of frames for the heap, stacks or tables that differs from the pages or tables found, or from the frames' records |
//!
//! Each frame's rights in the direct map follow from its use: the kernel's code and constants are
//! read-only there, so no byte can be written at one address and executed at another.

mod findings;
pub mod programs;

use core::ops::ControlFlow;

use paging::{Mapping, MappingFlags, PageSize};
use x86_64::{PhysAddr, VirtAddr};

use crate::mm::debug::address_kind::AddressKind;
use crate::mm::kernel::frames::{self, FrameUse, Purpose};
use crate::mm::kernel::image::{self, Section};
use crate::mm::kernel::kernel_space::{self, CODE, COMBINING, CONSTANT, DATA, DEVICE};
use crate::mm::kernel::layout::{DIRECT_MAP_BYTES, FRAME_BYTES, HEAP, KERNEL_BASE, STACKS};
use crate::mm::kernel::ram;
use crate::mm::kernel::stacks::Stack;

pub use findings::{Audit, Finding, Rule};

/// Checks all of the kernel's memory. The heap's lock is held during the check.
pub fn run() -> Audit {
    let mut audit = Audit::default();
    let mut space = kernel_space::lock();
    let space = &mut *space;
    let mut seen = Seen(space.seen);
    seen.0.fill(0);
    let counts = frames::counts();
    check_records(&mut audit);

    space.table.for_each_table(|frame, _| {
        audit.tables += 1;
        match frames::use_of(frame) {
            Some(FrameUse { purpose: Purpose::PageTables, owners: 1, .. }) => {}
            Some(FrameUse { purpose: Purpose::PageTables, .. }) => {
                audit.add(Rule::Owners, VirtAddr::zero(), frame);
            }
            _ => audit.add(Rule::TableNotOwned, VirtAddr::zero(), frame),
        }
        if seen.mark(frame) {
            audit.add(Rule::MappedTwice, VirtAddr::zero(), frame);
        }
    });
    let (mut heap_pages, mut stack_pages) = (0, 0);
    let table = &space.table;
    space.table.for_each_mapping(VirtAddr::zero(), |page, mapping| {
        audit.pages += 1;
        let place = AddressKind::of(page);
        heap_pages += usize::from(place == AddressKind::Heap);
        let is_dynamic = |stack| !Stack::BOOT_CPU.contains(&stack);
        stack_pages += usize::from(matches!(place, AddressKind::Stack(stack) if is_dynamic(stack)));
        judge(&mut audit, &mut seen, page, mapping, place, table);
        ControlFlow::Continue(())
    });
    if audit.tables != counts.used_for(Purpose::PageTables) {
        audit.add(Rule::Count, VirtAddr::zero(), PhysAddr::zero());
    }
    if heap_pages != counts.used_for(Purpose::Heap) {
        audit.add(Rule::Count, HEAP, PhysAddr::zero());
    }
    if stack_pages != counts.used_for(Purpose::Stacks) {
        audit.add(Rule::Count, STACKS, PhysAddr::zero());
    }
    audit
}

/// One bit for each frame: whether it was found to be mapped outside of the direct map, or to be a
/// table.
struct Seen<'a>(&'a mut [u64]);

impl Seen<'_> {
    /// Marks the frame; returns whether it was marked before. There are bits only for RAM: devices
    /// may be mapped any number of times.
    fn mark(&mut self, frame: PhysAddr) -> bool {
        let number = frame.as_u64() / FRAME_BYTES;
        let Some(word) = self.0.get_mut((number / 64) as usize) else {
            return false;
        };
        let bit = 1 << (number % 64);
        let was_marked = *word & bit != 0;
        *word |= bit;
        was_marked
    }
}

fn judge(
    audit: &mut Audit,
    seen: &mut Seen<'_>,
    page: VirtAddr,
    mapping: Mapping,
    place: AddressKind,
    table: &kernel_space::Table,
) {
    let Mapping { paddr: frame, flags, size, .. } = mapping;
    let has_no_execute = !table.kept_flags(DATA).contains(MappingFlags::EXECUTE);
    let mut broken = |rule| audit.add(rule, page, frame);
    if has_no_execute && flags.contains(MappingFlags::WRITE | MappingFlags::EXECUTE) {
        broken(Rule::WritableAndExecutable);
    }
    if flags.contains(MappingFlags::USER) {
        broken(Rule::User);
    }
    let wanted_flags = match place {
        AddressKind::Null => return broken(Rule::Low),
        AddressKind::Guard(_) => return broken(Rule::Guard),
        AddressKind::Program | AddressKind::Nothing => return broken(Rule::OutsideLayout),
        AddressKind::DirectMap(wanted_frame) => {
            if frame != wanted_frame || !is_ram(frame, size) {
                broken(Rule::WrongFrame);
            }
            direct_rights(frame, size)
        }
        AddressKind::Kernel(section) => {
            if page - KERNEL_BASE != frame.as_u64() {
                broken(Rule::WrongFrame);
            }
            match section {
                Section::Text => CODE,
                Section::Rodata => CONSTANT,
                Section::Data => DATA,
            }
        }
        AddressKind::Heap => {
            judge_owner(frame, Purpose::Heap).into_iter().for_each(&mut broken);
            DATA
        }
        AddressKind::Scratch => {
            judge_owner(frame, Purpose::Other).into_iter().for_each(&mut broken);
            DATA
        }
        AddressKind::Stack(stack) if Stack::BOOT_CPU.contains(&stack) => {
            if !image::frames().contains(&frame) {
                broken(Rule::WrongFrame);
            }
            DATA
        }
        AddressKind::Stack(_) => {
            judge_owner(frame, Purpose::Stacks).into_iter().for_each(&mut broken);
            DATA
        }
        AddressKind::Device(_) => {
            if is_ram(frame, size) {
                broken(Rule::WrongFrame);
            }
            if flags.contains(MappingFlags::DEVICE) { DEVICE } else { COMBINING }
        }
    };
    if flags != table.kept_flags(wanted_flags) {
        broken(Rule::Rights);
    }
    let is_alone = !matches!(place, AddressKind::DirectMap(_) | AddressKind::Device(_));
    if is_alone && seen.mark(frame) {
        broken(Rule::MappedTwice);
    }
}

/// Returns the rule that a frame breaks unless it is used for `purpose` by one owner.
fn judge_owner(frame: PhysAddr, purpose: Purpose) -> Option<Rule> {
    match frames::use_of(frame) {
        Some(found) if found.purpose != purpose => Some(Rule::FrameNotOwned),
        Some(found) => (found.owners != 1).then_some(Rule::Owners),
        None => Some(Rule::FrameNotOwned),
    }
}

/// Compares the frames' records with the counts, unless a frame is allocated or freed in the
/// meantime.
fn check_records(audit: &mut Audit) {
    let before = frames::traffic();
    let (counts, cached, records) = (frames::counts(), frames::cached(), frames::recount());
    let is_same = records.used == counts.used && records.cached == cached && records.damaged == 0;
    if !is_same && frames::traffic() == before {
        log::error!("counted {counts:?}, {cached} of it cached; the records say {records:?}");
        audit.add(Rule::Count, VirtAddr::zero(), PhysAddr::zero());
    }
}

/// Returns whether all of a page's frames are RAM that the kernel can reach.
fn is_ram(frame: PhysAddr, size: PageSize) -> bool {
    let end = frame.as_u64() + size.bytes();
    end <= DIRECT_MAP_BYTES && ram::map().is_ram(frame.as_u64(), end)
}

/// Returns the rights of a frame in the direct map: code and constants of the kernel are read-only
/// there.
fn direct_rights(frame: PhysAddr, size: PageSize) -> MappingFlags {
    let is_constant = [Section::Text, Section::Rodata].into_iter().any(|section| {
        let section = image::section(section);
        let start = image::to_physical(section.start);
        start < frame + size.bytes() && frame < image::to_physical(section.end)
    });
    if is_constant { CONSTANT } else { DATA }
}

#[cfg(test)]
mod tests;
