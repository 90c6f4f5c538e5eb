//! Regions as text.

use std::format;
use std::rc::Rc;
use std::string::{String, ToString};
use std::vec::Vec;

use super::backing::TestBacking;
use super::pages;
use crate::{
    Access, Attributes, Bounds, Limits, Overlap, PAGE_BYTES, Region, RegionFlags, Regions, Sharing,
};

/// Mappings from page 16 to 1200, placed below page 1000.
pub(super) const BOUNDS: Bounds =
    Bounds { lowest: 16 * PAGE_BYTES, mmap_base: 1000 * PAGE_BYTES, end: 1200 * PAGE_BYTES };

const WORDS: [(&str, RegionFlags); 10] = [
    ("down", RegionFlags::GROWS_DOWN),
    ("noreserve", RegionFlags::NO_RESERVE),
    ("fixed-size", RegionFlags::DONT_EXPAND),
    ("dontfork", RegionFlags::DONT_FORK),
    ("wipe", RegionFlags::WIPE_ON_FORK),
    ("dontdump", RegionFlags::DONT_DUMP),
    ("huge", RegionFlags::HUGE_PAGE),
    ("nohuge", RegionFlags::NO_HUGE_PAGE),
    ("sequential", RegionFlags::SEQUENTIAL),
    ("random", RegionFlags::RANDOM),
];

const LETTERS: [(char, Access); 3] =
    [('r', Access::READ), ('w', Access::WRITE), ('x', Access::EXECUTE)];

/// Returns the access that a word such as `rw` or `-` names.
pub(super) fn access(word: &str) -> Access {
    let is_known = |letter: char| LETTERS.iter().any(|(known, _)| *known == letter);
    assert!(word == "-" || word.chars().all(is_known), "{word} is no access");
    LETTERS.iter().filter(|(letter, _)| word.contains(*letter)).map(|(_, access)| *access).collect()
}

/// Returns the region that `text` describes.
pub(super) fn region(text: &str, live: &Rc<()>) -> Region<TestBacking> {
    let mut words = text.split_whitespace();
    let number = |text: &str| text.parse::<u64>().expect("a number");
    let (start, end) = words.next().and_then(|word| word.split_once('-')).expect("a range");
    let range = pages(number(start), number(end));
    let access = access(words.next().expect("an access"));
    let (mut sharing, mut flags) = (Sharing::Private, RegionFlags::empty());
    let (mut file, mut kept) = (None, false);
    for word in words {
        if let Some((_, flag)) = WORDS.iter().find(|(known, _)| *known == word) {
            flags |= *flag;
        } else if let Some((name, page)) = word.strip_prefix('f').and_then(|f| f.split_once('+')) {
            file = Some((number(name) as u32, number(page)));
        } else if word == "committed" {
            kept = true;
        } else {
            assert_eq!(word, "shared", "no word of the notation");
            sharing = Sharing::Shared;
        }
    }
    let attributes = Attributes { access, sharing, flags };
    let mut region = Region::new(range, attributes, TestBacking::new(file, live));
    region.committed |= kept;
    region
}

/// Returns the address space that `text` describes.
pub(super) fn parse(text: &str) -> Regions<TestBacking> {
    let live = Rc::new(());
    let mut regions = Regions::new(BOUNDS);
    for each in text.split(", ").filter(|each| !each.is_empty()) {
        let each = region(each, &live);
        let removed = regions.map(each, Overlap::Refused, &Limits::UNLIMITED, |_| true);
        assert!(removed.expect("regions of the text don't overlap").regions.is_empty());
    }
    assert_eq!(self::text(&regions), text, "the notation has one text for each address space");
    regions
}

fn describe(region: &Region<TestBacking>) -> String {
    let (start, end) = (region.range.start / PAGE_BYTES, region.range.end / PAGE_BYTES);
    let letters = LETTERS.iter().filter(|(_, access)| region.access().contains(*access));
    let mut access: String = letters.map(|(letter, _)| *letter).collect();
    if access.is_empty() {
        access.push('-');
    }
    let mut words = Vec::from([format!("{start}-{end}"), access]);
    if region.sharing() == Sharing::Shared {
        words.push("shared".to_string());
    }
    let flags = WORDS.iter().filter(|(_, flag)| region.flags().contains(*flag));
    words.extend(flags.map(|(word, _)| word.to_string()));
    if region.is_committed() && !region.attributes().needs_commit() {
        words.push("committed".to_string());
    }
    if let Some((file, page)) = region.backing().file_page() {
        words.push(format!("f{file}+{page}"));
    }
    words.join(" ")
}

/// Returns the text of some regions.
pub(super) fn join<'a>(regions: impl IntoIterator<Item = &'a Region<TestBacking>>) -> String {
    regions.into_iter().map(describe).collect::<Vec<_>>().join(", ")
}

/// Returns the text of an address space.
pub(super) fn text(regions: &Regions<TestBacking>) -> String {
    join(regions)
}
