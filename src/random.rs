//! Unpredictable random numbers.
//!
//! They come from a ChaCha20 generator whose key is made of the CPU's random numbers and the time
//! stamp counter. The generator computes a few numbers and its next key at a time, and erases the
//! numbers that it has returned. So its earlier output can't be computed from its state in memory.

#![forbid(unsafe_code)]

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::arch::cpu::hardware_random;
use crate::arch::time::clock;
use crate::sync::{Rank, SpinMutex};

type Key = [u8; 32];

/// The number of reads of the counter if the CPU has no random numbers.
const COUNTER_READS: usize = 1024;

/// The number of bytes that are computed at a time, in addition to the next key: rand_chacha
/// computes four blocks of 64 bytes at once.
const READY_BYTES: usize = 4 * 64 - size_of::<Key>();

/// The longest request that is served from computed bytes, in bytes; for a longer one, a separate
/// key is made.
const SHORT_BYTES: usize = 64;

struct Generator {
    key: Key,
    /// Random bytes. Those from `left` on were returned, and are 0.
    ready: [u8; READY_BYTES],
    left: usize,
}

impl Generator {
    fn new() -> Self {
        Self { key: first_key(), ready: [0; READY_BYTES], left: 0 }
    }

    /// Fills `bytes`, at most [`READY_BYTES`].
    fn take(&mut self, bytes: &mut [u8]) {
        if self.left < bytes.len() {
            let mut generator = ChaCha20Rng::from_seed(self.key);
            generator.fill_bytes(&mut self.key);
            generator.fill_bytes(&mut self.ready);
            self.left = READY_BYTES;
        }
        let taken = self.left - bytes.len()..self.left;
        self.left = taken.start;
        bytes.copy_from_slice(&self.ready[taken.clone()]);
        self.ready[taken].fill(0);
    }
}

/// Protects the generator; held while it makes four blocks; not taken by interrupt handlers.
static GENERATOR: SpinMutex<Option<Generator>> = SpinMutex::new(Rank::Random, None);

/// Makes the first key.
fn first_key() -> Key {
    let mut key = Key::default();
    for word in key.chunks_exact_mut(8) {
        let number = hardware_random::number().unwrap_or_else(counter_number);
        word.copy_from_slice(&(number ^ clock::read_tsc().rotate_left(32)).to_le_bytes());
    }
    key
}

/// Returns a number that depends on variations of the time between reads of the counter. This is
/// the best source on a CPU without random numbers; on an emulated CPU it may be predictable.
fn counter_number() -> u64 {
    (0..COUNTER_READS).fold(0, |number: u64, _| {
        (number.rotate_left(7) ^ clock::read_tsc()).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    })
}

/// Fills `bytes` with random bytes. Interrupt handlers don't call it.
pub fn fill(bytes: &mut [u8]) {
    let take = |bytes: &mut [u8]| GENERATOR.lock().get_or_insert_with(Generator::new).take(bytes);
    if bytes.len() <= SHORT_BYTES {
        return take(bytes);
    }
    let mut own_key = Key::default();
    take(&mut own_key);
    ChaCha20Rng::from_seed(own_key).fill_bytes(bytes);
}

/// Returns a random number. Interrupt handlers don't call it.
pub fn number() -> u64 {
    let mut bytes = [0; 8];
    fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

/// Makes all further numbers also depend on `bytes`, which may have any values.
pub fn mix(bytes: &[u8]) {
    let mut generator = GENERATOR.lock();
    let generator = generator.get_or_insert_with(Generator::new);
    let mut mixed = generator.key;
    for chunk in bytes.chunks(mixed.len()) {
        for (byte, other) in mixed.iter_mut().zip(chunk) {
            *byte ^= other;
        }
        ChaCha20Rng::from_seed(mixed).fill_bytes(&mut mixed);
    }
    *generator = Generator { key: mixed, ready: [0; READY_BYTES], left: 0 };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn numbers_differ_and_their_bits_are_balanced() {
        let mut bytes = [0; 4096];
        fill(&mut bytes);
        let ones: u32 = bytes.iter().map(|byte| byte.count_ones()).sum();
        // The expected number is 16,384; 10 standard deviations are 905.
        assert!((15_479..17_289).contains(&ones), "{ones}");
        let first = number();
        mix(b"something");
        assert_ne!(first, number());
    }

    #[test_case]
    fn what_was_given_out_is_erased() {
        let mut generator = Generator::new();
        let mut bytes = [0; SHORT_BYTES];
        for _ in 0..10 {
            generator.take(&mut bytes);
            assert!(bytes.iter().any(|byte| *byte != 0));
            assert!(generator.ready[generator.left..].iter().all(|byte| *byte == 0));
        }
        let key = generator.key;
        generator.left = 0;
        generator.take(&mut bytes);
        assert_ne!(generator.key, key);
    }
}
