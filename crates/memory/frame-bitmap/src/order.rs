//! Blocks within a word. A block of an order has 2 to the power of the order bits, and
//! begins at a multiple of that.

/// The number of orders with blocks smaller than a word: 1, 2, 4, 8, 16 and 32 bits.
pub(crate) const WORD_ORDERS: usize = 6;

/// A mask for each order: the bits at which its blocks begin.
const STARTS: [u64; WORD_ORDERS] = [
    0xFFFF_FFFF_FFFF_FFFF,
    0x5555_5555_5555_5555,
    0x1111_1111_1111_1111,
    0x0101_0101_0101_0101,
    0x0001_0001_0001_0001,
    0x0000_0001_0000_0001,
];

/// Returns the first bit of each block of the order `order` whose bits are all set.
#[inline]
pub(crate) fn block_starts(word: u64, order: usize) -> u64 {
    let mut starts = word;
    for (half_log2, begins) in STARTS.iter().skip(1).take(order).enumerate() {
        starts = starts & starts >> (1 << half_log2) & begins;
    }
    starts
}

/// Returns the number of orders below [`WORD_ORDERS`] that have a block in `word` whose
/// bits are all set. These are the lowest orders, because each block consists of two
/// smaller ones.
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

/// Returns the largest order below [`WORD_ORDERS`] that has a block in `word` whose bits
/// are all set, if there is only one such block and `bit` is in it. `bit` is set, and at
/// least one other bit is clear.
#[inline]
pub(crate) fn only_block_with(word: u64, bit: usize) -> Option<usize> {
    let mut starts = word;
    let mut order = 0;
    // Most words have only small blocks, or two of the largest order.
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
