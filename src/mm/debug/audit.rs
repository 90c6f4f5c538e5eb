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
//! | [`Rule::FrameNotOwned`] | a page of the heap, or of a stack, whose frame is free, or used for something else |
//! | [`Rule::TableNotOwned`] | a table whose frame is free, or used for something else |
//! | [`Rule::Owners`] | a frame of the heap, of a stack or of a table that has more than one owner |
//! | [`Rule::Count`] | as many pages of the heap or of stacks, or tables, as were found, but another number of frames counted for them; or records of frames that differ from it |
//!
//! Each frame's rights in the direct map follow from what it is: the kernel's code
//! and constants can only be read there, so no byte can be written at one address
//! and executed at another.

use core::fmt;
use core::ops::ControlFlow;

use heapless::Vec;
use paging::{Mapping, MappingFlags, PageSize};
use x86_64::{PhysAddr, VirtAddr};

use crate::mm::debug::address_kind::AddressKind;
use crate::mm::kernel::frames::{self, FrameUse, Purpose};
use crate::mm::kernel::image::{self, Section};
use crate::mm::kernel::kernel_space::{self, CODE, COMBINING, CONSTANT, DATA, DEVICE};
use crate::mm::kernel::layout::{DIRECT_MAP_BYTES, FRAME_BYTES, HEAP, KERNEL_BASE, STACKS};
use crate::mm::kernel::ram;
use crate::mm::kernel::stacks::Stack;

/// The number of findings that are kept; others are only counted.
const FINDINGS_MAX: usize = 16;

/// A rule for memory; the module's table lists what breaks each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the module has them in a table")]
pub enum Rule {
    WritableAndExecutable,
    User,
    Low,
    Guard,
    OutsideLayout,
    Rights,
    WrongFrame,
    MappedTwice,
    FrameNotOwned,
    TableNotOwned,
    Owners,
    Count,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WritableAndExecutable => "writable and executable",
            Self::User => "a page of the kernel that programs can reach",
            Self::Low => "mapped below 64 KiB",
            Self::Guard => "a guard that is mapped",
            Self::OutsideLayout => "mapped where the layout has nothing",
            Self::Rights => "other rights than its place has",
            Self::WrongFrame => "another frame than its place has",
            Self::MappedTwice => "a frame that is in use twice",
            Self::FrameNotOwned => "a frame that is free, or used for something else",
            Self::TableNotOwned => "a page table whose frame is free, or used for something else",
            Self::Owners => "a frame of the kernel that has more than one owner",
            Self::Count => "frames counted and found differ",
        })
    }
}

/// A broken rule, and where it is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// The page, or null for a table.
    pub page: VirtAddr,
    /// The frame, or null if only counts differ.
    pub frame: PhysAddr,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, page, frame } = self;
        write!(f, "{rule}: page {page:#018x} ({}), frame {frame:#x}", AddressKind::of(*page))
    }
}

/// The result of an audit.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    /// The number of mapped pages, of any size.
    pub pages: usize,
    /// The number of tables.
    pub tables: usize,
    /// The number of findings: each page that breaks a rule counts.
    pub broken: usize,
    /// The first findings.
    pub findings: Vec<Finding, FINDINGS_MAX>,
}

impl Audit {
    fn add(&mut self, rule: Rule, page: VirtAddr, frame: PhysAddr) {
        self.broken += 1;
        // If there is no room, the finding is only counted.
        let _ = self.findings.push(Finding { rule, page, frame });
    }

    /// Logs every finding.
    ///
    /// # Panics
    /// If there is one.
    pub fn expect_clean(&self) {
        for finding in &self.findings {
            log::error!("{finding}");
        }
        assert!(self.broken == 0, "{} rules of memory are broken, see the log", self.broken);
    }
}

impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} pages, {} tables: ", self.pages, self.tables)?;
        match self.broken {
            0 => f.write_str("all as it should be"),
            1 => f.write_str("1 rule is broken"),
            broken => write!(f, "{broken} rules are broken"),
        }
    }
}

/// Checks all of the kernel's memory. It holds the heap's lock meanwhile.
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

/// One bit for each frame: whether it was found mapped outside of the direct map, or as a
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

/// Returns the rule that a frame breaks if it isn't used for `purpose` by one owner.
fn judge_owner(frame: PhysAddr, purpose: Purpose) -> Option<Rule> {
    match frames::use_of(frame) {
        Some(found) if found.purpose != purpose => Some(Rule::FrameNotOwned),
        Some(found) => (found.owners != 1).then_some(Rule::Owners),
        None => Some(Rule::FrameNotOwned),
    }
}

/// Compares the frames' records with the counts, unless a frame is allocated or freed
/// meanwhile.
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

/// Returns the rights of a frame in the direct map: code and constants of the kernel can't be
/// written there.
fn direct_rights(frame: PhysAddr, size: PageSize) -> MappingFlags {
    let is_constant = [Section::Text, Section::Rodata].into_iter().any(|section| {
        let section = image::section(section);
        let start = image::to_physical(section.start);
        start < frame + size.bytes() && frame < image::to_physical(section.end)
    });
    if is_constant { CONSTANT } else { DATA }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mm::kernel::frames::AllocatedFrames;
    use crate::mm::kernel::layout::{self, DEVICES};

    const USER: MappingFlags = DATA.union(MappingFlags::USER);
    const ANYTHING: MappingFlags = DATA.union(MappingFlags::EXECUTE);

    fn rules() -> Vec<Rule, FINDINGS_MAX> {
        run().findings.iter().map(|finding| finding.rule).collect()
    }

    /// Maps a page with the given flags, returns the rules that the audit finds broken,
    /// and unmaps the page.
    fn rules_with(page: VirtAddr, frame: PhysAddr, flags: MappingFlags) -> Vec<Rule, FINDINGS_MAX> {
        let map = |space: &mut kernel_space::KernelSpace| {
            space.table.map(page, frame, PageSize::Size4K, flags)
        };
        map(&mut kernel_space::lock()).expect("it is free");
        let rules = rules();
        kernel_space::lock().table.unmap(page).expect("it is mapped").1.flush();
        run().expect_clean();
        rules
    }

    /// Changes a page's rights, returns the rules that the audit finds broken, and
    /// restores the rights.
    fn rules_with_rights(page: VirtAddr, flags: MappingFlags) -> Vec<Rule, FINDINGS_MAX> {
        let before = kernel_space::query(page).expect("it is mapped").flags;
        let protect = |flags| {
            kernel_space::lock()
                .table
                .protect_region(page, FRAME_BYTES, flags)
                .expect("there is memory")
                .flush();
        };
        protect(flags);
        let rules = rules();
        protect(before);
        run().expect_clean();
        rules
    }

    fn frame() -> AllocatedFrames {
        AllocatedFrames::try_new(Purpose::Other).expect("there is memory")
    }

    #[test_case]
    fn kernel_as_it_is_breaks_no_rule() {
        let audit = run();
        audit.expect_clean();
        assert!(audit.pages > 100 && audit.tables > 5, "{audit}");
    }

    #[test_case]
    fn pages_where_none_belong_are_found() {
        let frame = frame();
        let low = VirtAddr::new(0xF000);
        assert_eq!(rules_with(low, frame.start(), DATA), [Rule::Low]);
        let program = VirtAddr::new(0x40_0000);
        assert_eq!(rules_with(program, frame.start(), DATA), [Rule::OutsideLayout]);
        assert_eq!(rules_with(program, frame.start(), USER), [Rule::User, Rule::OutsideLayout]);
        let unnamed = DEVICES + (1_u64 << 39);
        assert_eq!(rules_with(unnamed, frame.start(), DEVICE), [Rule::OutsideLayout]);
        for stack in Stack::BOOT_CPU {
            let guard = stack.guard().end - FRAME_BYTES;
            assert_eq!(rules_with(guard, frame.start(), DATA), [Rule::Guard], "{stack}");
        }
    }

    #[test_case]
    fn rights_that_a_place_has_not_are_found() {
        let text = image::section(Section::Text).start;
        assert_eq!(rules_with_rights(text, ANYTHING), [Rule::WritableAndExecutable, Rule::Rights]);
        assert_eq!(rules_with_rights(image::section(Section::Rodata).start, DATA), [Rule::Rights]);
        let unused = Stack::BOOT.range().start;
        assert_eq!(rules_with_rights(unused, CONSTANT), [Rule::Rights]);
        assert_eq!(rules_with_rights(unused, USER), [Rule::User, Rule::Rights]);
        let alias = layout::direct(image::to_physical(text));
        assert_eq!(rules_with_rights(alias, DATA), [Rule::Rights], "written here, executed there");
    }

    #[test_case]
    fn frames_in_use_twice_are_found() {
        let page = HEAP + layout::HEAP_BYTES - FRAME_BYTES;
        let stack = kernel_space::query(Stack::BOOT.range().start).expect("it is mapped").paddr;
        let both = [Rule::FrameNotOwned, Rule::Count];
        // The page is mapped before the audit reaches the stack, so the stack is found as
        // the second mapping.
        let rules = rules_with(page, stack, DATA);
        assert_eq!(rules, [both[0], Rule::MappedTwice, both[1]]);
        let table = kernel_space::lock().table.root_paddr();
        let rules = rules_with(page, table, DATA);
        assert_eq!(rules, [both[0], Rule::MappedTwice, both[1]]);
    }

    #[test_case]
    fn frames_without_owner_are_found() {
        let page = HEAP + layout::HEAP_BYTES - FRAME_BYTES;
        // The lowest frame: allocations take the highest ones first.
        let start = ram::map().usable_frames(FRAME_BYTES).next().expect("there is memory").0;
        let free = PhysAddr::new(start);
        assert_eq!(rules_with(page, free, DATA), [Rule::FrameNotOwned, Rule::Count]);
    }

    #[test_case]
    fn other_frames_than_a_place_has_are_found() {
        let hole = layout::direct(layout::VGA_AND_ROMS);
        assert_eq!(rules_with(hole, layout::VGA_AND_ROMS, DATA), [Rule::WrongFrame]);
    }
}
