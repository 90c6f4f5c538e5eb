//! Random sequences of calls, compared with the model after each.

use std::rc::Rc;
use std::vec;
use std::vec::Vec;

use proptest::prelude::*;
use proptest::sample::select;

use super::backing::TestBacking;
use super::model::{Model, Outcome, Page, Run};
use super::notation::BOUNDS;
use super::{addr, page_of, pages};
use crate::{
    Access, Advice, Attributes, GapRequest, Limits, Order, Overlap, PAGE_BYTES, Region,
    RegionError, RegionFlags, Regions, RemapRequest, RemapSource, RemapTarget, Removed, Sharing,
};

/// Pages: the number of the first, and the count.
type Pages = (u64, u64);

#[derive(Clone, Debug)]
enum Call {
    Map(Pages, Attributes, Option<(u32, u64)>, Overlap),
    MapSomewhere(u64, Pages, Attributes),
    FindGap(Pages, u64, Pages, Order),
    Unmap(Pages),
    Protect(Pages, Access),
    Advise(Pages, Advice),
    Remap(Pages, u64, RemapTarget, RemapSource),
    GrowStack(u64, u64),
    SetProgramBreak(u64),
    Fork,
    FirstHole(Pages),
}

/// Returns page numbers, most of them near others, so that regions are split and merged.
fn page() -> impl Strategy<Value = u64> {
    prop_oneof![8 => 16..50_u64, 3 => 300..340_u64, 1 => 0..1201_u64, 1 => 1180..1201_u64]
}

fn some_pages() -> impl Strategy<Value = Pages> {
    (page(), prop_oneof![8 => 1..8_u64, 2 => 8..40_u64, 1 => 40..1200_u64])
}

fn access() -> impl Strategy<Value = Access> {
    let writable = Access::READ | Access::WRITE;
    prop_oneof![
        4 => Just(writable),
        2 => Just(Access::READ),
        1 => (0..8_u8).prop_map(Access::from_bits_truncate),
    ]
}

fn attributes() -> impl Strategy<Value = Attributes> {
    let flags = prop_oneof![
        6 => Just(RegionFlags::empty()),
        2 => Just(RegionFlags::GROWS_DOWN),
        1 => Just(RegionFlags::NO_RESERVE),
        1 => Just(RegionFlags::DONT_EXPAND),
        1 => Just(RegionFlags::GROWS_DOWN | RegionFlags::NO_RESERVE),
    ];
    let sharing = prop_oneof![4 => Just(Sharing::Private), 1 => Just(Sharing::Shared)];
    (access(), sharing, flags).prop_map(|(access, sharing, flags)| Attributes {
        access,
        sharing,
        flags,
    })
}

/// Returns a file, and the distance of its pages from those in memory: often the same, so
/// that regions continue each other.
fn file() -> impl Strategy<Value = Option<(u32, u64)>> {
    let distance = prop_oneof![6 => Just(100_u64), 1 => 100..104_u64, 1 => Just((1 << 28) - 50)];
    prop_oneof![3 => Just(None), 1 => (1..3_u32, distance).prop_map(Some)]
}

fn overlap() -> impl Strategy<Value = Overlap> {
    select(&[Overlap::Refused, Overlap::Replaced][..])
}

fn advice() -> impl Strategy<Value = Advice> {
    use Advice::*;
    let all = [
        Normal, Sequential, Random, DontFork, DoFork, WipeOnFork, KeepOnFork, DontDump, DoDump,
        HugePage, NoHugePage,
    ];
    select(Vec::from(all))
}

fn target() -> impl Strategy<Value = RemapTarget> {
    prop_oneof![
        1 => Just(RemapTarget::InPlace),
        1 => Just(RemapTarget::Anywhere { hint: 0 }),
        1 => page().prop_map(|page| RemapTarget::Anywhere { hint: page * PAGE_BYTES }),
        2 => page().prop_map(|page| RemapTarget::At(page * PAGE_BYTES)),
    ]
}

fn call() -> impl Strategy<Value = Call> {
    let order = select(&[Order::TopDown, Order::BottomUp][..]);
    let align = select(&[1_u64, 1, 2, 8, 64][..]);
    let source = select(&[RemapSource::Unmap, RemapSource::Unmap, RemapSource::Keep][..]);
    let new_len = prop_oneof![8 => 0..12_u64, 1 => 0..1200_u64];
    let old_len = prop_oneof![1 => Just(0_u64), 8 => 1..8_u64, 1 => 8..40_u64];
    prop_oneof![
        8 => (some_pages(), attributes(), file(), overlap())
            .prop_map(|(pages, attributes, file, overlap)| {
                let file = file.map(|(file, distance)| (file, pages.0 + distance));
                Call::Map(pages, attributes, file, overlap)
            }),
        2 => (prop_oneof![Just(0), page()], some_pages(), attributes())
            .prop_map(|(hint, pages, attributes)| Call::MapSomewhere(hint, pages, attributes)),
        2 => (some_pages(), align, some_pages(), order)
            .prop_map(|(pages, align, window, order)| Call::FindGap(pages, align, window, order)),
        4 => some_pages().prop_map(Call::Unmap),
        4 => (some_pages(), access()).prop_map(|(pages, access)| Call::Protect(pages, access)),
        3 => (some_pages(), advice()).prop_map(|(pages, advice)| Call::Advise(pages, advice)),
        5 => ((page(), old_len), new_len, target(), source)
            .prop_map(|(old, new, target, source)| Call::Remap(old, new, target, source)),
        2 => (page(), prop_oneof![Just(u64::MAX), 0..400_u64])
            .prop_map(|(page, limit)| Call::GrowStack(page, limit)),
        2 => prop_oneof![4 => 28..45_u64, 1 => 0..1202_u64].prop_flat_map(|page| {
            (0..PAGE_BYTES).prop_map(move |byte| Call::SetProgramBreak(page * PAGE_BYTES + byte))
        }),
        1 => Just(Call::Fork),
        1 => some_pages().prop_map(Call::FirstHole),
    ]
}

fn limits() -> impl Strategy<Value = Limits> {
    let bytes = || prop_oneof![2 => Just(u64::MAX), 1 => (0..200_u64).prop_map(|n| n * 4096 + 7)];
    let regions = prop_oneof![2 => Just(crate::REGIONS_MAX), 1 => 0..12_usize];
    (bytes(), bytes(), regions).prop_map(|(address_space_bytes, data_bytes, regions)| Limits {
        locked_bytes: u64::MAX,
        address_space_bytes,
        data_bytes,
        regions,
    })
}

/// The regions and the model, side by side.
struct Both {
    regions: Regions<TestBacking>,
    model: Model,
    live: Rc<()>,
    /// The pages that the regions' `commit` still allows.
    available: u64,
}

impl Both {
    fn new(limits: Limits, available: u64) -> Self {
        let mut regions = Regions::new(BOUNDS);
        let mut model = Model::new(limits, available);
        regions.start_heap(addr(30), 5000).expect("it is within the bounds");
        (model.heap, model.image_data_bytes) = ((30 * PAGE_BYTES, 30 * PAGE_BYTES), 5000);
        Self { regions, model, live: Rc::new(()), available }
    }

    fn backing(&self, file: Option<(u32, u64)>) -> TestBacking {
        TestBacking::new(file, &self.live)
    }

    /// Makes a call that may remove regions, with a `commit` that refuses if no pages are
    /// available.
    fn removing<T>(
        &mut self,
        call: impl FnOnce(&mut Regions<TestBacking>, &mut dyn FnMut(u64) -> bool) -> T,
    ) -> T {
        let mut calls = 0;
        let available = &mut self.available;
        let result = call(&mut self.regions, &mut |pages| {
            calls += 1;
            assert!(pages > 0, "nothing was committed");
            match available.checked_sub(pages) {
                Some(left) => {
                    *available = left;
                    true
                }
                None => false,
            }
        });
        assert!(calls <= 1, "commit was called {calls} times");
        result
    }

    /// Converts the removed regions to those of the model, and drops them.
    fn settle(&mut self, removed: Result<Removed<TestBacking>, RegionError>) -> Outcome {
        let removed = removed?;
        self.available += removed.uncommitted_pages;
        // Each removed region has a backing, besides those in the tree.
        self.assert_live(removed.regions.len());
        Ok(removed.regions.iter().map(Run::of).collect())
    }

    fn assert_live(&self, others: usize) {
        assert_eq!(Rc::strong_count(&self.live), 1 + self.regions.len() + others, "leaked");
    }

    fn map(
        &mut self,
        (start, end): Pages,
        attributes: Attributes,
        file: Option<(u32, u64)>,
        overlap: Overlap,
    ) {
        let range = pages(start, end);
        let region = Region::new(range, attributes, self.backing(file));
        let mut page = Page { attributes, committed: false, file };
        page.committed = page.commits();
        let limits = self.model.limits;
        let removed =
            self.removing(|regions, commit| regions.map(region, overlap, &limits, commit));
        let outcome = self.settle(removed);
        assert_eq!(outcome, self.model.map(Run { start, end, page }, overlap));
    }

    fn make(&mut self, call: &Call) {
        let limits = self.model.limits;
        match *call {
            Call::Map((start, count), attributes, file, overlap) => {
                self.map((start, start + count), attributes, file, overlap);
            }
            Call::MapSomewhere(hint, (_, count), attributes) => {
                let (hint, len) = (hint * PAGE_BYTES + 123, count * PAGE_BYTES - 7);
                let place = self.regions.place(hint, len, PAGE_BYTES);
                let start = place.map(|range| page_of(range.start()));
                assert_eq!(start, self.model.place(hint, count, 1));
                if let Ok(range) = place {
                    let (start, end) = (page_of(range.start()), page_of(range.end()));
                    assert_eq!(end - start, count);
                    self.map((start, end), attributes, None, Overlap::Refused);
                }
            }
            Call::FindGap((_, count), align, (low, span), order) => {
                let request = GapRequest {
                    len_bytes: count * PAGE_BYTES,
                    align_bytes: align * PAGE_BYTES,
                    low: addr(low),
                    high: addr(low + span),
                    order,
                };
                let found = self.regions.find_gap(&request).map(|range| page_of(range.start()));
                let window = (low, low + span);
                assert_eq!(found, self.model.find_gap(count, align, window, order));
            }
            Call::Unmap((start, count)) => {
                let removed = self.regions.unmap(pages(start, start + count), &limits);
                let outcome = self.settle(removed);
                assert_eq!(outcome, self.model.unmap(start, start + count));
            }
            Call::Protect((start, count), access) => {
                let range = pages(start, start + count);
                let available = &mut self.available;
                let progress = self.regions.protect(range, access, &limits, |pages| {
                    let left = available.checked_sub(pages);
                    *available = left.unwrap_or(*available);
                    left.is_some()
                });
                let reached = (page_of(progress.reached), progress.result);
                assert_eq!(reached, self.model.protect(start, start + count, access));
            }
            Call::Advise((start, count), advice) => {
                let range = pages(start, start + count);
                let progress = self.regions.advise(range, advice, &limits);
                let reached = (page_of(progress.reached), progress.result);
                assert_eq!(reached, self.model.advise(start, start + count, advice));
            }
            Call::Remap((start, old), new, target, source) => {
                // MREMAP_DONTUNMAP requires equal lengths.
                let new = if source == RemapSource::Keep && new % 4 > 0 { old } else { new };
                self.remap(&RemapRequest {
                    start: start * PAGE_BYTES,
                    old_len_bytes: old * PAGE_BYTES,
                    new_len_bytes: new * PAGE_BYTES,
                    target,
                    source,
                });
            }
            Call::GrowStack(page, limit_pages) => {
                let limit = limit_pages.saturating_mul(PAGE_BYTES);
                let byte = addr(page) + 77;
                let new = self
                    .removing(|regions, commit| regions.grow_stack(byte, limit, &limits, commit));
                let new = new.map(|new| new.map(|new| (page_of(new.start()), page_of(new.end()))));
                assert_eq!(new, self.model.grow_stack(page, limit));
            }
            Call::SetProgramBreak(end) => {
                let zeros = self.backing(None);
                let removed = self.removing(|regions, commit| {
                    regions.set_program_break(end, zeros, &limits, commit)
                });
                let outcome = self.settle(removed);
                assert_eq!(outcome, self.model.set_program_break(end));
            }
            Call::Fork => self.fork(),
            Call::FirstHole((start, count)) => {
                let hole = self.regions.first_hole(pages(start, start + count)).map(page_of);
                let is_hole = |page: &u64| self.model.at(*page).is_none();
                assert_eq!(hole, (start..start + count).find(is_hole));
            }
        }
    }

    fn remap(&mut self, request: &RemapRequest) {
        let limits = self.model.limits;
        let result = self.removing(|regions, commit| regions.remap(request, &limits, commit));
        let outcome = result.and_then(|remapped| {
            let numbers = |range: crate::PageRange| (page_of(range.start()), page_of(range.end()));
            let moved_from = remapped.moved_from.map(numbers);
            let range = numbers(remapped.range);
            Ok((self.settle(Ok(remapped.removed))?, moved_from, range))
        });
        assert_eq!(outcome, self.model.remap(request));
    }

    fn fork(&mut self) {
        let mut asked = 0;
        let available = self.available;
        let child = self.regions.try_clone(|pages| {
            asked = pages;
            pages <= available
        });
        let expected = self.model.fork();
        match (child, expected) {
            (Ok(child), Ok(expected)) => {
                child.assert_consistent();
                assert_eq!(child.iter().map(Run::of).collect::<Vec<_>>(), expected.runs());
                assert_eq!(
                    (child.usage().committed_pages, self.available - asked),
                    (asked, self.model.available)
                );
                self.assert_live(child.len());
                drop(child);
                // The child ends at once.
                self.model.available += asked;
            }
            (Err(error), Err(expected)) => assert_eq!(error, expected),
            (child, expected) => panic!("{child:?}, not {expected:?}"),
        }
    }

    fn assert_equal(&self) {
        self.regions.assert_consistent();
        let runs: Vec<Run> = self.regions.iter().map(Run::of).collect();
        assert_eq!(runs, self.model.runs());
        assert_eq!(self.regions.usage(), self.model.usage());
        assert_eq!(self.available, self.model.available);
        let (start, end) = self.model.heap;
        let heap = (self.regions.heap_start().as_u64(), self.regions.heap_end().as_u64());
        assert_eq!(heap, (start, end));
        self.assert_live(0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1500,
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn calls_do_what_the_model_does(
        limits in limits(),
        available in prop_oneof![Just(1_000_000_u64), 0..100_u64],
        calls in proptest::collection::vec(call(), 1..60),
    ) {
        let mut both = Both::new(limits, available);
        for call in &calls {
            both.make(call);
            both.assert_equal();
        }
        let total = both.available + both.regions.usage().committed_pages;
        prop_assert_eq!(total, available, "committed pages were lost");
        drop(both.regions);
        prop_assert_eq!(Rc::strong_count(&both.live), 1);
    }
}
