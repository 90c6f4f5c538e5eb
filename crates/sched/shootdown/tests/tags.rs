//! Tags with a model of a TLB that evicts nothing: entries that are used without a flush
//! are always up to date.

use shootdown::{Tag, Tags};

/// A random number generator: SplitMix64 (G. L. Steele, D. Lea, C. H. Flood 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ z >> 31) % bound
    }
}

/// What a TLB holds with a tag: entries of a space as of a generation.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Held {
    space: u64,
    oldest_generation: u64,
}

fn run_randomly<const N: usize>(count: usize, seed: u64) {
    let mut random = Random(seed);
    let tags = Tags::<N>::new();
    let mut generations = [1_u64; 12];
    let mut held: [Option<Held>; N] = [None; N];
    let mut reused = 0;
    for _ in 0..20_000 {
        match random.below(10) {
            0..3 => generations[random.below(12) as usize] += 1,
            3 => {
                let kept = random.below(2 * count as u64) as usize;
                tags.forget_others((kept < count).then_some(kept));
                // The TLB still holds all entries; none of them may be used.
            }
            _ => {
                let space = random.below(12);
                let generation = generations[space as usize];
                let Tag { index, is_current } = tags.choose(count, space + 1, generation);
                assert!(index < count);
                assert_eq!(tags.generation(index), generation);
                let fresh = Held { space, oldest_generation: generation };
                if is_current {
                    reused += 1;
                    assert_eq!(held[index], Some(fresh), "entries that are out of date are used");
                } else {
                    held[index] = Some(fresh);
                }
            }
        }
    }
    assert!(reused > 500, "{reused}");
}

#[test]
fn entries_that_are_out_of_date_are_not_used() {
    for seed in 0..20 {
        run_randomly::<6>(6, seed);
        run_randomly::<6>(1, seed);
        run_randomly::<1>(1, seed);
    }
}

#[test]
fn spaces_keep_their_tags_while_there_are_enough() {
    let tags = Tags::<4>::new();
    for space in 1..=4 {
        assert!(!tags.choose(4, space, 1).is_current);
    }
    for space in 1..=4 {
        assert_eq!(tags.choose(4, space, 1), Tag { index: space as usize - 1, is_current: true });
    }
    // After a change the TLB's entries are out of date, unless they were flushed meanwhile.
    assert!(!tags.choose(4, 2, 2).is_current);
    tags.note(1, 3);
    assert!(tags.choose(4, 2, 3).is_current);
    tags.forget_others(Some(1));
    assert!(tags.choose(4, 2, 3).is_current);
    assert!(!tags.choose(4, 1, 1).is_current);
}
