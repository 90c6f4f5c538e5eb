//! Stacks that grow.

use std::vec::Vec;

use super::*;

const ALL: u64 = u64::MAX;

fn grow(
    regions: &mut Regions<TestBacking>,
    page: u64,
    stack_limit_bytes: u64,
) -> Result<Option<PageRange>, RegionError> {
    let byte = addr(page) + 0xFF8;
    regions.grow_stack(byte, stack_limit_bytes, &Limits::UNLIMITED, |_| true)
}

#[test]
fn stack_grows_to_the_page() {
    use RegionError::*;
    let table = [
        ("900-910 rw down", 899, ALL, Ok("899-910 rw down")),
        ("900-910 rw down", 16, ALL, Ok("16-910 rw down")),
        ("900-910 rw down", 15, ALL, Err(TooLow)),
        ("900-910 rw down", 900, ALL, Ok("900-910 rw down")),
        ("900-910 rw down", 910, ALL, Err(Unmapped)),
        ("900-910 rw", 899, ALL, Err(Unmapped)),
        ("", 899, ALL, Err(Unmapped)),
        ("800-810 rw, 900-910 rw down", 799, ALL, Err(Unmapped)),
        // The guard gap, exact to the page.
        ("20-30 rw, 900-910 rw down", 286, ALL, Ok("20-30 rw, 286-910 rw down")),
        ("20-30 rw, 900-910 rw down", 285, ALL, Err(GuardGap)),
        ("20-30 rw, 900-910 rw down", 30, ALL, Err(GuardGap)),
        ("20-30 r shared f2+0, 900-910 rw down", 285, ALL, Err(GuardGap)),
        // No guard gap is needed above a region that can't be accessed, or that grows
        // itself.
        ("20-30 -, 900-910 rw down", 30, ALL, Ok("20-30 -, 30-910 rw down")),
        ("20-30 r down, 900-910 rw down", 30, ALL, Ok("20-30 r down, 30-910 rw down")),
        ("20-30 rw down, 900-910 rw down", 30, ALL, Ok("20-910 rw down")),
        // RLIMIT_STACK, exact to the byte.
        ("900-910 rw down", 890, 20 * PAGE_BYTES, Ok("890-910 rw down")),
        ("900-910 rw down", 889, 21 * PAGE_BYTES - 1, Err(StackLimit)),
        ("900-910 rw down", 899, 0, Err(StackLimit)),
        ("900-910 rw down", 900, 0, Ok("900-910 rw down")),
    ];
    for (before, page, limit, expected) in table {
        let mut regions = parse(before);
        let result = grow(&mut regions, page, limit);
        if let Ok(new) = result {
            let expected = (page < 900).then(|| pages(page, 900));
            assert_eq!(new, expected);
        }
        assert_result(&regions, before, result, expected, &std::format!("page {page}"));
    }
}

#[test]
fn stack_obeys_limits_and_commits() {
    let before = "900-910 rw down";
    let mut regions = parse(before);
    let limits = Limits { address_space_bytes: 15 * PAGE_BYTES, ..Limits::UNLIMITED };
    let result = regions.grow_stack(addr(894), ALL, &limits, no_commit);
    assert_result(&regions, before, result, Err(RegionError::AddressSpaceLimit), "grow");
    let result = regions.grow_stack(addr(895), ALL, &limits, |_| false);
    assert_result(&regions, before, result, Err(RegionError::CommitLimit), "grow");
    let mut asked = Vec::new();
    let commit = |pages| {
        asked.push(pages);
        true
    };
    let result = regions.grow_stack(addr(895), ALL, &limits, commit);
    assert_result(&regions, before, result, Ok("895-910 rw down"), "grow");
    assert_eq!(asked, [5]);
    assert_eq!(regions.usage().stack_pages, 15);
    // RLIMIT_DATA doesn't limit a stack.
    let limits = Limits { data_bytes: 0, ..Limits::UNLIMITED };
    assert!(regions.grow_stack(addr(890), ALL, &limits, |_| true).is_ok());
    // A stack that commits nothing.
    let mut regions = parse("900-910 rw down noreserve");
    assert!(regions.grow_stack(addr(890), ALL, &Limits::UNLIMITED, no_commit).is_ok());
}
