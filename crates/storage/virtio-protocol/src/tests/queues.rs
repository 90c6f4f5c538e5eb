//! Queues, against a device that reads descriptors and answers in any order.

use std::vec::Vec;
use std::{assert_eq, vec};

use proptest::prelude::*;

use crate::queue::{Access, Buffer, ChainError, Layout, describe, indirect};
use crate::ring::{Rings, Used};

#[test]
fn parts_of_a_queue_do_not_overlap_and_are_aligned() {
    for entries in (0..16).map(|bits| 1_u16 << bits) {
        let layout = Layout::new(entries);
        let last = entries - 1;
        assert_eq!(layout.descriptor(last) + 16, layout.available());
        assert_eq!(layout.available_index(), layout.available() + 2);
        // After the last entry is the event of the used ring, which isn't in use.
        assert!(layout.available_entry(last) + 2 + 2 <= layout.used());
        assert!(layout.available().is_multiple_of(2) && layout.used().is_multiple_of(4));
        assert_eq!(layout.used_index(), layout.used() + 2);
        assert_eq!(layout.used_entry(last) + 8 + 2, layout.len_bytes());
    }
    assert!(Layout::new(128).len_bytes() <= 4096);
}

fn buffer(address: u64, len_bytes: u32, access: Access) -> Buffer {
    Buffer { address, len_bytes, access }
}

#[test]
fn chain_is_described_as_the_specification_says() {
    let mut table = Vec::new();
    let buffers = [
        buffer(0x1000, 16, Access::Read),
        buffer(0x2000, 4096, Access::Write),
        buffer(0x3_0000_0000, 1, Access::Write),
    ];
    let count = describe(buffers, 5, 3, |index, words| table.push((index, words)));
    assert_eq!(count, Ok(3));
    assert_eq!(
        table,
        [
            (5, [0x1000, 0x0006_0001_0000_0010]),
            (6, [0x2000, 0x0007_0003_0000_1000]),
            (7, [0x3_0000_0000, 0x0000_0002_0000_0001]),
        ]
    );
    assert_eq!(indirect(0x5000, 3), [0x5000, 0x0000_0004_0000_0030]);
    assert_eq!(describe(buffers, 5, 2, |_, _| ()), Err(ChainError::TooMany));
    assert_eq!(describe([], 0, 2, |_, _| ()), Err(ChainError::Empty));
    let empty = [buffer(0x1000, 0, Access::Read)];
    assert_eq!(describe(empty, 0, 2, |_, _| ()), Err(ChainError::Empty));
    let reversed = [buffers[1], buffers[0]];
    assert_eq!(describe(reversed, 0, 2, |_, _| ()), Err(ChainError::Order));
}

#[test]
fn count_that_the_device_cannot_have_reached_is_refused() {
    let mut rings = Rings::new(2);
    assert_eq!(rings.take(1), Used::Impossible);
    assert_eq!([rings.submit(), rings.submit(), rings.submit()], [Some(0), Some(1), None]);
    assert_eq!(rings.submitted(), 2);
    assert_eq!([rings.take(3), rings.take(0xFFFF)], [Used::Impossible; 2]);
    assert_eq!([rings.take(1), rings.take(1)], [Used::At(0), Used::None]);
    assert_eq!(rings.submit(), Some(0));
    assert_eq!(
        [rings.take(3), rings.take(3), rings.take(3)],
        [Used::At(1), Used::At(0), Used::None]
    );
}

proptest! {
    /// The counts pass their highest value.
    #[test]
    fn every_request_is_answered_once(
        bits in 0_u32..4,
        steps in prop::collection::vec((0_u8..3, any::<u8>()), 1..400),
        laps in 0_u16..2,
    ) {
        let entries = 1_u16 << bits;
        let mut rings = Rings::new(entries);
        let mut done = 0_u16;
        if laps == 1 {
            for count in 1..=0xFFF0_u16 {
                rings.submit();
                rings.take(count);
            }
            done = 0xFFF0;
        }
        let mut available = vec![0_u32; usize::from(entries)];
        let mut used = vec![0_u32; usize::from(entries)];
        // The device's positions.
        let (mut read, mut written) = (done, done);
        let mut held = Vec::new();
        let mut next = 0;
        let mut waiting = std::collections::BTreeSet::new();
        for (step, which) in steps {
            match step {
                0 => match rings.submit() {
                    Some(at) => {
                        available[usize::from(at)] = next;
                        waiting.insert(next);
                        next += 1;
                    }
                    None => prop_assert_eq!(waiting.len(), usize::from(entries)),
                },
                1 => {
                    if read != rings.submitted() {
                        held.push(available[usize::from(read % entries)]);
                        read = read.wrapping_add(1);
                    }
                    if !held.is_empty() {
                        let request = held.remove(usize::from(which) % held.len());
                        used[usize::from(written % entries)] = request;
                        written = written.wrapping_add(1);
                    }
                }
                _ => match rings.take(written) {
                    Used::At(at) => {
                        prop_assert_ne!(done, written);
                        done = done.wrapping_add(1);
                        prop_assert!(waiting.remove(&used[usize::from(at)]));
                    }
                    Used::None => prop_assert_eq!(done, written),
                    Used::Impossible => prop_assert!(false),
                },
            }
        }
    }
}
