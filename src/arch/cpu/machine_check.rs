//! Machine check registers, which report errors of the hardware.
//!
//! Source: Intel SDM volume 3B, "Machine-Check Architecture".

use x86_64::registers::model_specific::Msr;

/// The largest number of banks that is read: more than CPUs have.
const BANKS_MAX: u64 = 32;

/// MCG_CAP. Its lowest byte is the number of banks.
const MCG_CAP: u32 = 0x179;
/// MCG_STATUS. While its bit 2, "machine check in progress", is set, the next machine check shuts
/// the CPU down.
const MCG_STATUS: u32 = 0x17A;
/// The bit of a bank's status that is set if the bank reports an error.
const VALID: u64 = 1 << 63;

/// Returns MCG_STATUS, if this CPU has machine check registers.
pub fn status() -> Option<u64> {
    is_present().then(|| read(MCG_STATUS))
}

/// Returns the number and the status of each bank that reports an error.
pub fn errors() -> impl Iterator<Item = (u32, u64)> {
    let banks = if is_present() { read(MCG_CAP) & 0xFF } else { 0 };
    let banks = 0..banks.min(BANKS_MAX) as u32;
    banks.map(|bank| (bank, read(bank_status(bank)))).filter(|(_, status)| status & VALID != 0)
}

/// Clears the reported errors. As long as they are reported, another machine check resets the
/// machine.
///
/// Source: Intel SDM volume 3B, "Machine-Check Handler".
pub fn clear() {
    if !is_present() {
        return;
    }
    for (bank, _) in errors() {
        // SAFETY: the register exists, and writing 0 clears it.
        unsafe { Msr::new(bank_status(bank)).write(0) };
    }
    // SAFETY: as above.
    unsafe { Msr::new(MCG_STATUS).write(0) };
}

/// Returns the number of a bank's status register.
fn bank_status(bank: u32) -> u32 {
    0x401 + 4 * bank
}

fn is_present() -> bool {
    let features = raw_cpuid::CpuId::new().get_feature_info();
    features.is_some_and(|features| features.has_mca())
}

/// Reads a machine check register. The caller has checked that they exist.
fn read(number: u32) -> u64 {
    // SAFETY: reading a machine check register changes nothing; it exists by CPUID's MCA
    // bit and MCG_CAP's bank count.
    unsafe { Msr::new(number).read() }
}
