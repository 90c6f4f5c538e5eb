//! Random numbers that nobody can predict.
//!
//! A ChaCha20 generator whose key comes from the CPU's random numbers and from the time stamp
//! counter. After each request it has another key, so what it has produced can't be computed from
//! what it has in memory.

#![forbid(unsafe_code)]

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::arch::cpu::hardware_random;
use crate::arch::time::clock;
use crate::sync::{Rank, SpinMutex};

type Key = [u8; 32];

/// How many times the counter is read if the CPU has no random numbers.
const COUNTER_READS: usize = 1024;

/// Protects the key; held for one block; not taken by interrupt handlers.
static KEY: SpinMutex<Option<Key>> = SpinMutex::new(Rank::Random, None);

/// Makes the first key.
fn first_key() -> Key {
    let mut key = Key::default();
    for word in key.chunks_exact_mut(8) {
        let number = hardware_random::number().unwrap_or_else(counter_number);
        word.copy_from_slice(&(number ^ clock::read_tsc().rotate_left(32)).to_le_bytes());
    }
    key
}

/// Returns a number of what varies in the time between reads of the counter: the best there is on
/// a CPU without random numbers, and no secret on an emulated one.
fn counter_number() -> u64 {
    (0..COUNTER_READS).fold(0, |number: u64, _| {
        (number.rotate_left(7) ^ clock::read_tsc()).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    })
}

/// Fills `bytes` with random ones. Interrupt handlers don't call it.
pub fn fill(bytes: &mut [u8]) {
    let mut own_key = Key::default();
    {
        let mut key = KEY.lock();
        let mut generator = ChaCha20Rng::from_seed(key.take().unwrap_or_else(first_key));
        let mut next_key = Key::default();
        generator.fill_bytes(&mut next_key);
        generator.fill_bytes(&mut own_key);
        *key = Some(next_key);
    }
    ChaCha20Rng::from_seed(own_key).fill_bytes(bytes);
}

/// Returns a random number. Interrupt handlers don't call it.
pub fn number() -> u64 {
    let mut bytes = [0; 8];
    fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

/// Makes the generator's next key depend on `bytes`, too, which may be anything.
pub fn mix(bytes: &[u8]) {
    let mut key = KEY.lock();
    let mut mixed = key.take().unwrap_or_else(first_key);
    for chunk in bytes.chunks(mixed.len()) {
        for (byte, other) in mixed.iter_mut().zip(chunk) {
            *byte ^= other;
        }
        ChaCha20Rng::from_seed(mixed).fill_bytes(&mut mixed);
    }
    *key = Some(mixed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn numbers_differ_and_their_bits_are_balanced() {
        let mut bytes = [0; 4096];
        fill(&mut bytes);
        let ones: u32 = bytes.iter().map(|byte| byte.count_ones()).sum();
        // 16,384 are expected; 10 standard deviations are 905.
        assert!((15_479..17_289).contains(&ones), "{ones}");
        let first = number();
        mix(b"something");
        assert_ne!(first, number());
    }
}
