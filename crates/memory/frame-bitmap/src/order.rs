//! Blocks within a word: 2 to the power of an order bits that begin at a multiple of their
//! number.

/// How many orders have blocks smaller than a word: 1, 2, 4, 8, 16 and 32 bits.
pub(crate) const WORD_ORDERS: usize = 6;

/// The places at which blocks of each order begin.
const STARTS: [u64; WORD_ORDERS] = [
    0xFFFF_FFFF_FFFF_FFFF,
    0x5555_5555_5555_5555,
    0x1111_1111_1111_1111,
    0x0101_0101_0101_0101,
    0x0001_0001_0001_0001,
    0x0000_0001_0000_0001,
];

/// Returns a bit for each block of the order `order` whose bits are all set: its first.
#[inline]
pub(crate) fn block_starts(word: u64, order: usize) -> u64 {
    let mut starts = word;
    for (half_log2, begins) in STARTS.iter().skip(1).take(order).enumerate() {
        starts = starts & starts >> (1 << half_log2) & begins;
    }
    starts
}

/// Returns how many orders below [`WORD_ORDERS`] have a block in `word` whose bits are all
/// set: these are the lowest, since each block consists of two smaller ones.
#[inline]
pub(crate) fn orders_in(word: u64) -> usize {
    let mut starts = word;
    for order in 0..WORD_ORDERS {
        if starts == 0 {
            return order;
        }
        if order + 1 < WORD_ORDERS {
            starts = starts & starts >> (1 << order) & STARTS[order + 1];
        }
    }
    WORD_ORDERS
}

/// Returns the largest order below [`WORD_ORDERS`] that has a block in `word` whose bits are
/// all set, if it has only one block and `bit` is in that; `bit` is set, and another isn't.
#[inline]
pub(crate) fn only_block_with(word: u64, bit: usize) -> Option<usize> {
    let mut starts = word;
    let mut order = 0;
    // Most words have only small blocks, or a second one of the largest order.
    while order + 1 < WORD_ORDERS {
        let next = starts & starts >> (1 << order) & STARTS[order + 1];
        if next == 0 {
            break;
        }
        starts = next;
        order += 1;
    }
    (starts == 1 << (bit >> order << order)).then_some(order)
}
