//! The CPU's own random numbers.
//!
//! Source: Intel SDM volume 1, "Random Number Generator Instructions".

use core::arch::asm;

use raw_cpuid::CpuId;

/// The number of tries. RDRAND fails this often only if the hardware is broken; RDSEED may run dry.
const TRIES: u32 = 10;

/// Returns a random number of RDSEED, or of RDRAND if RDSEED has none; `None` if the CPU has
/// neither, or they fail.
pub fn number() -> Option<u64> {
    let cpuid = CpuId::new();
    let has_seed = cpuid.get_extended_feature_info().is_some_and(|features| features.has_rdseed());
    let has_rand = cpuid.get_feature_info().is_some_and(|features| features.has_rdrand());
    let seed = || (0..TRIES).find_map(|_| rdseed());
    let rand = || (0..TRIES).find_map(|_| rdrand());
    has_seed.then(seed).flatten().or_else(|| has_rand.then(rand).flatten())
}

/// Defines a function for an instruction that sets the carry flag if it returns a valid number.
macro_rules! random_instruction {
    ($name:ident, $instruction:literal) => {
        fn $name() -> Option<u64> {
            let (number, is_valid): (u64, u8);
            // SAFETY: the CPU has the instruction; it changes nothing in memory.
            unsafe {
                asm!(
                    concat!($instruction, " {number}"),
                    "setc {is_valid}",
                    number = out(reg) number,
                    is_valid = out(reg_byte) is_valid,
                    options(nomem, nostack),
                );
            }
            (is_valid == 1).then_some(number)
        }
    };
}

random_instruction!(rdseed, "rdseed");
random_instruction!(rdrand, "rdrand");
