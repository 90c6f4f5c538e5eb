use super::*;
use x86_64::registers::model_specific::GsBase;

/// The behaviour of a missing register is tested on Bochs
/// (`tests/machine/processor.py`).
#[test_case]
fn model_specific_registers_are_read_whole() {
    const GS_BASE: u32 = 0xC000_0101;
    assert_eq!(read_msr(GS_BASE), Ok(GsBase::read().as_u64()));
}

#[test_case]
fn what_is_there_is_read_and_written() {
    let mut word = 0x1122_3344_5566_7788_u64;
    let address = VirtAddr::from_ptr(&raw mut word);
    assert_eq!(read_u64(address), Ok(word));
    assert_eq!(read_u8(address + 1), Ok(0x77));
    // SAFETY: it is a local variable, which nothing else accesses.
    assert_eq!(unsafe { write_u8(address + 7, 0xAB) }, Ok(()));
    // Read by assembly, because the compiler doesn't know that the byte was written.
    assert_eq!(read_u64(address), Ok(0xAB22_3344_5566_7788));
}

#[test_case]
fn missing_memory_is_an_error() {
    for address in [0, 0x7FFF_FFFF_F000, 0xFFFF_BFFF_FFFF_F000] {
        let address = VirtAddr::new(address);
        assert_eq!(read_u8(address), Err(Faulted));
        assert_eq!(read_u64(address), Err(Faulted));
        // SAFETY: nothing is mapped there.
        assert_eq!(unsafe { write_u8(address, 1) }, Err(Faulted));
    }
}

#[test_case]
fn what_is_read_only_stays() {
    static CONSTANT: [u8; 4] = *b"text";
    let address = VirtAddr::from_ptr(&CONSTANT);
    // SAFETY: the page can't be written, which the test checks.
    assert_eq!(unsafe { write_u8(address, 1) }, Err(Faulted));
    assert_eq!(read_u8(address), Ok(b't'));
}
