//! Pointers to data, against a controller that follows them.

use std::vec::Vec;

use proptest::prelude::*;

use crate::prp::{DataPointer, PAGE_BYTES, Part, PartsError};

const LIST: u64 = 0xABC_0000;

/// Returns the parts of memory that a controller accesses for `len_bytes` bytes.
fn follow(data: DataPointer, list: &[u64], len_bytes: u64) -> Vec<Part> {
    let first = (PAGE_BYTES - data.first % PAGE_BYTES).min(len_bytes);
    let mut parts = Vec::from([Part { address: data.first, len_bytes: first }]);
    let mut left = len_bytes - first;
    let mut pointers = match data.second {
        LIST if left > PAGE_BYTES => Vec::from(list),
        second => Vec::from([second]),
    }
    .into_iter();
    while left > 0 {
        let address = pointers.next().expect("there are enough pointers");
        assert!(address.is_multiple_of(PAGE_BYTES));
        let now = left.min(PAGE_BYTES);
        parts.push(Part { address, len_bytes: now });
        left -= now;
    }
    parts
}

fn bytes(parts: &[Part]) -> Vec<(u64, u64)> {
    // Parts of adjacent memory are joined.
    let mut joined: Vec<(u64, u64)> = Vec::new();
    for part in parts.iter().filter(|part| part.len_bytes > 0) {
        match joined.last_mut() {
            Some((start, len)) if *start + *len == part.address => *len += part.len_bytes,
            _ => joined.push((part.address, part.len_bytes)),
        }
    }
    joined
}

#[test]
fn parts_that_no_pointers_can_describe_are_refused() {
    let mut list = [0; 4];
    let mut of = |parts: &[Part]| DataPointer::of_parts(parts.iter().copied(), LIST, &mut list);
    let part = |address, len_bytes| Part { address, len_bytes };
    assert_eq!(of(&[]), Err(PartsError::Empty));
    assert_eq!(of(&[part(0x1000, 0)]), Err(PartsError::Empty));
    assert_eq!(of(&[part(0x1002, 512)]), Err(PartsError::NotAligned));
    assert_eq!(of(&[part(0x1000, 512), part(0x3000, 512)]), Err(PartsError::NotAligned));
    assert_eq!(of(&[part(0x1000, 0x1000), part(0x3200, 512)]), Err(PartsError::NotAligned));
    assert_eq!(of(&[part(0x1000, 0x6000)]), Err(PartsError::TooMany));
    assert_eq!(of(&[part(u64::MAX - 3, 0x1000)]), Err(PartsError::NotAligned));
    let two = DataPointer { first: 0x1E00, second: 0x7000 };
    assert_eq!(of(&[part(0x1E00, 0x200), part(0x7000, 0x200)]), Ok(two));
}

proptest! {
    #[test]
    fn controller_accesses_the_parts(
        first_offset in 0_u64..1024,
        pages in prop::collection::vec((1_u64..1000, 1_u64..4), 1..6),
        last_len in 1_u64..1024,
    ) {
        let mut parts: Vec<_> = pages
            .iter()
            .map(|(page, count)| Part { address: page * PAGE_BYTES, len_bytes: count * PAGE_BYTES })
            .collect();
        parts[0].address += first_offset * 4;
        parts[0].len_bytes -= first_offset * 4;
        parts.push(Part { address: 5000 * PAGE_BYTES, len_bytes: last_len * 4 });
        let mut list = [0; 32];
        let data = DataPointer::of_parts(parts.iter().copied(), LIST, &mut list).unwrap();
        let len_bytes = parts.iter().map(|part| part.len_bytes).sum();
        prop_assert_eq!(bytes(&follow(data, &list, len_bytes)), bytes(&parts));
    }
}
