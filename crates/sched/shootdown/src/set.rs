//! Sets of CPUs: bit `n % 64` of word `n / 64` is CPU `n`.

/// The position of a CPU's bit in a set.
pub(crate) struct BitPosition {
    pub(crate) word: usize,
    /// The word with only that bit set.
    pub(crate) bit: u64,
}

impl BitPosition {
    #[inline]
    pub(crate) const fn of(cpu: usize) -> Self {
        Self { word: cpu / 64, bit: 1 << (cpu % 64) }
    }
}

/// Returns whether there is no CPU in `set`. A comparison of arrays would call `memcmp`, which
/// costs more than the shoot-down of a single CPU.
#[inline]
pub fn is_empty<const WORDS: usize>(set: &[u64; WORDS]) -> bool {
    set.iter().fold(0, |any, word| any | word) == 0
}

/// Returns `set` without the bits from `CPUS` on.
pub(crate) fn limited<const CPUS: usize, const WORDS: usize>(set: &[u64; WORDS]) -> [u64; WORDS] {
    core::array::from_fn(|word| match CPUS.saturating_sub(word * 64) {
        0 => 0,
        bits @ 1..64 => set[word] & ((1 << bits) - 1),
        64.. => set[word],
    })
}

/// Returns the CPUs in `set`, lowest first.
pub(crate) fn members<const WORDS: usize>(set: &[u64; WORDS]) -> impl Iterator<Item = usize> {
    set.iter().enumerate().flat_map(|(word, bits)| members_of_word(word, *bits))
}

/// Returns the CPUs whose bits are set in word `word`, lowest first.
#[inline]
pub(crate) fn members_of_word(word: usize, mut bits: u64) -> impl Iterator<Item = usize> {
    core::iter::from_fn(move || {
        let lowest = first(word, bits)?;
        bits &= bits - 1;
        Some(lowest)
    })
}

/// Returns the lowest CPU whose bit is set in word `word`.
#[inline]
pub(crate) fn first(word: usize, bits: u64) -> Option<usize> {
    (bits != 0).then(|| word * 64 + bits.trailing_zeros() as usize)
}
